"""What the trail calls pages and people; and which pages are lists of patients."""

from typing import Any

LISTS = {
    "board",
    "roster",
    "replan",
    "patient_search",
    "book_here",
    "who_fits",
    "who_fits_here",
    "waitlist",
    "worklists",
    "outbox",
    "patient_import_draft",
    "emergencies",
}
"""Pages that name patients beside each other. Opening one is one line in the trail."""

REFRESHING = {"board", "replan", "roster", "worklists"}
"""Lists that fetch themselves anew while they are open: only the opening is written down."""

PARTS = {"appointment_messages"}
"""Parts that a page about one patient loads by itself: the page is in the trail already."""

WITHOUT_ACCOUNT = {"visit_page": "The patient, on their own page", "hook": "A report from outside"}
"""Who acts where nobody signs in, by how the page's name begins."""


def page_words(origin: dict[str, Any] | None) -> str:
    """The page in words: `appointment_cancel` is "Appointment cancel"."""
    return (origin or {}).get("page", "").replace("_", " ").capitalize()


def who_words(origin: dict[str, Any] | None, *, role: str) -> str:
    """Who did it: a person, a job of the program, a patient; or whoever typed SQL as a database role."""
    facts = origin or {}
    if said := facts.get("name") or facts.get("task"):
        return str(said)
    page = facts.get("page", "")
    outside = next((who for begins, who in WITHOUT_ACCOUNT.items() if page.startswith(begins)), "")
    return outside or ("Nobody signed in" if facts else f"The program or SQL, as database role {role}")
