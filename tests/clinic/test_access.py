"""Who may do what, where."""

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from clinic.access import Act, allowed, clinics_for, may, require
from clinic.models import Clinic, Role, User
from tests.world import make_user

pytestmark = pytest.mark.django_db

EVERYONE = {
    Act.SEE_BOARD,
    Act.SEE_ROSTER,
    Act.SEE_PATIENTS,
    Act.OPEN_IN_EMERGENCY,
    Act.CHANGE_STATUS,
    Act.SEE_STAFFING,
}
TABLE = {
    Role.FRONT_DESK: EVERYONE | {Act.EDIT_PATIENTS, Act.BOOK, Act.SEE_WORKLISTS, Act.SEE_OUTBOX},
    Role.NURSE: EVERYONE,
    Role.CHARGE_NURSE: EVERYONE | {Act.BOOK, Act.SEE_WORKLISTS, Act.EDIT_STAFFING, Act.REPLAN},
    Role.MANAGER: set(Act),
    Role.ADMINISTRATOR: {Act.MANAGE_STAFF, Act.EDIT_WORDING},
}


@pytest.mark.parametrize("role", Role)
def test_each_role_may_do_what_the_table_says_and_nothing_else(madison: Clinic, wausau: Clinic, role: Role) -> None:
    user = make_user("somebody", role, madison)

    assert {act for act in Act if may(user=user, act=act, clinic=madison)} == TABLE[role]
    assert not [act for act in Act if may(user=user, act=act, clinic=wausau)]


def test_one_person_may_have_another_role_at_another_clinic(madison: Clinic, wausau: Clinic) -> None:
    user = make_user("somebody", Role.NURSE, madison)
    user.memberships.create(clinic=wausau, role=Role.MANAGER)

    assert clinics_for(user=user, act=Act.SEE_BOARD) == [madison, wausau]
    assert clinics_for(user=user, act=Act.EDIT_STAFFING) == [wausau]
    assert may(user=user, act=Act.EDIT_STAFFING)


def test_a_superuser_may_do_everything_everywhere(madison: Clinic, wausau: Clinic) -> None:
    chief = User.objects.create_superuser("chief")

    assert all(may(user=chief, act=act, clinic=clinic) for act in Act for clinic in (madison, wausau))


def test_nobody_means_nothing(madison: Clinic) -> None:
    left = make_user("left", Role.MANAGER, madison)
    left.is_active = False

    for user in (AnonymousUser(), left, make_user("new", Role.NURSE)):
        assert not [act for act in Act if may(user=user, act=act)]


def test_what_is_required_is_refused_in_words(nurse: User, madison: Clinic) -> None:
    require(user=nurse, act=Act.SEE_BOARD, clinic=madison)

    with pytest.raises(PermissionDenied, match="does not allow this at Madison"):
        require(user=nurse, act=Act.BOOK, clinic=madison)


def test_a_view_opens_only_to_those_who_hold_its_act_somewhere(
    rf: RequestFactory, nurse: User, charge_nurse: User
) -> None:
    @allowed(Act.EDIT_STAFFING)
    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse("in")

    request = rf.get("/")
    request.user = charge_nurse
    assert view(request).content == b"in"

    request.user = nurse
    with pytest.raises(PermissionDenied):
        view(request)


def test_memberships_are_read_once_per_request(nurse: User, madison: Clinic, django_assert_num_queries: Any) -> None:
    user = User.objects.get(pk=nurse.pk)

    with django_assert_num_queries(1):
        for act in Act:
            may(user=user, act=act, clinic=madison)
