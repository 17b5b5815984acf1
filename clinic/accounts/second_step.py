"""The second step of signing in: authenticator app, passkey or recovery code; its secrets encrypted at rest."""

from typing import Any

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.base import forms as mfa_forms
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added, authenticator_used
from allauth.mfa.totp import forms as totp_forms
from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.dispatch import receiver
from django.http import HttpRequest

from clinic.accounts import keys
from clinic.forms import InOurWords

TAKEN = "second_step"
"""Session key: the id of whoever has proved more than a password in this session."""

SECRETS = {Authenticator.Type.TOTP: "secret", Authenticator.Type.RECOVERY_CODES: "seed"}
"""Where each kind of authenticator keeps what is encrypted."""

CODE_LIVES = 90
"""Seconds: a code of the app is good in its own half minute and the one before and after."""


class Adapter(DefaultMFAAdapter):
    """allauth's second step, with encrypted secrets and in our words."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": "That did not fit. A code of the app changes every half minute: type the one it shows now.",
        "cannot_delete_authenticator": "Everyone here needs a second step. Set up another one before you remove this.",
    }

    def encrypt(self, text: str) -> str:
        return keys.encrypt(text, keys=settings.SIGN_IN_KEYS)

    def decrypt(self, encrypted_text: str) -> str:
        return keys.decrypt(encrypted_text, keys=settings.SIGN_IN_KEYS)

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """The last one stays where everybody needs one."""
        return not settings.SECOND_STEP_REQUIRED or bool(
            Authenticator.objects.filter(user=authenticator.user_id)
            .exclude(type=Authenticator.Type.RECOVERY_CODES)
            .exclude(pk=authenticator.pk)
            .exists()
        )

    def generate_authenticator_name(self, user: Any, type: Authenticator.Type) -> str:  # noqa: A002
        """A first proposal for the name of a passkey."""
        number = Authenticator.objects.filter(user=user, type=type).count() + 1
        return "My passkey" if number == 1 else f"My passkey {number}"

    def _get_site_name(self) -> str:
        return "Chairside"


class _OnceOnly:
    """A code that was used is not taken again while it would still fit."""

    def clean_code(self) -> str:
        code: str = super().clean_code()  # type: ignore[misc]
        authenticator = self.authenticator  # type: ignore[attr-defined]
        if authenticator.type == Authenticator.Type.TOTP and not cache.add(
            f"code-used:{authenticator.pk}:{code}", 1, timeout=CODE_LIVES
        ):
            raise Adapter().validation_error("incorrect_code")
        return code


class AuthenticateForm(_OnceOnly, InOurWords, mfa_forms.AuthenticateForm):
    """The code at sign-in."""


class ReauthenticateForm(_OnceOnly, InOurWords, mfa_forms.ReauthenticateForm):
    """The code before a change of the account."""


class ActivateForm(InOurWords, totp_forms.ActivateTOTPForm):
    """The first code of an authenticator app."""


def was_taken(request: HttpRequest) -> bool:
    """Whether this session has proved more than a password."""
    return request.session.get(TAKEN) == request.user.pk


@receiver(authenticator_used, dispatch_uid="clinic.second_step.used")
@receiver(authenticator_added, dispatch_uid="clinic.second_step.added")
def remember(sender: Any, request: HttpRequest, user: Any, **more: Any) -> None:
    """Somebody has proved it in this session, or has just set it up."""
    request.session[TAKEN] = user.pk


@transaction.atomic
def renew_encryption() -> int:
    """Encrypt every secret with the newest key. Returns how many. Raises `keys.InvalidToken` if no key fits one."""
    count = 0
    for authenticator in Authenticator.objects.filter(type__in=SECRETS).select_for_update():
        field = SECRETS[Authenticator.Type(authenticator.type)]
        authenticator.data[field] = keys.renew(authenticator.data[field], keys=settings.SIGN_IN_KEYS)
        authenticator.save(update_fields=["data"])
        count += 1
    return count
