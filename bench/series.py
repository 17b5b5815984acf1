"""A whole year, 13 doses of Tysabri, booked in one action, beside 13 times one booking."""

from datetime import date
from statistics import median

from bench.booking import cost_of_one
from bench.clock import milliseconds
from bench.table import Result
from bench.world import EmptyDays, clinics_of, make_newcomers
from patients.models import TreatmentPlan
from scheduling.series import Choice, book_series, propose

DOSES = 13
MOST = 1.3


def run(*, days: EmptyDays, is_small: bool) -> list[Result]:
    """Book whole years in the clinics that are rostered for so long."""
    count = 2 if is_small else 8
    clinics = clinics_of(3)
    plans = make_newcomers(clinics, count + 1, therapy="tysabri", prefix="Y")
    one = cost_of_one(days=days, clinics=clinics, count=count * 5, prefix="O")
    [first] = days.take(1)
    took = median([_took(plan, first) for plan in plans][1:])
    return [
        Result(
            f"a year of {DOSES} doses booked in one action",
            took,
            limit=one * DOSES,
            mark=f"≤ {MOST}× as many bookings",
            is_met=took <= MOST * one * DOSES,
        )
    ]


def _took(plan: TreatmentPlan, first: date) -> float:
    """How long it takes to book the year that is proposed from a day on."""
    steps = propose(plan=plan, count=DOSES, clinics=[plan.patient.home_clinic], not_before=first)
    choices = [Choice(step.dose_number, step.choices[0].clinic, step.choices[0].start) for step in steps]
    return milliseconds(lambda: book_series(plan=plan, choices=choices, by=None))
