"""Sign-in limits and the last manager, with real processes at the same time."""

from multiprocessing.pool import Pool

import pytest
from django.core.cache import cache
from django.test import Client

from clinic.models import Clinic, Membership, Role, User
from tests.races import process
from tests.races.contest import RACERS
from tests.world import make_clinic, make_user

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def guess(_: int) -> bool:
    """One wrong password, at the same moment as the others. Whether it was looked at."""
    process.line_up()
    return looked_at()


def looked_at() -> bool:
    answer = Client(HTTP_HOST="localhost").post("/login/", {"username": "frontdesk", "password": "wrong"})
    process.leave()
    return b"do not fit" in answer.content


def remove(pair: tuple[str, str]) -> bool:
    """One manager removes the other, at the same moment. Whether it was done."""
    from clinic.accounts import staff

    by, person = (User.objects.get(username=name) for name in pair)
    process.leave()
    process.line_up()
    try:
        staff.remove(by=by, person=person, reason="Too many managers")
    except staff.Refused:
        return False
    finally:
        process.leave()
    return True


def test_all_processes_together_take_five_wrong_tries(racers: Pool) -> None:
    cache.clear()
    make_user("frontdesk", Role.FRONT_DESK, make_clinic("madison"))
    tried = racers.map(guess, range(RACERS), chunksize=1)
    assert sum(tried) <= 5
    # A process that had to wait too long for its turn was refused without a look: this one uses up what is left.
    left = 0
    while looked_at():
        left += 1
    assert sum(tried) + left == 5


def test_managers_who_remove_each_other_leave_one(racers: Pool) -> None:
    madison: Clinic = make_clinic("madison")
    names = [f"manager{number}" for number in range(RACERS)]
    for name in names:
        make_user(name, Role.MANAGER, madison)
    # Everybody removes the next, round in a circle.
    done = racers.map(remove, list(zip(names, names[1:] + names[:1], strict=True)), chunksize=1)
    left = Membership.objects.filter(clinic=madison, role=Role.MANAGER, user__is_active=True).count()
    assert left == RACERS - sum(done)
    assert left >= 1
    assert sum(done) >= 1
