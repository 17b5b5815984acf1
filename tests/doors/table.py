"""The table: for every address who may come in, by which methods, and what somebody of another clinic gets.

Written by hand, from what each role is for, and not read from `clinic.access`: two tables must agree. Whoever adds an
address adds a row here; `test_every_address_has_a_row` says so.
"""

from dataclasses import dataclass, field
from typing import Any

from clinic.models import Role

LETTERS = {
    "D": Role.FRONT_DESK,
    "N": Role.NURSE,
    "C": Role.CHARGE_NURSE,
    "M": Role.MANAGER,
    "A": Role.ADMINISTRATOR,
}

SEES_PATIENTS = "DNCM"
"""Roles that see the patients of their clinics."""


@dataclass(frozen=True, slots=True)
class Row:
    """One address.

    Who may come in, by letter; `methods` it answers to. `shows` says that a GET names the patient of Madison to whoever
    may come in there: so it could leak. `elsewhere`: whether the same role at another clinic comes in too, to a page
    that must then show only its own. `post` is sent along. `signed_in`: everybody with an account. `open`: everybody.
    """

    who: str = ""
    methods: str = "G"
    shows: bool = False
    elsewhere: bool = False
    signed_in: bool = False
    open: bool = False
    posts: str = ""
    """Who may POST, where not all may that may look."""
    missing: bool = False
    """Those who come in find that there is no such thing of theirs: 404."""
    both: bool = False
    """Only for whoever works in Madison and at another clinic too."""
    post: dict[str, Any] = field(default_factory=dict)


def page(who: str, methods: str = "G", **post: Any) -> Row:
    """A page about something of Madison, which names a patient there."""
    return Row(who, methods, shows=True, post=post)


def here(who: str, methods: str = "G", **post: Any) -> Row:
    """A page, or something to do, of Madison."""
    return Row(who, methods, post=post)


def each(who: str, methods: str = "G", *, shows: bool = False, **post: Any) -> Row:
    """A page of no clinic in particular, on which everybody finds their own."""
    return Row(who, methods, shows=shows, elsewhere=True, post=post)


def own(methods: str = "GP", *, missing: bool = False, **post: Any) -> Row:
    """A page of one's own account."""
    return Row(methods=methods, signed_in=True, missing=missing, post=post)


def anybody(methods: str = "G") -> Row:
    """Open without signing in."""
    return Row(methods=methods, open=True)


ADMIN = Row(methods="GP")
"""Django's admin: for superusers alone. One row for all of its addresses."""

