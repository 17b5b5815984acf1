"""What people do to their own account: password, PIN, sessions."""

from hashlib import sha256
from itertools import pairwise

from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from clinic.accounts.models import StaffEvent, StaffSession
from clinic.accounts.staff import end_sessions
from clinic.models import User

PIN_DIGITS = (6, 8)


@transaction.atomic
def change_password(*, request: HttpRequest, user: User, password: str) -> int:
    """Set a new password and sign out everywhere else. Returns how many other sessions ended."""
    user.set_password(password)
    user.save(update_fields=["password"])
    update_session_auth_hash(request, user)
    request.session.save()
    StaffEvent.objects.create(person=user, what=StaffEvent.What.PASSWORD, by=user, at=timezone.now())
    return end_sessions(person=user, but=request.session.session_key)


def validate_pin(pin: str) -> None:
    """Raise `ValidationError` for a PIN that is too short, too long or among the first that people try."""
    least, most = PIN_DIGITS
    if not (pin.isascii() and pin.isdigit() and least <= len(pin) <= most):
        raise ValidationError(f"A PIN has {least} to {most} digits.")
    steps = {(int(right) - int(left)) % 10 for left, right in pairwise(pin)}
    if steps in ({0}, {1}, {9}) or len(set(pin)) < 3:
        raise ValidationError("That is among the first that people try. Mix the digits more.")


def set_pin(*, user: User, pin: str) -> None:
    """Set the PIN that unlocks a screen; empty: only the password does. Raises `ValidationError`."""
    if pin:
        validate_pin(pin)
    user.pin = make_password(pin) if pin else ""
    user.save(update_fields=["pin"])


def end_session(*, user: User, name: str) -> bool:
    """Sign out one of a person's own sessions, named by the digest of its key. Whether there was one."""
    for session in StaffSession.objects.filter(user=user):
        if session_name(session) == name:
            session.delete()
            return True
    return False


def session_name(session: StaffSession) -> str:
    """A name for a session that can stand in a page: its key, which opens it, must not."""
    return sha256(session.session_key.encode()).hexdigest()[:16]
