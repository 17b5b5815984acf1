"""What the trail calls a page, by the name of its address; and which pages are lists of patients."""

LISTS = {
    "board",
    "roster",
    "replan",
    "patient_search",
    "book_here",
    "who_fits_here",
    "waitlist",
    "worklists",
    "outbox",
    "patient_import_draft",
}
"""Pages that name patients beside each other. Opening one is one line in the trail."""

PARTS = {"appointment_messages", "who_fits"}
"""Parts that a page loads by itself: the page is in the trail already."""


def words(name: str) -> str:
    """A page in words: `appointment_cancel` is "appointment cancel"."""
    return name.replace("_", " ")
