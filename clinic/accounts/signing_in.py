"""Signing in with user name and password: the form, its limits, and how long to wait after too many tries."""

import time
from datetime import timedelta
from math import ceil
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import LoginForm
from allauth.account.forms import ReauthenticateForm as PasswordAgainForm
from allauth.core import context
from allauth.core.internal import ratelimit
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from clinic.accounts.idle import began_lately
from clinic.forms import InOurWords

MESSAGES = {
    "mfa/messages/totp_activated.txt": "Your authenticator app is set up.",
    "mfa/messages/totp_deactivated.txt": "The authenticator app is removed.",
    "mfa/messages/webauthn_added.txt": "The passkey is set up.",
    "mfa/messages/webauthn_removed.txt": "The passkey is removed.",
}
"""What is said after a step, by allauth's template; after the others nothing."""


class Adapter(DefaultAccountAdapter):
    """allauth's accounts as a clinic needs them: no sign-up, our words, and how long to wait."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "username_password_mismatch": "User name and password do not fit. Look at capitals, and try again.",
        "incorrect_password": "That is not your password. Look at capitals, and try again.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def validation_error(self, code: str, *args: Any) -> ValidationError:
        """Too many tries: says how long to wait."""
        if code in {"too_many_login_attempts", "rate_limited"}:
            wait = seconds_to_wait(context.request, key=getattr(self, "_limit_key", None))
            return ValidationError(f"Too many wrong tries. Wait {in_words(wait)}, then try again.", code=code)
        return super().validation_error(code, *args)

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        self._limit_key = self._get_login_attempts_cache_key(request, **credentials)
        super().pre_authenticate(request, **credentials)

    def add_message(
        self,
        request: HttpRequest,
        level: int,
        message_template: str | None = None,
        message_context: dict[str, Any] | None = None,
        extra_tags: str = "",
        message: str | None = None,
    ) -> None:
        text = message or MESSAGES.get(message_template or "")
        if text:
            super().add_message(request, level, message=text, extra_tags=extra_tags)

    def is_reauthentication_required(self, *, app: str, **more: Any) -> bool:
        """Who has just signed in need not prove it again."""
        if began_lately(context.request, within=timedelta(minutes=5)):
            return False
        return super().is_reauthentication_required(app=app, **more)


class SignInForm(InOurWords, LoginForm):
    """User name and password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"] = self.fields.pop("login")
        self.fields["username"].label = "User name"
        self.order_fields(["username", "password"])

    def clean_username(self) -> str:
        """allauth looks for the name under `login`."""
        self.cleaned_data["login"] = self.cleaned_data["username"].strip()
        return self.cleaned_data["login"]


class ReauthenticateForm(InOurWords, PasswordAgainForm):
    """The password once more, before a change of the account."""


def seconds_to_wait(request: HttpRequest, *, key: str | None = None) -> int:
    """Until the next try to sign in is taken: by this name (`key`), and from this machine."""
    app, action, now, longest = "allauth.account", "login_failed", time.time(), 1.0
    for rate in ratelimit.get_rates(app=app, action=action):
        if rate.per == "key" and key is None:
            longest = max(longest, rate.duration)
            continue
        tries = cache.get(ratelimit.get_cache_key(request, app=app, action=action, rate=rate, key=key), [])
        if len(tries) >= rate.amount:
            longest = max(longest, tries[-1] + rate.duration - now)
    return ceil(longest)


def in_words(seconds: int) -> str:
    """A time to wait, rounded up: 40 seconds, 2 minutes."""
    if seconds <= 50:
        return f"{-(-seconds // 10) * 10} seconds"
    minutes = -(-seconds // 60)
    return "1 minute" if minutes == 1 else f"{minutes} minutes"
