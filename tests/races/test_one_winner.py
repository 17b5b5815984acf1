"""Eight processes want what only one can have: one gets it, the others are told, and nobody meets a deadlock."""

from dataclasses import replace
from datetime import datetime, timedelta
from multiprocessing.pool import Pool

import pytest

from scheduling.models import Appointment, Status
from tests.races.contest import RACERS, Contest, Try, hold
from tests.races.grounds import day_number, grounds, make_plans, slots
from tests.races.verdict import broken
from tests.world import at, booked, make_patient, make_plan

pytestmark = pytest.mark.django_db(transaction=True)

QUARTER = timedelta(minutes=15)


def judge(contest: Contest, name: str) -> None:
    """Nobody met an error, the lock kept everybody off the constraints, and every guarantee holds."""
    contest.report(name)
    assert contest.surprises == []
    assert contest.pgcodes == {}
    assert broken() == {}


def test_one_patient_is_started_by_a_nurse_at_a_time(racers: Pool) -> None:
    clinic = grounds(nurses=1, days=6)
    chairs = list(clinic.chairs.values_list("pk", flat=True))
    plans = iter(make_plans(clinic, 18 * RACERS))

    contest = hold(
        racers,
        [
            [Try("book", start=start, clinic=clinic.pk, chair=chair, plan=next(plans)) for chair in chairs]
            for start in slots(clinic, days=6)
        ],
    )

    judge(contest, "one start")
    assert set(contest.winners) == {1}


def test_one_patient_gets_the_last_place_of_a_nurse(racers: Pool) -> None:
    clinic = grounds(nurses=1, chairs=10, days=8)
    first, second, *chairs = clinic.chairs.all()
    for number in range(8):
        booked(clinic, "10:00", day=day_number(number), chair=first)
        booked(clinic, "10:15", day=day_number(number), chair=second)
    plans = iter(make_plans(clinic, 8 * RACERS))

    contest = hold(
        racers,
        [
            [
                Try(
                    "book",
                    start=at(clinic, "10:30", day_number(number)) + n * QUARTER,
                    clinic=clinic.pk,
                    chair=chair.pk,
                    plan=next(plans),
                )
                for n, chair in enumerate(chairs)
            ]
            for number in range(8)
        ],
    )

    judge(contest, "the last place")
    assert set(contest.winners) == {1}


def test_one_appointment_for_a_patient_at_two_clinics(racers: Pool) -> None:
    clinics = [grounds(slug, days=4) for slug in ("madison", "wausau")]
    starts = list(slots(clinics[0], days=4))
    patients = [make_patient(clinics[0]) for _ in starts]
    plans = [[make_plan(patient, slug).pk for slug in ("tysabri", "vedolizumab")] for patient in patients]

    contest = hold(
        racers,
        [
            [
                Try("book", start=start + n % 4 * QUARTER, clinic=clinics[n % 2].pk, plan=of_patient[n % 2])
                for n in range(RACERS)
            ]
            for start, of_patient in zip(starts, plans, strict=True)
        ],
    )

    judge(contest, "one patient, two clinics")
    # All of these stays overlap, whichever of the two drugs it is.
    assert set(contest.winners) == {1}
    assert contest.refusals == {"time", "booked"}


def test_one_appointment_for_a_dose(racers: Pool) -> None:
    clinics = [grounds(slug, days=RACERS) for slug in ("madison", "wausau")]
    plans = make_plans(clinics[0], 15)

    def tries(number: int, plan: int) -> list[Try]:
        # Three patients may start at a time: no racer's own day fills up before the race is over.
        clock = f"{9 + number // 3}:00"
        return [
            Try("book", start=at(clinics[n % 2], clock, day_number(n)), clinic=clinics[n % 2].pk, plan=plan)
            for n in range(RACERS)
        ]

    contest = hold(racers, [tries(number, plan) for number, plan in enumerate(plans)])

    judge(contest, "one dose")
    assert set(contest.winners) == {1}
    assert contest.refusals == {"booked"}


def test_moves_and_bookings_want_the_same_chair(racers: Pool) -> None:
    clinic = grounds(days=7, chairs=RACERS + 1)
    chair, *others = clinic.chairs.all()
    moving = [booked(clinic, f"8:{n % 2 * 15:02}", chair=other).pk for n, other in enumerate(others)]
    starts = list(slots(clinic, days=7))[3:]
    plans = iter(make_plans(clinic, len(starts) * RACERS))

    def tries(start: datetime, movers: int) -> list[Try]:
        wanted = Try("move", start=start, clinic=clinic.pk, chair=chair.pk)
        return [
            *(replace(wanted, appointment=pk) for pk in moving[:movers]),
            *(replace(wanted, what="book", plan=next(plans)) for _ in range(RACERS - movers)),
        ]

    # A move has more to read than a booking, and mostly comes second: every other round is for moves alone.
    contest = hold(racers, [tries(start, RACERS if n % 2 else RACERS // 2) for n, start in enumerate(starts)])

    judge(contest, "moves against bookings")
    assert set(contest.winners) == {1}


def test_patients_who_cross_between_two_days_meet_no_deadlock(racers: Pool) -> None:
    clinics = [grounds(slug, days=1, nurses=4) for slug in ("madison", "wausau")]
    travellers = [booked(clinics[n % 2], f"{8 + n // 2}:{n % 2 * 15:02}").pk for n in range(RACERS)]

    contest = hold(
        racers,
        [
            [
                Try(
                    "move",
                    start=at(clinics[0], f"{8 + n // 2}:{n % 2 * 15:02}"),
                    clinic=clinics[(n + lap) % 2].pk,
                    appointment=pk,
                )
                for n, pk in enumerate(travellers)
            ]
            for lap in range(1, 16)
        ],
    )

    judge(contest, "crossing moves")
    assert set(contest.winners) == {RACERS}


def test_a_cancelled_chair_goes_to_one_patient(racers: Pool) -> None:
    clinic = grounds(days=5)
    chair = clinic.chairs.earliest("position")
    starts = list(slots(clinic, days=5))
    leaving = [
        booked(clinic, start, day=day_number(number), chair=chair).pk
        for number in range(5)
        for start in ("8:00", "10:30", "13:00")
    ]
    plans = iter(make_plans(clinic, len(starts) * 4))

    contest = hold(
        racers,
        [
            [
                *(Try("cancel", appointment=pk) for _ in range(4)),
                *(Try("book", start=start, clinic=clinic.pk, chair=chair.pk, plan=next(plans)) for _ in range(4)),
            ]
            for start, pk in zip(starts, leaving, strict=True)
        ],
    )

    judge(contest, "cancellations and bookings")
    for one in contest.rounds:
        done = [outcome.tried.what for outcome in one if outcome.has_won]
        assert done.count("cancel") == 1
        assert done.count("book") <= 1
    assert Appointment.objects.filter(status=Status.CANCELLED).count() == len(starts)
