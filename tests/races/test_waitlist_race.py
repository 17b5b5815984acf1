"""Two desks, one chair, one patient: offered once, answered once, held for one, called by one."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from clinic.models import Role
from patients.models import TreatmentPlan
from scheduling import waitlist
from scheduling.booking import book
from scheduling.models import HELD, Appointment, OfferOutcome, PatientClaim, WaitlistEntry, WaitlistOffer
from scheduling.refusals import NotAvailable
from scheduling.worklists import marks
from tests.races.grounds import grounds, make_plans, slots
from tests.races.verdict import broken
from tests.world import make_patient, make_user

pytestmark = pytest.mark.django_db(transaction=True)

Call = Callable[[], Any]


def at_once(*calls: Call) -> list[str]:
    """Call all at the same moment, each in its own thread with its own connection: "won", or the refusal's code."""
    start = Barrier(len(calls))

    def one(call: Call) -> str:
        try:
            start.wait(timeout=20)
            call()
        except NotAvailable as refusal:
            return refusal.code
        finally:
            connection.close()
        return "won"

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(one, calls))


def entries(plans: list[int]) -> list[WaitlistEntry]:
    """The plans' first doses, put on the waitlist."""
    return [waitlist.add(plan=plan, dose_number=1, by=None) for plan in TreatmentPlan.objects.filter(pk__in=plans)]


def test_four_desks_offer_one_chair_to_four_patients_and_one_of_them_holds_it() -> None:
    clinic = grounds(chairs=1, days=4)
    for start in slots(clinic, days=4):
        waiting = entries(make_plans(clinic, 4))

        ends = at_once(
            *(partial(waitlist.offer, entry=entry, clinic=clinic, start=start, by=None) for entry in waiting)
        )

        assert sorted(ends) == ["time", "time", "time", "won"]
    assert WaitlistOffer.objects.filter(outcome="").count() == 12


def test_two_desks_offer_one_patient_two_times_and_one_of_them_is_held() -> None:
    clinic = grounds(days=4)
    starts = list(slots(clinic, days=4))
    for number, entry in enumerate(entries(make_plans(clinic, 6))):
        two = starts[2 * number : 2 * number + 2]

        ends = at_once(*(partial(waitlist.offer, entry=entry, clinic=clinic, start=start, by=None) for start in two))

        assert sorted(ends) == ["offered", "won"]


def test_one_desk_offers_the_chair_that_another_books() -> None:
    clinic = grounds(chairs=1, days=4)
    for start in slots(clinic, days=4):
        [entry, other] = entries(make_plans(clinic, 2))

        ends = at_once(
            partial(waitlist.offer, entry=entry, clinic=clinic, start=start, by=None),
            partial(book, plan=other.plan, dose_number=1, clinic=clinic, start=start, by=None),
        )

        assert sorted(ends) == ["time", "won"]
    assert broken() == {}


def test_an_offer_accepted_let_go_and_accepted_again_at_once_has_one_end() -> None:
    clinic = grounds(chairs=1, days=4)
    ends = []
    for start in slots(clinic, days=4):
        [entry] = entries(make_plans(clinic, 1))
        held = waitlist.offer(entry=entry, clinic=clinic, start=start, by=None)

        ends.append(
            at_once(
                partial(waitlist.accept, offer=held, by=None),
                partial(waitlist.let_go, offer=held, by=None),
                partial(waitlist.accept, offer=held, by=None),
            )
        )

        held.refresh_from_db()
        is_booked = Appointment.objects.filter(plan=entry.plan, status__in=HELD).exists()
        assert is_booked == (held.outcome == OfferOutcome.ACCEPTED)
    assert all(sorted(one) == ["settled", "settled", "won"] for one in ends), ends
    assert broken() == {}


def test_an_offer_accepted_in_the_moment_it_lapses_is_either_booked_or_lapsed() -> None:
    clinic = grounds(chairs=1, days=4)
    outcomes = set()
    for number, start in enumerate(slots(clinic, days=4)):
        [entry] = entries(make_plans(clinic, 1))
        held = waitlist.offer(entry=entry, clinic=clinic, start=start, by=None)
        soon = timezone.now() + timedelta(milliseconds=3 + 2 * number)
        WaitlistOffer.objects.filter(pk=held.pk).update(held_until=soon)

        accepted, _ = at_once(partial(waitlist.accept, offer=held, by=None), waitlist.write_down_lapsed)

        time.sleep(0.05)
        waitlist.write_down_lapsed()
        held.refresh_from_db()
        is_booked = Appointment.objects.filter(plan=entry.plan, status__in=HELD).exists()
        outcomes.add((accepted, held.outcome, is_booked))
    assert outcomes <= {("won", OfferOutcome.ACCEPTED, True), ("lapsed", OfferOutcome.LAPSED, False)}
    assert broken() == {}


def test_four_people_who_claim_a_patient_at_once_are_one() -> None:
    clinic = grounds(days=1)
    staff = [make_user(f"desk{number}", Role.FRONT_DESK, clinic) for number in range(4)]
    for number in range(10):
        patient = make_patient(clinic)
        if number % 2:
            lapsed = timezone.now() - marks.CLAIM
            PatientClaim.objects.create(patient=patient, by=make_user(f"left{number}", Role.FRONT_DESK), at=lapsed)

        ends = at_once(*(partial(marks.claim, patient=patient, by=one) for one in staff))

        assert sorted(ends) == ["claimed", "claimed", "claimed", "won"]
        assert PatientClaim.objects.get(patient=patient).by == staff[ends.index("won")]
