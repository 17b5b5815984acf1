"""Screens that nobody sits at lock themselves: after 5 minutes on a nurse's tablet, after 15 at a desk.

The server decides by what it has seen; what a page asks for by itself does not count. A locked session is opened by
its person's PIN or password, with few tries; a session older than a clinic day asks for the full sign-in.
"""

from datetime import datetime, timedelta
from enum import Enum
from typing import Any, cast

from allauth.account.adapter import get_adapter
from allauth.core import ratelimit
from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.hashers import check_password
from django.contrib.auth.signals import user_logged_in, user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from clinic.accounts.models import StaffSession
from clinic.accounts.sessions import SessionStore
from clinic.models import Role, User

STAMP_EVERY = timedelta(seconds=15)
"""Being busy is written down so often."""


class Unlocked(Enum):
    """What came of a try to open a locked session."""

    YES = "yes"
    WRONG = "wrong"
    ENDED = "ended"


def seconds_for(user: User) -> int:
    """How long this person's sessions may rest. Somebody who is a nurse anywhere carries a tablet."""
    is_nurse = user.memberships.filter(role__in=[Role.NURSE, Role.CHARGE_NURSE]).exists()
    return settings.IDLE_SECONDS_TABLET if is_nurse else settings.IDLE_SECONDS_DESK


@receiver(user_logged_in, dispatch_uid="clinic.idle.begin")
def begin(sender: Any, request: HttpRequest, user: User, **more: Any) -> None:
    """Write down who signs in, with what and from where."""
    now = timezone.now()
    session = _session(request)
    session.facts.update(
        device=request.META.get("HTTP_USER_AGENT", "")[:200],
        address=get_adapter().get_client_ip(request) if request.META.get("REMOTE_ADDR") else None,
        began_at=now,
        seen_at=now,
        idle_seconds=seconds_for(user),
    )
    session.modified = True


def seconds_left(request: HttpRequest) -> int:
    """Until this screen locks; 0 when it is locked."""
    facts = _session(request).facts
    if not facts.get("seen_at"):
        return 0
    # Seen in the future: the clock was set back, and nobody knows for how long the screen has rested.
    rested = abs((timezone.now() - facts["seen_at"]).total_seconds())
    return max(0, int(facts["idle_seconds"] - rested))


def is_over(request: HttpRequest) -> bool:
    """Whether the session has lasted for a clinic day, or was never begun properly."""
    began = _session(request).facts.get("began_at")
    return not began or abs(timezone.now() - began) >= timedelta(seconds=settings.SESSION_COOKIE_AGE)


def began_lately(request: HttpRequest, *, within: timedelta) -> bool:
    """Whether the full sign-in was not longer ago than this."""
    began = _session(request).facts.get("began_at")
    return began is not None and abs(timezone.now() - began) < within


def touch(request: HttpRequest) -> None:
    """The person has done something."""
    seen = _session(request).facts.get("seen_at")
    if not seen or abs(timezone.now() - seen) >= STAMP_EVERY:
        _stamp(request, timezone.now())


def lock(request: HttpRequest) -> None:
    """The person goes away from the screen."""
    _stamp(request, None)


def unlock(*, request: HttpRequest, secret: str) -> Unlocked:
    """Open a locked screen with its person's PIN or password; too many wrong ones end the session."""
    user = cast(User, request.user)
    key = f"unlock:{request.session.session_key}"
    if not ratelimit.consume(request, action="unlock", key=key):
        logout(request)
        return Unlocked.ENDED
    if (user.pin and check_password(secret, user.pin)) or user.check_password(secret):
        ratelimit.clear(request, action="unlock", key=key)
        _stamp(request, timezone.now())
        return Unlocked.YES
    user_login_failed.send(sender=__name__, credentials={"username": user.username}, request=request)
    if not ratelimit.consume(request, action="unlock", key=key, dry_run=True):
        logout(request)
        return Unlocked.ENDED
    return Unlocked.WRONG


def _session(request: HttpRequest) -> SessionStore:
    return cast(SessionStore, request.session)


def _stamp(request: HttpRequest, at: datetime | None) -> None:
    session = _session(request)
    session.facts["seen_at"] = at
    # Only the column: a page that is slow must not write back an old copy of the whole session.
    StaffSession.objects.filter(session_key=session.session_key).update(seen_at=at)
