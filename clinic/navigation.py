"""What stands in the header of every page: only the pages that the person may open."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from clinic.access import Act, clinics_for, may, nurse_of
from clinic.demo import demo_logins
from clinic.models import Clinic

SESSION_CLINIC = "clinic"
"""Session key: the slug of the clinic last looked at, so that every page opens there."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One link of the main navigation."""

    label: str
    url: str
    is_here: bool


@dataclass(frozen=True, slots=True)
class _Page:
    label: str
    name: str
    """Name of the page's address."""
    act: Act
    of_clinic: bool
    """Whether the address names a clinic."""
    family: tuple[str, ...] = ()
    """Names of the addresses that belong under this link."""
    unless: Act | None = None
    """For those who may not do this: the others come here by another link."""


_PAGES = (
    _Page(
        "Board",
        "board_today",
        Act.SEE_BOARD,
        True,
        ("board", "appointment", "appointment_move", "appointment_shift", "move_here", "month"),
    ),
    _Page("Roster", "roster_today", Act.SEE_ROSTER, True, ("roster", "balance")),
    _Page(
        "Patients",
        "patient_search",
        Act.SEE_PATIENTS,
        False,
        (
            "patient",
            "patient_new",
            "patient_edit",
            "patient_history",
            "patient_looked",
            "patient_contacts",
            "patient_authorizations",
            "authorization_correct",
            "plan_clearances",
            "emergency",
            "emergencies",
            "plan_new",
            "plan_edit",
            "dose_given_new",
            "patient_import",
            "patient_import_draft",
            "book",
            "book_series",
            "book_here",
        ),
    ),
    _Page(
        "Staffing",
        "staffing_today",
        Act.SEE_STAFFING,
        True,
        (
            "staffing",
            "replan",
            "patterns",
            "pattern",
            "pattern_add",
            "pattern_end",
            "places",
            "hours_change",
            "chair",
            "chair_add",
            "chair_remove",
            "chair_return",
            "chair_out",
            "clinic_close",
            "holidays",
            "holiday",
            "lunches",
            "week_copy",
            "week_fill",
            "shift",
            "shift_add",
            "shift_lend",
            "shift_off",
            "shift_remove",
            "absence_end",
            "closure_end",
            "outage_end",
        ),
    ),
    _Page(
        "Worklists",
        "worklists",
        Act.SEE_WORKLISTS,
        False,
        ("waitlist", "waitlist_entry", "waitlist_add", "waitlist_earlier"),
    ),
    _Page("Reports", "reports", Act.SEE_REPORTS, False),
    _Page(
        "Messages",
        "outbox",
        Act.SEE_OUTBOX,
        False,
        ("outbox_message", "outbox_operations", "outbox_wordings", "outbox_wording", "appointment_messages"),
    ),
    _Page("Wording", "outbox_wordings", Act.EDIT_WORDING, False, ("outbox_wording",), unless=Act.SEE_OUTBOX),
    _Page("Staff", "staff", Act.MANAGE_STAFF, False, ("staff_invite", "staff_member", "staff_link")),
)


def home_clinic(request: HttpRequest, *, act: Act = Act.SEE_BOARD) -> Clinic | None:
    """The clinic to show first: the one last looked at, else a nurse's own, else the first where one may do `act`."""
    clinics = clinics_for(user=request.user, act=act)
    last = request.session.get(SESSION_CLINIC)
    nurse = nurse_of(request.user)
    return (
        next((clinic for clinic in clinics if clinic.slug == last), None)
        or next((clinic for clinic in clinics if nurse and clinic.pk == nurse.home_clinic_id), None)
        or next(iter(clinics), None)
    )


def remember_clinic(request: HttpRequest, *, clinic: Clinic) -> None:
    """Let the next page open at this clinic. Writes the session only when the clinic changes."""
    if request.session.get(SESSION_CLINIC) != clinic.slug:
        request.session[SESSION_CLINIC] = clinic.slug


def header(request: HttpRequest) -> dict[str, Any]:
    """Context processor: the main navigation, where the search box leads, and the log-ins of the demonstration."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"demo_logins": demo_logins}
    here = request.resolver_match.url_name if request.resolver_match else None
    return {
        "nav_entries": [entry for page in _PAGES if (entry := _entry(request, page, here))],
        "nav_search_url": _address("patient_search") if may(user=user, act=Act.SEE_PATIENTS) else None,
    }


def _entry(request: HttpRequest, page: _Page, here: str | None) -> Entry | None:
    if not may(user=request.user, act=page.act) or (page.unless and may(user=request.user, act=page.unless)):
        return None
    clinic = home_clinic(request, act=page.act) if page.of_clinic else None
    url = _address(page.name, *([clinic.slug] if clinic else []))
    return Entry(label=page.label, url=url, is_here=here in (page.name, *page.family)) if url else None


def _address(name: str, *args: str) -> str | None:
    """Where a page is, or nothing when its room is not part of this installation."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return None