TABLE: dict[str, Row] = {
    # clinic
    "healthz": anybody("GP"),
    "readyz": anybody("GP"),
    "metrics": anybody("G"),
    "login": anybody("GP"),
    "account_login": anybody("GP"),
    "logout": anybody("P"),
    "account_logout": anybody("P"),
    "mfa_authenticate": anybody("GP"),
    "mfa_login_webauthn": anybody("GP"),
    "account_inactive": anybody("GP"),
    "welcome": anybody("GP"),
    "account": own(),
    "mfa_index": own(),
    "mfa_list_webauthn": own(),
    "password": own(),
    "pin": own(),
    "end_session": own("P"),
    "idle": own(),
    "lock": own("P"),
    "unlock": own("P", unlock="chairside-demo"),
    "account_reauthenticate": own(),
    "mfa_reauthenticate": own(),
    "mfa_reauthenticate_webauthn": own(),
    "second_step": own(),
    "mfa_activate_totp": own(),
    "mfa_deactivate_totp": own(missing=True),
    "mfa_add_webauthn": own(),
    "mfa_remove_webauthn": own(missing=True),
    "mfa_view_recovery_codes": own(missing=True),
    "mfa_generate_recovery_codes": own(),
    "staff": each("MA", "GP"),
    "staff_invite": each("MA", "GP"),
    "staff_member": here("MA", "GP"),
    "staff_link": here("MA", "P"),
    "staff_remove": here("MA", "P", reason="left"),
    "staff_back": here("MA", "P"),
    "staff_reset_second_step": here("MA", "P", reason="lost the phone"),
    # scheduling
    "home": own("G"),
    "board_today": here("DNCM"),
    "board": page("DNCM"),
    "roster_today": here("DNCM"),
    "roster": page("DNCM", "GP", appointment="{appointment_id}", status="arrived"),
    "balance_today": here("CM"),
    "balance": here("CM", "GP"),
    "balance_undo": here("CM", "P"),
    "month_today": each("DNCM"),
    "month": each("DNCM"),
    "replan_today": here("CM"),
    "replan": here("CM", "GP"),
    "staffing_today": here("DNCM"),
    "staffing": here("DNCM"),
    "shift_add": here("CM", "GP"),
    "clinic_close": here("CM", "GP"),
    "chair_out": here("CM", "GP"),
    "week_copy": here("CM", "GP"),
    "week_fill": here("CM", "GP"),
    "lunches": here("CM", "GP"),
    "patterns": here("DNCM"),
    "pattern_add": here("CM", "GP"),
    "pattern": here("CM", "GP"),
    "pattern_end": here("CM", "GP"),
    "places": here("DNCM"),
    "hours_change": here("CM", "GP"),
    "chair_add": here("CM", "GP"),
    "chair": here("CM", "GP"),
    "chair_remove": here("CM", "GP"),
    "chair_return": here("CM", "GP"),
    "holidays": each("CM"),
    "holiday": each("CM", "GP", clinic="{clinic}", decision="close"),
    "shift": here("CM", "GP"),
    "shift_lend": Row("CM", "GP", both=True),
    "shift_off": here("CM", "GP", reason="Sick"),
    "shift_remove": here("CM", "GP"),
    "absence_end": here("CM", "GP"),
    "closure_end": here("CM", "GP"),
    "outage_end": here("CM", "GP"),
    "patient": page("DNCM"),
    "emergency": each("DNCM", "GP", known_as="{mrn}", birth_date="{born}", reason="short"),
    "emergency_close": Row("DNCM", "P", elsewhere=True, missing=True),
    "emergencies": each("M", shows=True),
    "emergency_reviewed": here("M", "P"),
    "patient_history": page("M"),
    "patient_looked": page("M"),
    "book": page("DCM", "GP"),
    "book_series": page("DCM", "GP"),
    "book_another_time": page("M", "GP"),
    "book_here": here("DCM", "GP", q="{born}"),
    "appointment": page("DNCM"),
    "appointment_status": here("DNCM", "P", status="arrived"),
    "appointment_clear": here("DNCM", "P", code="hcg"),
    "appointment_reaction": here("DNCM", "P"),
    "appointment_confirm": here("DCM", "P"),
    "appointment_move": page("DCM", "GP"),
    "move_here": page("DCM", "GP"),
    "appointment_shift": page("DCM", "GP"),
    "appointment_chair": here("DCM", "P", chair="{other_chair_id}"),
    "appointment_cancel": here("DCM", "P", reason="patient"),
    "appointment_extend": here("DCM", "P", minutes="15"),
    "waitlist_earlier": page("DCM", "GP"),
    "who_fits_here": here("DCM"),
    "who_fits": here("DCM"),
    "undo": each("DCM", "P", token="nothing"),
    "waitlist": each("DCM", shows=True),
    "waitlist_add": page("DCM", "GP"),
    "waitlist_entry": page("DCM", "GP"),
    "waitlist_close": here("DCM", "P"),
    "offer_answer": here("DCM", "P", answer="no"),
    "reports": each("M"),
    "report_csv": each("M"),
    "worklists": each("DCM", shows=True),
    "worklist_row": each("DCM", "P", act="claim"),
    # patients
    "patient_search": each("DNCM", "GP", q="{born}"),
    "patient_new": each("DM", "GP"),
    "patient_edit": page("DM", "GP"),
    "patient_contacts": page("DNCM"),
    "contact_change": here("DM", "P", change="withdrawn"),
    "plan_new": page("DM", "GP"),
    "plan_edit": page("DM", "GP"),
    "dose_given_new": page("DM", "GP"),
    "dose_given_remove": here("DM", "P"),
    "plan_clearances": page("DNCM", "GP"),
    "clearance_withdraw": here("DNCM", "P"),
    "patient_authorizations": Row("DNCM", "GP", posts="DM", shows=True),
    "authorization_correct": page("DM", "GP"),
    "authorization_withdraw": here("DM", "P"),
    "patient_import": each("M", "GP"),
    "patient_import_template": each("M"),
    # The file of one manager. To all others it is as if the file had never been.
    "patient_import_draft": each("M", "GP", shows=True),
    "patient_import_errors": each("M"),
    # reminders
    "outbox": each("DM", shows=True),
    "outbox_operations": each("DM"),
    "outbox_wordings": each("MA"),
    "outbox_wording": each("MA", "GP"),
    "outbox_ahead": each("DM", "P", days="1"),
    "reply_handled": here("DM", "P"),
    "outbox_message": page("DM"),
    "outbox_letter": here("DM"),
    "outbox_again": here("DM", "P"),
    "outbox_handled": here("DM", "P"),
    "outbox_answer": here("DM", "P", words="C"),
    "appointment_messages": here("DNCM"),
    "would_tell": here("DCM"),
    "patient_page_link": here("DCM", "P", change="revoke"),
    "hook_sms": anybody("P"),
    "hook_sms_status": anybody("P"),
    "hook_email": anybody("P"),
    "visit_page": anybody("G"),
    "visit_page_open": anybody("P"),
    "visit_page_confirm": anybody("P"),
    "visit_page_another_time": anybody("GP"),
    "visit_page_ask": anybody("P"),
    "visit_page_messages": anybody("P"),
    "visit_page_calendar": anybody("G"),
}

MONITOR = {"metrics"}
"""Open to whoever shows the monitor's token, whoever else they are."""

HOOKS = {"hook_sms", "hook_sms_status", "hook_email"}
"""Open to a provider's signature, and so the only addresses that take a POST without our token."""
