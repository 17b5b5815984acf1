"""Reads for the pages about accounts, each with a fixed number of queries."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from allauth.mfa.models import Authenticator
from django.db.models import Exists, Max, OuterRef, Prefetch, QuerySet
from django.utils import timezone

from clinic.access import Act, clinics_for
from clinic.accounts.models import StaffEvent, StaffSession
from clinic.accounts.own import session_name
from clinic.models import Membership, User

BROWSERS = ("Edg", "OPR", "Firefox", "CriOS", "Chrome", "Safari")
CALLED = {"Edg": "Edge", "OPR": "Opera", "CriOS": "Chrome"}
MACHINES = ("iPad", "iPhone", "Android", "Windows", "Macintosh", "CrOS", "Linux")
MACHINES_CALLED = {"Macintosh": "Mac", "CrOS": "Chromebook", "Android": "Android tablet or phone"}


@dataclass(frozen=True, slots=True)
class Screen:
    """A browser in which somebody is signed in."""

    name: str
    device: str
    address: str | None
    seen_at: datetime | None
    began_at: datetime | None
    is_here: bool


def device_of(agent: str) -> str:
    """A browser's long name for itself, in two words."""
    browser = next((one for one in BROWSERS if re.search(rf"\b{one}\w*/", agent)), "")
    machine = next((one for one in MACHINES if one in agent), "")
    words = [CALLED.get(browser, browser), MACHINES_CALLED.get(machine, machine)]
    return " on ".join(word for word in words if word) or "Unknown browser"


def own_account(*, user: User, here: str | None) -> dict[str, Any]:
    """Everything on somebody's account page. Four queries."""
    authenticators = list(Authenticator.objects.filter(user=user).order_by("created_at"))
    by_type: dict[str, list[Authenticator]] = {}
    for one in authenticators:
        by_type.setdefault(one.type, []).append(one)
    codes = by_type.get(Authenticator.Type.RECOVERY_CODES, [])
    sessions = StaffSession.objects.filter(user=user, expire_date__gt=timezone.now()).order_by("-began_at")
    return {
        "memberships": user.memberships.select_related("clinic").order_by("clinic__name"),
        "app": next(iter(by_type.get(Authenticator.Type.TOTP, [])), None),
        "passkeys": by_type.get(Authenticator.Type.WEBAUTHN, []),
        "has_codes": bool(codes),
        "codes_left": len(codes[0].wrap().get_unused_codes()) if codes else 0,
        "screens": [
            Screen(
                name=session_name(session),
                device=device_of(session.device),
                address=session.address,
                seen_at=session.seen_at,
                began_at=session.began_at,
                is_here=session.session_key == here,
            )
            for session in sessions
        ],
    }


def people(*, manager: User) -> Sequence[User]:
    """The staff of a manager's clinics, those who work first. Each has `roles_here`, `has_second_step`, `last_seen`."""
    return list(_people(manager).order_by("-is_active", "last_name", "first_name", "username"))


def person_for(*, manager: User, pk: int) -> User | None:
    """One of them, or None: nobody else's people."""
    return _people(manager).filter(pk=pk).first()


def _people(manager: User) -> QuerySet[User]:
    clinics = clinics_for(user=manager, act=Act.MANAGE_STAFF)
    here = Membership.objects.filter(clinic__in=clinics).select_related("clinic").order_by("clinic__name")
    works_here = Exists(Membership.objects.filter(user=OuterRef("pk"), clinic__in=clinics))
    found = User.objects.all() if manager.is_superuser else User.objects.filter(works_here, is_superuser=False)
    return (
        found.annotate(
            has_second_step=Exists(
                Authenticator.objects.filter(user=OuterRef("pk")).exclude(type=Authenticator.Type.RECOVERY_CODES)
            ),
            last_seen=Max("sessions__seen_at"),
        )
        .select_related("invitation")
        .prefetch_related(Prefetch("memberships", queryset=here, to_attr="roles_here"))
    )


def events_of(*, person: User) -> Sequence[StaffEvent]:
    """What was done to an account, the latest first."""
    return list(person.events.select_related("by")[:30])
