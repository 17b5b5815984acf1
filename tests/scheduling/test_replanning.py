"""A new plan of a day, proposed and accepted: a sick nurse, a broken chair, early closing, snow."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine

from clinic.models import Chair, Clinic, Nurse, User
from patients.models import DoseGiven, DoseSource
from scheduling import closing, restaffing
from scheduling.booking import cancel, confirm, set_status
from scheduling.engine.replan import Limit
from scheduling.models import Appointment, CallToMake, Reason
from scheduling.refusals import NotAvailable
from scheduling.replan_day import Proposal, propose
from scheduling.replanning import accept, record_called
from tests.races.verdict import broken
from tests.scheduling.pages import counting
from tests.world import BEFORE, DAY, at, booked, make_nurse, make_patient, make_plan, on_floor

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _clock() -> Iterator[None]:
    with time_machine.travel(BEFORE, tick=False):
        yield


@pytest.fixture
def anna(madison: Clinic) -> Nurse:
    """One of two nurses of Madison, who works for a fortnight with her colleague."""
    team = [make_nurse(madison, "Anna Berg"), make_nurse(madison, "Ben Cole")]
    for number in range(14):
        for one in team:
            on_floor(madison, day=DAY + timedelta(days=number), nurse=one)
    return team[0]


def call_in_sick(nurse: Nurse, clinic: Clinic, start: str = "8:00", end: str = "17:00") -> None:
    restaffing.take_off(nurse=nurse, start=at(clinic, start), end=at(clinic, end), reason="Ill", by=None)


def proposed(clinic: Clinic, *clinics: Clinic) -> Proposal:
    return propose(clinic=clinic, date=DAY, clinics=[clinic, *clinics], limit=Limit(seconds=600))


def accept_all(proposal: Proposal, by: User | None = None) -> list[Appointment]:
    return accept(
        clinic=proposal.clinic,
        date=proposal.date,
        moves=proposal.moves,
        seen=proposal.seen,
        why={move.appointment: "Nurse ill" for move in proposal.moves},
        by=by,
    )


def starts(visits: list[Appointment]) -> dict[int, object]:
    return {one.pk: one.start for one in Appointment.objects.filter(pk__in=[visit.pk for visit in visits])}


def test_after_a_sick_call_one_patient_gets_another_time_and_nobody_is_short_staffed(
    madison: Clinic, anna: Nurse, charge_nurse: User
) -> None:
    visits = [booked(madison, clock) for clock in ("8:00", "8:15", "8:30", "9:00")]
    for visit in visits[:3]:
        confirm(appointment=visit, by=None)
    call_in_sick(anna, madison)
    assert Appointment.objects.filter(short_staffed=True).count() == 1

    proposal = proposed(madison)
    accept_all(proposal, charge_nurse)

    assert proposal.plan.is_proved
    [move] = proposal.moves
    assert move.appointment == visits[3].pk
    assert not Appointment.objects.filter(short_staffed=True).exists()
    assert starts(visits)[visits[3].pk] == at(madison, "10:30")
    [call] = CallToMake.objects.all()
    assert (call.appointment, call.old_period.lower) == (visits[3], at(madison, "9:00"))
    assert call.asked_by == charge_nurse
    assert broken() == {}


def test_who_cannot_stay_goes_to_the_nearest_day_in_the_window_and_no_two_to_the_same_opening(
    madison: Clinic, anna: Nurse
) -> None:
    visits = [booked(madison, clock) for clock in ("8:00", "9:00", "10:30", "11:30")]
    closing.close_clinic(clinic=madison, start=at(madison, "8:00"), end=at(madison, "17:00"), reason="Snow")

    proposal = proposed(madison)
    made = accept_all(proposal)

    assert {one.pk for one in made} == {visit.pk for visit in visits}
    opened = [(one.clinic.pk, one.start, one.chair_id) for one in proposal.openings.values()]
    assert len(set(opened)) == 4
    assert all(one.window in {"green", "amber"} and one.day != DAY for one in proposal.openings.values())
    assert {Appointment.objects.get(pk=pk).start for pk in proposal.openings} == {
        one.start for one in proposal.openings.values()
    }
    assert CallToMake.objects.count() == 4
    assert broken() == {}


def test_a_closed_clinics_patients_go_to_another_clinic_only_where_their_own_has_no_day(
    madison: Clinic, wausau: Clinic
) -> None:
    on_floor(madison)
    for number in range(7):
        on_floor(wausau, day=DAY + timedelta(days=number))
    visit = booked(madison, "9:00")
    closing.close_clinic(clinic=madison, start=at(madison, "8:00"), end=at(madison, "17:00"), reason="Snow")

    alone, together = proposed(madison), proposed(madison, wausau)

    assert alone.stranded == (visit.pk,)
    assert not alone.moves
    assert together.openings[visit.pk].clinic == wausau
    accept_all(together)
    assert Appointment.objects.get().clinic == wausau
    assert broken() == {}


def test_a_broken_chair_changes_a_chair_and_no_time(madison: Clinic, anna: Nurse) -> None:
    first, second = madison.chairs.order_by("pk")[:2]
    visits = [booked(madison, "8:00", chair=first), booked(madison, "8:15", chair=second)]
    chair = visits[0].chair
    closing.put_chair_out(chair=chair, start=at(madison, "8:00"), end=at(madison, "17:00"), reason="Motor")

    proposal = proposed(madison)
    accept_all(proposal)

    [move] = proposal.moves
    assert not move.is_time
    assert Appointment.objects.get(pk=visits[0].pk).chair != chair
    assert not CallToMake.objects.exists()
    assert broken() == {}


def test_patients_who_swap_are_accepted_together_though_neither_could_go_alone(wausau: Clinic) -> None:
    on_floor(wausau)
    first, second = Chair.objects.filter(clinic=wausau).order_by("pk")[:2]
    Chair.objects.filter(clinic=wausau).exclude(pk__in=[first.pk, second.pk]).update(is_active=False)
    early = booked(wausau, "8:00", chair=first)
    late = booked(wausau, "10:30", chair=second)
    for chair, start, end in ((first, "8:00", "10:30"), (second, "10:30", "17:00")):
        closing.put_chair_out(chair=chair, start=at(wausau, start), end=at(wausau, end), reason="Motor")

    accept_all(proposed(wausau))

    early.refresh_from_db()
    late.refresh_from_db()
    assert (early.chair, late.chair) == (second, first)
    assert (early.start, late.start) == (at(wausau, "8:00"), at(wausau, "10:30"))
    assert broken() == {}


def test_early_closing_moves_the_afternoon_forward_and_keeps_who_has_arrived(madison: Clinic, anna: Nurse) -> None:
    with time_machine.travel(at(madison, "9:00"), tick=False):
        here, later = booked(madison, "9:00"), booked(madison, "13:00")
        set_status(appointment=here, status="arrived", by=None)
        closing.close_clinic(clinic=madison, start=at(madison, "14:00"), end=at(madison, "17:00"), reason="Ice")

        accept_all(proposed(madison))

    here.refresh_from_db()
    later.refresh_from_db()
    assert here.start == at(madison, "9:00")
    assert later.start == at(madison, "11:30")
    assert broken() == {}


def test_a_time_within_the_hour_is_nobodys_new_time(madison: Clinic, anna: Nurse) -> None:
    with time_machine.travel(at(madison, "8:50"), tick=False):
        visits = [booked(madison, clock) for clock in ("9:00", "9:15", "9:30", "9:45")]
        call_in_sick(anna, madison, "8:45")

        proposal = proposed(madison)

    assert proposal.moves
    assert all(move.start >= at(madison, "10:00") for move in proposal.moves if move.is_time)
    assert {move.appointment for move in proposal.moves} < {visit.pk for visit in visits}


def test_minimum_gap_and_window_are_kept_and_a_dose_without_another_day_is_not_sent_away(
    madison: Clinic, anna: Nurse
) -> None:
    # Dose 2 stands four weeks before dose 3: it may not come later than it does.
    tight = make_plan(make_patient(madison), given={1: DAY - timedelta(days=28)}, start_on=DAY - timedelta(days=28))
    visit = booked(madison, "9:00", plan=tight, dose_number=2)
    closing.close_clinic(clinic=madison, start=at(madison, "8:00"), end=at(madison, "17:00"), reason="Snow")

    proposal = proposed(madison)

    opening = proposal.openings[visit.pk]
    given = DoseGiven.objects.get(plan=tight, source=DoseSource.ENTERED)
    assert (opening.day - given.given_on).days >= 21
    assert opening.window in {"green", "amber"}


def test_a_day_that_has_changed_is_not_written_over(madison: Clinic, anna: Nurse) -> None:
    visits = [booked(madison, clock) for clock in ("8:00", "8:15", "8:30", "9:00")]
    call_in_sick(anna, madison)
    proposal = proposed(madison)
    before = starts(visits)
    cancel(appointment=visits[0], reason=Reason.PATIENT_ILL, by=None)

    with pytest.raises(NotAvailable) as refusal:
        accept_all(proposal)

    assert refusal.value.code == "changed"
    assert starts(visits) == before
    assert not CallToMake.objects.exists()


def test_a_nurse_who_is_back_makes_the_plan_out_of_date(madison: Clinic, anna: Nurse) -> None:
    for clock in ("8:00", "8:15", "8:30", "9:00"):
        booked(madison, clock)
    call_in_sick(anna, madison)
    proposal = proposed(madison)
    restaffing.put_back(absence=anna.absences.get())

    with pytest.raises(NotAvailable, match="has changed meanwhile"):
        accept_all(proposal)

    assert not proposed(madison).moves


def test_a_patient_who_arrives_meanwhile_stays_where_she_is(madison: Clinic, anna: Nurse) -> None:
    visits = [booked(madison, clock) for clock in ("8:00", "8:15", "8:30", "9:00")]
    call_in_sick(anna, madison)
    proposal = proposed(madison)
    moved = proposal.moves[0].appointment
    with time_machine.travel(at(madison, "7:50"), tick=False):
        set_status(appointment=next(one for one in visits if one.pk == moved), status="arrived", by=None)

        with pytest.raises(NotAvailable, match="has changed meanwhile"):
            accept_all(proposal)


def test_one_move_is_accepted_alone_and_the_rest_is_proposed_again(madison: Clinic, anna: Nurse) -> None:
    Chair.objects.create(clinic=madison, name="Chair 5", kind="recliner", position=5)
    for clock in ("8:00", "8:15", "8:30", "9:00", "9:15"):
        booked(madison, clock)
    call_in_sick(anna, madison)
    proposal = proposed(madison)
    assert len(proposal.moves) == 2
    first = next(move for move in proposal.moves if move.appointment in proposal.alone)

    accept(clinic=madison, date=DAY, moves=[first], seen=proposal.seen, why={}, by=None)

    rest = proposed(madison)
    assert len(rest.moves) == 1
    assert rest.moves[0].appointment != first.appointment
    accept_all(rest)
    assert not Appointment.objects.filter(short_staffed=True).exists()
    assert broken() == {}


def test_a_call_is_ticked_off_once(madison: Clinic, anna: Nurse, charge_nurse: User, front_desk: User) -> None:
    for clock in ("8:00", "8:15", "8:30", "9:00"):
        booked(madison, clock)
    call_in_sick(anna, madison)
    accept_all(proposed(madison), charge_nurse)
    call = CallToMake.objects.get()

    record_called(call=call, by=front_desk)

    call.refresh_from_db()
    assert (call.called_by, call.called_at) == (front_desk, BEFORE)
    with pytest.raises(NotAvailable, match="just called"):
        record_called(call=call, by=charge_nurse)


def test_who_is_moved_twice_is_called_once_about_the_time_that_is_still_known(madison: Clinic, anna: Nurse) -> None:
    visit = booked(madison, "9:00")
    for start, end in (("8:00", "10:00"), ("10:00", "17:00")):
        closing.close_clinic(clinic=madison, start=at(madison, start), end=at(madison, end), reason="Ice")
        proposal = proposed(madison)
        if proposal.moves:
            accept_all(proposal)

    call = CallToMake.objects.get()
    assert (call.appointment, call.old_period.lower) == (visit, at(madison, "9:00"))


def test_a_day_in_order_needs_no_plan(madison: Clinic, anna: Nurse) -> None:
    booked(madison, "9:00")

    proposal = proposed(madison)

    assert not proposal.moves
    assert proposal.plan.is_proved


def test_reading_a_day_takes_as_many_queries_for_many_patients_as_for_few(madison: Clinic, anna: Nurse) -> None:
    costs = []
    for clocks in (("8:00",), ("8:15", "8:30", "11:00", "11:15", "13:30")):
        for clock in clocks:
            booked(madison, clock)
        with counting() as queries:
            proposed(madison)
        costs.append(len(queries))

    assert costs[0] == costs[1]


def test_finding_other_days_takes_as_many_queries_for_many_patients_as_for_few(madison: Clinic, anna: Nurse) -> None:
    closing.close_clinic(clinic=madison, start=at(madison, "14:00"), end=at(madison, "17:00"), reason="Ice")
    costs = []
    for clocks in (("8:00",), ("9:00", "10:30", "11:30")):
        closed = madison.closures.get()
        closing.reopen(closure=closed)
        for clock in clocks:
            booked(madison, clock)
        closing.close_clinic(clinic=madison, start=at(madison, "8:00"), end=at(madison, "17:00"), reason="Snow")
        with counting() as queries:
            assert proposed(madison).openings
        costs.append(len(queries))

    assert costs[0] == costs[1]
