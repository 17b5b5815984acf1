"""Who works here: inviting, roles, removing, and helping somebody who lost a password or a phone.

A manager does this for people of her own clinics. What reaches further than her clinics (a link that sets a password,
the second step) she does only for people who work nowhere else. Nobody does any of it to herself. Only these functions
write staff accounts.
"""

import hashlib
import secrets
from collections.abc import Mapping
from datetime import timedelta

from allauth.mfa.models import Authenticator
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db import transaction
from django.utils import timezone

from clinic.access import Act, clinics_for
from clinic.accounts.idle import seconds_for
from clinic.accounts.models import Invitation, StaffEvent, StaffSession
from clinic.models import Clinic, Membership, Nurse, Role, User

LINK_LIVES = timedelta(days=3)
What = StaffEvent.What


class Refused(Exception):
    """A rule about accounts forbids it; the message says which, and what to do."""


@transaction.atomic
def invite(
    *,
    by: User,
    username: str,
    first_name: str,
    last_name: str,
    email: str,
    roles: Mapping[Clinic, str],
    nurse: Nurse | None = None,
) -> tuple[User, str]:
    """Make an account without a password. Returns it and the token of the link that sets one. Raises `Refused`."""
    by = _acting(by=by, clinics=roles)
    if not roles:
        raise Refused("Choose a role at one clinic at least.")
    if User.objects.filter(username__iexact=username).exists():
        raise Refused(f"Somebody is called {username} already. Choose another user name.")
    person = User(username=username, first_name=first_name, last_name=last_name, email=email)
    person.set_unusable_password()
    person.save()
    for clinic, role in roles.items():
        Membership.objects.create(user=person, clinic=clinic, role=role)
    if nurse:
        nurse.user = person
        nurse.save(update_fields=["user"])
    _note(person=person, what=What.INVITED, by=by, text=_said(roles))
    return person, _new_link(person=person, by=by)


@transaction.atomic
def give_link(*, by: User, person: User) -> str:
    """A new link that sets the password, for an invitation that ran out or a password that was forgotten.

    Links given before no longer open; the password holds until the new one is set. Raises `Refused`.
    """
    by, person = _about(by=by, person=person, wholly=True)
    if not person.is_active:
        raise Refused(f"{person.label} was removed. Bring the account back first.")
    _note(person=person, what=What.LINK, by=by)
    return _new_link(person=person, by=by)


@transaction.atomic
def accept(*, token: str, password: str) -> User:
    """Set the password that a link stands for; the link is used up, and sessions end. Raises `Refused`."""
    invitation = _invitations(token).select_for_update(of=["self"]).first()
    if invitation is None:
        raise Refused("This link was used, or it ran out. Ask your manager for a new one.")
    person = invitation.user
    person.set_password(password)
    person.save(update_fields=["password"])
    invitation.delete()
    end_sessions(person=person)
    _note(person=person, what=What.ACCEPTED, by=person)
    return person


def invited_by_link(*, token: str) -> User | None:
    """Whose password a link sets; nobody's when it was used or ran out."""
    invitation = _invitations(token).first()
    return invitation.user if invitation else None


@transaction.atomic
def set_roles(*, by: User, person: User, roles: Mapping[Clinic, str]) -> None:
    """Give a person these roles at the manager's clinics; a clinic of hers that is not named means no role there.

    What the person is at other clinics stays. Raises `Refused`, also when a clinic would lose its last manager.
    """
    by, person = _about(by=by, person=person)
    mine = _clinics_of(by)
    _acting(by=by, clinics=roles)
    elsewhere = person.memberships.exclude(clinic__in=mine).exists()
    if not roles and not elsewhere:
        raise Refused("Without any role nobody can work. Remove the account instead.")
    _keep_a_manager(person=person, clinics=[clinic for clinic in mine if roles.get(clinic) != Role.MANAGER])
    before = dict(person.memberships.filter(clinic__in=mine).values_list("clinic_id", "role"))
    if before == {clinic.pk: role for clinic, role in roles.items()}:
        return
    person.memberships.filter(clinic__in=mine).exclude(clinic__in=roles).delete()
    for clinic, role in roles.items():
        Membership.objects.update_or_create(user=person, clinic=clinic, defaults={"role": role})
    # Who is a nurse from now on carries a tablet from now on.
    StaffSession.objects.filter(user=person).update(idle_seconds=seconds_for(person))
    _note(person=person, what=What.ROLES, by=by, text=_said(roles))


