"""Signing in, the locked screen, and everybody's own account."""

from typing import cast

from allauth.account.decorators import reauthentication_required
from allauth.account.views import LoginView
from allauth.core import ratelimit
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.views import RemoveWebAuthnView
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from clinic.accounts import idle, own, staff
from clinic.accounts.forms import ChangePasswordForm, NewPasswordForm, PinForm
from clinic.accounts.middleware import locked_page
from clinic.accounts.queries import own_account
from clinic.accounts.second_step import was_taken
from clinic.models import User


class SignInView(LoginView):
    """User name and password, or a passkey."""

    template_name = "registration/login.html"


sign_in = SignInView.as_view()


@never_cache
@require_http_methods(["GET", "POST"])
def idle_state(request: HttpRequest) -> JsonResponse:
    """Seconds until this screen locks. POST: the person is there (the middleware writes it down)."""
    return JsonResponse({"left": idle.seconds_left(request)})


@require_POST
def lock(request: HttpRequest) -> HttpResponse:
    """Lock this screen now."""
    idle.lock(request)
    return HttpResponse(status=204) if request.headers.get("HX-Request") else redirect("/")


@never_cache
@require_POST
@sensitive_post_parameters("unlock")
def unlock(request: HttpRequest) -> HttpResponse:
    """Open a locked screen. For the page's dialog 204, 422 with what is wrong, or 401 when the session has ended."""
    outcome = idle.unlock(request=request, secret=request.POST.get("unlock", ""))
    in_dialog = request.headers.get("HX-Request")
    if outcome is idle.Unlocked.WRONG:
        return HttpResponse(status=422) if in_dialog else locked_page(request, wrong=True, back_to=_back(request))
    if outcome is idle.Unlocked.ENDED:
        return HttpResponse(status=401) if in_dialog else redirect(settings.LOGIN_URL)
    return HttpResponse(status=204) if in_dialog else redirect(_back(request))


@never_cache
def account(request: HttpRequest) -> HttpResponse:
    """What somebody can change about their own account."""
    user = cast(User, request.user)
    return render(request, "account/account.html", own_account(user=user, here=request.session.session_key))


@never_cache
def second_step(request: HttpRequest) -> HttpResponse:
    """Why a second step is asked for, and how to set one up."""
    if was_taken(request):
        return redirect("account")
    has_one = Authenticator.objects.filter(user=request.user.pk).exists()
    if has_one:
        # Signed in before the second step was asked for.
        return render(request, "account/sign_in_again.html")
    return render(request, "account/second_step.html")


@sensitive_post_parameters()
@never_cache
def password(request: HttpRequest) -> HttpResponse:
    """A new password."""
    user = cast(User, request.user)
    if wait := ratelimit.consume_or_429(request, action="reauthenticate", user=user):
        return wait
    form = ChangePasswordForm(request.POST or None, user=user)
    if request.method == "POST" and form.is_valid():
        ended = own.change_password(request=request, user=user, password=form.cleaned_data["new"])
        also = f" You are signed out on {ended} other {'screen' if ended == 1 else 'screens'}." if ended else ""
        messages.success(request, f"Your password is changed.{also}")
        return redirect("account")
    return render(request, "account/password.html", {"form": form})


@sensitive_post_parameters()
@never_cache
@reauthentication_required(app="allauth.mfa")
def pin(request: HttpRequest) -> HttpResponse:
    """A new PIN, or none."""
    user = cast(User, request.user)
    form = PinForm(request.POST or None)
    if request.method == "POST" and "none" in request.POST:
        own.set_pin(user=user, pin="")
        messages.success(request, "Your PIN is gone. Unlock with your password.")
        return redirect("account")
    if request.method == "POST" and form.is_valid():
        own.set_pin(user=user, pin=form.cleaned_data["pin"])
        messages.success(request, "Your PIN is set. It unlocks your screens from now on.")
        return redirect("account")
    return render(request, "account/pin.html", {"form": form})


@require_POST
def end_session(request: HttpRequest, name: str) -> HttpResponse:
    """Sign out one of one's own screens."""
    if own.end_session(user=cast(User, request.user), name=name):
        messages.success(request, "That screen is signed out.")
    else:
        messages.info(request, "That screen was signed out already.")
    return redirect("account")


class RemovePasskeyView(RemoveWebAuthnView):
    """Forget a passkey; the last second step stays where everybody needs one."""

    def form_valid(self, form: object) -> HttpResponse:
        if not get_adapter().can_delete_authenticator(self.get_object()):
            messages.error(self.request, get_adapter().error_messages["cannot_delete_authenticator"])
            return redirect("account")
        return super().form_valid(form)


@sensitive_post_parameters()
@never_cache
@login_not_required
def welcome(request: HttpRequest, token: str) -> HttpResponseBase:
    """Where the link of an invitation leads: set a password, once."""
    person = staff.invited_by_link(token=token)
    if person is None:
        return render(request, "account/link_gone.html", status=410)
    form = NewPasswordForm(request.POST or None, user=person)
    if request.method == "POST" and form.is_valid():
        try:
            staff.accept(token=token, password=form.cleaned_data["new"])
        except staff.Refused:
            return render(request, "account/link_gone.html", status=410)
        messages.success(request, f"Your password is set, {person.first_name}. Sign in as {person.username}.")
        return redirect(settings.LOGIN_URL)
    return render(request, "account/welcome.html", {"form": form, "person": person})


@login_not_required
def closed(request: HttpRequest) -> HttpResponse:
    """For somebody whose account was closed."""
    return render(request, "account/closed.html", status=403)


def _back(request: HttpRequest) -> str:
    to = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(to, allowed_hosts={request.get_host()}, require_https=request.is_secure())
    return to if is_ours else "/"
