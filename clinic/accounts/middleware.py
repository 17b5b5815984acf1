"""What stands before every page of staff: is the screen locked, and was the second step taken?"""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render

from clinic.accounts import idle
from clinic.accounts.second_step import was_taken

GetResponse = Callable[[HttpRequest], HttpResponseBase]

WAYS_OUT = {"unlock", "idle", "lock", "logout", "account_logout"}
"""Names of the addresses that a locked screen may ask for."""

FIRST_STEPS = WAYS_OUT | {
    "second_step",
    "account_reauthenticate",
    "mfa_activate_totp",
    "mfa_add_webauthn",
}
"""Names of the addresses that are open before the second step is set up."""


class LockMiddleware:
    """Refuses a locked session everything but its unlocking. What was sent meanwhile can be sent again unchanged."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponseBase], args: Any, kwargs: Any
    ) -> HttpResponseBase | None:
        if not getattr(view, "login_required", True) or not request.user.is_authenticated:
            return None
        if idle.is_over(request):
            logout(request)
            return None
        if not idle.seconds_left(request):
            return None if _name(request) in WAYS_OUT else _refused(request)
        if not _asked_by_the_page_itself(request):
            idle.touch(request)
        return None


class SecondStepMiddleware:
    """Where a second step is asked of everyone, leads those who have none to setting it up."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponseBase], args: Any, kwargs: Any
    ) -> HttpResponseBase | None:
        if (
            not settings.SECOND_STEP_REQUIRED
            or not getattr(view, "login_required", True)
            or not request.user.is_authenticated
            or was_taken(request)
            or _name(request) in FIRST_STEPS
        ):
            return None
        return redirect("second_step")


def _name(request: HttpRequest) -> str | None:
    return request.resolver_match.url_name if request.resolver_match else None


def _asked_by_the_page_itself(request: HttpRequest) -> bool:
    """A page says so itself; to say so falsely only brings the lock earlier."""
    return "X-Background" in request.headers or (request.method == "GET" and _name(request) == "idle")


def _refused(request: HttpRequest) -> HttpResponseBase | None:
    """423: a page that asks to unlock. What was posted goes along in it and, with the PIN, comes back."""
    if request.headers.get("HX-Request"):
        return HttpResponse(status=423)
    wrong = False
    if request.method == "POST" and "unlock" in request.POST:
        outcome = idle.unlock(request=request, secret=request.POST["unlock"])
        if outcome is idle.Unlocked.YES:
            return None
        if outcome is idle.Unlocked.ENDED:
            return redirect(settings.LOGIN_URL)
        wrong = True
    return locked_page(request, wrong=wrong)


def locked_page(request: HttpRequest, *, wrong: bool = False, back_to: str = "") -> HttpResponse:
    """The page that asks for PIN or password, and then goes on with what was asked for."""
    kept = [
        (name, value)
        for name, values in request.POST.lists()
        for value in values
        if name not in {"csrfmiddlewaretoken", "unlock", "next"}
    ]
    return render(
        request,
        "account/locked.html",
        {
            "wrong": wrong,
            "is_sent_again": request.method == "POST" and not back_to,
            "kept": kept,
            "has_files": bool(request.FILES),
            "back_to": back_to or request.get_full_path(),
        },
        status=423,
    )
