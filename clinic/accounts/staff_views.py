"""Pages on which a manager looks after the staff of her clinics."""

import logging
from smtplib import SMTPException
from typing import cast

from django.conf import settings
from django.contrib import messages
from django.core.mail import send_mail
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from clinic.access import Act, allowed, clinics_for
from clinic.accounts import staff
from clinic.accounts.forms import InviteForm, ReasonForm, RolesForm
from clinic.accounts.queries import events_of, people, person_for
from clinic.models import User

log = logging.getLogger(__name__)


@never_cache
@allowed(Act.MANAGE_STAFF)
def staff_list(request: HttpRequest) -> HttpResponse:
    """Everybody who works at the manager's clinics."""
    return render(request, "staff/list.html", {"people": people(manager=_manager(request))})


@never_cache
@allowed(Act.MANAGE_STAFF)
def invite(request: HttpRequest) -> HttpResponse:
    """Somebody new: makes the account and shows the link, once."""
    manager = _manager(request)
    form = InviteForm(request.POST or None, clinics=clinics_for(user=manager, act=Act.MANAGE_STAFF))
    if request.method == "POST" and form.is_valid():
        words = {name: form.cleaned_data[name] for name in ("username", "first_name", "last_name", "email", "nurse")}
        try:
            person, token = staff.invite(by=manager, roles=form.roles, **words)
        except staff.Refused as refused:
            form.add_error("username" if "user name" in str(refused) else None, str(refused))
        else:
            return _with_link(request, person, token)
    return render(request, "staff/invite.html", {"form": form})


@never_cache
@allowed(Act.MANAGE_STAFF)
def member(request: HttpRequest, pk: int) -> HttpResponse:
    """One person: roles, link, second step, removal, and what was done before. POST changes the roles."""
    manager, person = _manager(request), _person(request, pk)
    clinics = clinics_for(user=manager, act=Act.MANAGE_STAFF)
    now = {f"role_{membership.clinic.slug}": membership.role for membership in person.roles_here}  # type: ignore[attr-defined]
    form = RolesForm(request.POST or None, clinics=clinics, initial=now)
    if request.method == "POST" and form.is_valid():
        try:
            staff.set_roles(by=manager, person=person, roles=form.roles)
        except staff.Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, f"{person.label} has these roles from now on.")
            return redirect("staff_member", pk)
    return render(
        request,
        "staff/member.html",
        {"person": person, "form": form, "events": events_of(person=person), "is_self": person == manager},
        status=422 if form.errors else 200,
    )


@require_POST
@allowed(Act.MANAGE_STAFF)
def link(request: HttpRequest, pk: int) -> HttpResponse:
    """A new link that sets the password."""
    person = _person(request, pk)
    try:
        token = staff.give_link(by=_manager(request), person=person)
    except staff.Refused as refused:
        return _refused(request, pk, refused)
    return _with_link(request, person, token)


@require_POST
@allowed(Act.MANAGE_STAFF)
def bring_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Open a closed account again."""
    person = _person(request, pk)
    try:
        token = staff.bring_back(by=_manager(request), person=person)
    except staff.Refused as refused:
        return _refused(request, pk, refused)
    return _with_link(request, person, token)


@require_POST
@allowed(Act.MANAGE_STAFF)
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Somebody no longer works here: out at once."""
    person, form = _person(request, pk), ReasonForm(request.POST)
    try:
        if not form.is_valid():
            raise staff.Refused("Say why; it is kept with the account.")
        staff.remove(by=_manager(request), person=person, reason=form.cleaned_data["reason"])
    except staff.Refused as refused:
        return _refused(request, pk, refused)
    messages.success(request, f"{person.label} is removed and signed out everywhere.")
    return redirect("staff")


@require_POST
@allowed(Act.MANAGE_STAFF)
def reset_second_step(request: HttpRequest, pk: int) -> HttpResponse:
    """Somebody lost the phone."""
    person, form = _person(request, pk), ReasonForm(request.POST)
    try:
        if not form.is_valid():
            raise staff.Refused("Say why: who asked, and how you know that it was them.")
        staff.reset_second_step(by=_manager(request), person=person, reason=form.cleaned_data["reason"])
    except staff.Refused as refused:
        return _refused(request, pk, refused)
    messages.success(request, f"{person.label} sets up a new second step at the next sign-in.")
    return redirect("staff_member", pk)


def _manager(request: HttpRequest) -> User:
    return cast(User, request.user)


def _person(request: HttpRequest, pk: int) -> User:
    person = person_for(manager=_manager(request), pk=pk)
    if person is None:
        raise Http404
    return person


def _refused(request: HttpRequest, pk: int, refused: staff.Refused) -> HttpResponse:
    messages.error(request, str(refused))
    return redirect("staff_member", pk)


def _with_link(request: HttpRequest, person: User, token: str) -> HttpResponse:
    """The page that shows a new link this once. It is never kept, and a password is never sent."""
    address = f"{settings.PUBLIC_URL}{reverse('welcome', args=[token])}"
    is_mailed = bool(person.email) and _mailed(person, address)
    return render(request, "staff/link.html", {"person": person, "address": address, "is_mailed": is_mailed})


def _mailed(person: User, address: str) -> bool:
    text = render_to_string("staff/link_mail.txt", {"person": person, "address": address})
    try:
        send_mail("Your Chairside account", text, None, [person.email])
    except (OSError, SMTPException):
        log.warning("The link for a new account could not be mailed.", exc_info=True)
        return False
    return True
