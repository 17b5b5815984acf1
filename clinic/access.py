"""Who may do what, and where: one table, checked in one place, failing closed.

A member of staff acts at a clinic through a membership with one role. What the table does not grant is refused.
"""

from collections.abc import Callable
from enum import StrEnum, auto
from functools import wraps
from typing import Any, TypeVar, cast

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase

from clinic.models import Clinic, Nurse, Role, User


class Act(StrEnum):
    """Something that staff do. Views name the one they need."""

    SEE_BOARD = auto()
    SEE_ROSTER = auto()
    SEE_PATIENTS = auto()
    OPEN_IN_EMERGENCY = auto()
    EDIT_PATIENTS = auto()
    BOOK = auto()
    CHANGE_STATUS = auto()
    SEE_WORKLISTS = auto()
    SEE_STAFFING = auto()
    EDIT_STAFFING = auto()
    REPLAN = auto()
    OVERRIDE = auto()
    IMPORT_PATIENTS = auto()
    SEE_REPORTS = auto()
    SEE_OUTBOX = auto()
    EDIT_WORDING = auto()
    SEE_AUDIT = auto()
    REVIEW_EMERGENCIES = auto()
    MANAGE_STAFF = auto()


_NURSE = {
    Act.SEE_BOARD,
    Act.SEE_ROSTER,
    Act.SEE_PATIENTS,
    Act.OPEN_IN_EMERGENCY,
    Act.CHANGE_STATUS,
    Act.SEE_STAFFING,
}

GRANTS: dict[str, frozenset[Act]] = {
    Role.FRONT_DESK: frozenset(_NURSE | {Act.EDIT_PATIENTS, Act.BOOK, Act.SEE_WORKLISTS, Act.SEE_OUTBOX}),
    Role.NURSE: frozenset(_NURSE),
    Role.CHARGE_NURSE: frozenset(_NURSE | {Act.BOOK, Act.SEE_WORKLISTS, Act.EDIT_STAFFING, Act.REPLAN}),
    Role.MANAGER: frozenset(Act),
    # Looks after accounts and settings, and sees no patient.
    Role.ADMINISTRATOR: frozenset({Act.MANAGE_STAFF, Act.EDIT_WORDING}),
}

Anyone = User | AnonymousUser
View = TypeVar("View", bound=Callable[..., HttpResponseBase])


def may(*, user: Anyone, act: Act, clinic: Clinic | None = None) -> bool:
    """Whether someone may do something at a clinic, or at any clinic when none is named."""
    ids = clinic_ids_for(user=user, act=act)
    return clinic.pk in ids if clinic else bool(ids)


def require(*, user: Anyone, act: Act, clinic: Clinic) -> None:
    """Raise `PermissionDenied` unless someone may do something at a clinic."""
    if not may(user=user, act=act, clinic=clinic):
        raise PermissionDenied(f"Your role does not allow this at {clinic}. Ask your manager for access.")


def clinic_ids_for(*, user: Anyone, act: Act) -> set[int]:
    """The ids of the clinics where someone may do something. Memberships are read once per request."""
    return {clinic.pk for clinic in clinics_for(user=user, act=act)}


def clinics_for(*, user: Anyone, act: Act) -> list[Clinic]:
    """The clinics where someone may do something, by name."""
    return [clinic for clinic, role in _roles(user) if act in GRANTS.get(role, frozenset())]


def nurse_of(user: Anyone) -> Nurse | None:
    """The nurse that somebody is, if any. Comes along with the session, without a query."""
    return getattr(user, "nurse", None)


def _roles(user: Anyone) -> list[tuple[Clinic, str]]:
    """Every clinic of a member of staff with the role there; a superuser manages all. Kept on the user object."""
    if not isinstance(user, User) or not user.is_active:
        return []
    known = getattr(user, "chairside_roles", None)
    if known is None:
        if user.is_superuser:
            known = [(clinic, Role.MANAGER) for clinic in Clinic.objects.order_by("name")]
        else:
            memberships = user.memberships.select_related("clinic").order_by("clinic__name")
            known = [(membership.clinic, membership.role) for membership in memberships]
        user.chairside_roles = known  # type: ignore[attr-defined]
    return known


def allowed(act: Act) -> Callable[[View], View]:
    """Let a view be called only by someone who may do `act` at some clinic; the view then checks the clinic."""

    def decorate(view: View) -> View:
        @wraps(view)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not may(user=request.user, act=act):
                raise PermissionDenied("Your role does not allow this. Ask your manager for access.")
            return view(request, *args, **kwargs)

        return cast(View, checked)

    return decorate