@transaction.atomic
def remove(*, by: User, person: User, reason: str) -> None:
    """A person no longer works at the manager's clinics. Working nowhere else, the account closes and all its
    sessions end at once; the roles are kept, so that it can be brought back. Raises `Refused`.
    """
    by, person = _about(by=by, person=person)
    mine = _clinics_of(by)
    _keep_a_manager(person=person, clinics=mine)
    if person.memberships.exclude(clinic__in=mine).exists():
        person.memberships.filter(clinic__in=mine).delete()
    else:
        person.is_active = False
        person.save(update_fields=["is_active"])
        Invitation.objects.filter(user=person).delete()
    end_sessions(person=person)
    _note(person=person, what=What.REMOVED, by=by, text=reason)


@transaction.atomic
def bring_back(*, by: User, person: User) -> str:
    """Open a closed account again, with its roles. Its old password is gone: returns the token of a new link."""
    by, person = _about(by=by, person=person, wholly=True)
    if person.is_active:
        raise Refused(f"{person.label} is not removed.")
    person.is_active = True
    person.set_unusable_password()
    person.save(update_fields=["is_active", "password"])
    _note(person=person, what=What.BACK, by=by)
    return _new_link(person=person, by=by)


@transaction.atomic
def reset_second_step(*, by: User | None, person: User, reason: str) -> None:
    """Forget app, passkeys and recovery codes of somebody who lost them; sessions end. Raises `Refused`.

    `by` is None for whoever may run commands on the server.
    """
    if by is not None:
        by, person = _about(by=by, person=person, wholly=True)
    if not reason.strip():
        raise Refused("Say why: who asked, and how you know that it was them.")
    Authenticator.objects.filter(user=person).delete()
    end_sessions(person=person)
    _note(person=person, what=What.RESET, by=by, text=reason)


def end_sessions(*, person: User, but: str | None = None) -> int:
    """Sign a person out everywhere, at once, except in the session `but`. Returns how many sessions ended."""
    ended, _ = StaffSession.objects.filter(user=person).exclude(session_key=but or "").delete()
    return ended


def _acting(*, by: User, clinics: Mapping[Clinic, str]) -> User:
    """Who acts, as she stands now, if she manages all these clinics. Locks them: others who manage them wait."""
    mine = _clinics_of(by)
    list(Clinic.objects.select_for_update(of=["self"]).filter(pk__in=[clinic.pk for clinic in mine]).order_by("pk"))
    # While waiting for the lock she may have been removed herself.
    by = User.objects.get(pk=by.pk)
    if not set(clinics) <= set(_clinics_of(by)) or not _clinics_of(by):
        raise Refused("You may manage staff only at your own clinics.")
    return by


def _about(*, by: User, person: User, wholly: bool = False) -> tuple[User, User]:
    """Who acts and on whom, as both stand now. `wholly`: only if the person works nowhere else."""
    by = _acting(by=by, clinics={})
    person = User.objects.select_for_update().get(pk=person.pk)
    mine = {clinic.pk for clinic in _clinics_of(by)}
    works_at = set(person.memberships.values_list("clinic_id", flat=True))
    if person == by:
        raise Refused("Nobody changes their own account here. Ask another manager.")
    if (person.is_superuser and not by.is_superuser) or not (works_at & mine or by.is_superuser):
        raise Refused("You may manage staff only at your own clinics.")
    if wholly and not works_at <= mine:
        raise Refused(f"{person.label} works at another clinic too. Ask somebody who manages all of them.")
    return by, person


def _clinics_of(user: User) -> list[Clinic]:
    return clinics_for(user=user, act=Act.MANAGE_STAFF)


def _keep_a_manager(*, person: User, clinics: list[Clinic]) -> None:
    """Refuse to leave one of the clinics without a manager who can sign in."""
    for membership in person.memberships.filter(clinic__in=clinics, role=Role.MANAGER).select_related("clinic"):
        others = Membership.objects.filter(clinic=membership.clinic, role=Role.MANAGER, user__is_active=True)
        if not (others.exclude(user=person).exclude(user__password__startswith=UNUSABLE_PASSWORD_PREFIX).exists()):
            raise Refused(
                f"{person.label} is the last manager of {membership.clinic}. Make somebody else manager there first."
            )


def _new_link(*, person: User, by: User) -> str:
    token = secrets.token_urlsafe(32)
    Invitation.objects.update_or_create(
        user=person,
        defaults={
            "digest": _digest(token),
            "made_by": by,
            "made_at": timezone.now(),
            "expires_at": timezone.now() + LINK_LIVES,
        },
    )
    return token


def _invitations(token: str):  # type: ignore[no-untyped-def]
    return Invitation.objects.select_related("user").filter(
        digest=_digest(token), expires_at__gt=timezone.now(), user__is_active=True
    )


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _said(roles: Mapping[Clinic, str]) -> str:
    return ", ".join(f"{Role(role).label} in {clinic}" for clinic, role in roles.items()) or "no role"


def _note(*, person: User, what: str, by: User | None, text: str = "") -> None:
    StaffEvent.objects.create(person=person, what=what, by=by, at=timezone.now(), note=text[:300])
