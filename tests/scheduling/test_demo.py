"""The demonstration: true to every rule, and as the clinics would have it. Seeded once, on a Tuesday at 11:10."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.utils import timezone
from pytest_django.plugin import DjangoDbBlocker

from clinic.hours import open_periods
from clinic.models import Clinic, FloorPeriod, Nurse, Role, Shift, User
from patients.models import DoseGiven, Patient
from patients.phones import shown
from scheduling.demo.seeding import CannotSeed, Scale, seed, wipe
from scheduling.models import HELD, IN_CHAIR, Appointment, NurseAssignment, Reason, Status
from tests.world import make_patient
from therapies.models import Therapy

pytestmark = pytest.mark.django_db

ZONE = ZoneInfo("America/Chicago")
TUESDAY, SUNDAY = date(2026, 11, 24), date(2026, 11, 22)
SMALL = Scale(patients=56, days_back=60, days_ahead=60)


def at(day: date, clock: str) -> datetime:
    return datetime.combine(day, datetime.strptime(clock, "%H:%M").time(), tzinfo=ZONE)


def of_day(day: date, slug: str = "madison") -> list[Appointment]:
    start = at(day, "0:00")
    return list(
        Appointment.objects.filter(
            clinic__slug=slug, period__startswith__gte=start, period__startswith__lt=start + timedelta(days=1)
        ).order_by("period", "id")
    )


def facts() -> list[tuple[object, ...]]:
    """What must be the same when the same day is seeded twice."""
    columns = ("plan__patient__mrn", "dose_number", "clinic__slug", "chair__name", "period", "status", "reason")
    return list(Appointment.objects.order_by("period", "plan__patient__mrn").values_list(*columns))


@pytest.fixture(scope="module", autouse=True)
def _seeded(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """One demonstration for all tests of this file; each undoes what it does, and the last one undoes it all."""
    with django_db_blocker.unblock(), transaction.atomic():
        seed(now=at(TUESDAY, "11:10"), scale=SMALL)
        yield
        transaction.set_rollback(True)


def test_the_same_day_gives_the_same_demonstration() -> None:
    before = facts()
    wipe()
    seed(now=at(TUESDAY, "11:10"), scale=SMALL)
    assert facts() == before


def test_every_guarantee_holds() -> None:
    with connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
        cursor.execute(
            """select count(*) from scheduling_appointment a
               where a.status in ('booked', 'arrived', 'seated', 'infusing', 'observing', 'done')
                 and not a.short_staffed
                 and a.period::tstzmultirange is distinct from
                     (select range_agg(n.period) from scheduling_nurseassignment n where n.appointment_id = a.id)"""
        )
        assert cursor.fetchone() == (0,)
        cursor.execute(
            """select count(*) from scheduling_appointment a join patients_treatmentplan p on p.id = a.plan_id
               where p.patient_id <> a.patient_id"""
        )
        assert cursor.fetchone() == (0,)
    assert Appointment.objects.filter(short_staffed=True).count() <= 1


def test_nobody_comes_when_a_clinic_is_closed() -> None:
    clinics = list(Clinic.objects.all())
    hours = open_periods(clinics=clinics, first_day=TUESDAY - timedelta(days=80), last_day=TUESDAY + timedelta(days=90))
    for appointment in Appointment.objects.all():
        day = appointment.start.astimezone(ZONE).date()
        [(opens, closes)] = hours[appointment.clinic_id, day]
        assert opens <= appointment.start < appointment.end <= closes


def test_doses_keep_their_minimum_gap() -> None:
    held = Appointment.objects.filter(status__in=HELD).select_related("dose_phase").order_by("plan", "dose_number")
    before: Appointment | None = None
    for appointment in held:
        if before and before.plan_id == appointment.plan_id:
            apart = appointment.start.astimezone(ZONE).date() - before.start.astimezone(ZONE).date()
            assert apart.days >= max(appointment.dose_phase.min_gap_days, 1)
        before = appointment


def test_the_past_is_over_and_its_doses_are_on_record() -> None:
    past = Appointment.objects.filter(period__endswith__lt=at(TUESDAY, "0:00"))
    assert set(past.values_list("status", flat=True)) >= {Status.DONE, Status.CANCELLED}
    assert not past.filter(status__in=[Status.BOOKED, *IN_CHAIR]).exists()
    assert not past.filter(status__in=[Status.CANCELLED, Status.NO_SHOW]).exclude(reason__in=Reason.values).exists()
    done = {(one.plan_id, one.dose_number, one.start.astimezone(ZONE).date()) for one in past.filter(status="done")}
    assert done <= set(DoseGiven.objects.values_list("plan_id", "dose_number", "given_on"))
    assert not any(one.booked_at > one.start for one in past)
    [last] = past.filter(status="done").order_by("-period")[:1]
    stamps = list(last.status_changes.order_by("at", "id"))
    assert [stamp.status for stamp in stamps][:3] == [Status.BOOKED, Status.ARRIVED, Status.SEATED]
    assert stamps[-1].status == Status.DONE


def test_days_do_not_go_quite_as_booked() -> None:
    """Somebody sat down late, somebody stayed longer; and nobody sat down in a chair that was still taken."""
    done = Appointment.objects.filter(period__endswith__lt=at(TUESDAY, "0:00"), status="done")
    sat: dict[int, list[tuple[datetime, datetime]]] = {}
    late = over = 0
    for visit in done.prefetch_related("status_changes"):
        moments = {change.status: change.at for change in visit.status_changes.all()}
        late += moments["seated"] - visit.start > timedelta(minutes=15)
        over += moments["done"] - visit.planned_period.upper > timedelta(minutes=5)
        sat.setdefault(visit.chair_id, []).append((moments["seated"], moments["done"]))
    assert 0 < late < done.count() / 3
    assert 0 < over < done.count() / 3
    for stays in sat.values():
        assert all(before[1] < after[0] for before, after in pairwise(sorted(stays)))


def test_lunches_are_staggered_so_that_every_chair_can_be_cared_for() -> None:
    for clinic in Clinic.objects.all():
        for clock in ("11:00", "11:30", "12:00", "12:30", "13:00", "13:30"):
            moment = at(TUESDAY + timedelta(days=7), clock)
            on_floor = FloorPeriod.objects.filter(clinic=clinic, period__contains=moment).count()
            assert 3 * on_floor >= clinic.chairs.count()


def test_at_eleven_somebody_waits_and_somebody_has_not_confirmed() -> None:
    today = [one for clinic in Clinic.objects.all() for one in of_day(TUESDAY, clinic.slug)]

    assert {Status.ARRIVED, Status.INFUSING, Status.DONE, Status.BOOKED} <= {one.status for one in today}
    assert any(one.status == Status.BOOKED and one.confirmed_at is None for one in today)
    assert any(one.status == Status.BOOKED and one.confirmed_at for one in today)


def test_the_log_ins_work_at_every_clinic_and_the_nurse_works_today() -> None:
    for username, role in (
        ("frontdesk", Role.FRONT_DESK),
        ("nurse", Role.NURSE),
        ("charge", Role.CHARGE_NURSE),
        ("manager", Role.MANAGER),
    ):
        user = authenticate(username=username, password="chairside-demo")
        assert isinstance(user, User)
        assert [membership.role for membership in user.memberships.all()] == [role] * 3
    nurse = Nurse.objects.get(user__username="nurse")
    assert Shift.objects.filter(nurse=nurse, period__contains=at(TUESDAY, "10:00")).exists()
    assert NurseAssignment.objects.filter(nurse=nurse, appointment__in=of_day(TUESDAY)).exists()


def test_two_patients_share_a_name_and_nobody_has_a_real_number() -> None:
    johnsons = Patient.objects.filter(family_name="Johnson", given_name="Karen")
    assert johnsons.count() >= 2
    assert len(set(johnsons.values_list("birth_date", flat=True))) == johnsons.count()
    points = [point for patient in Patient.objects.all() for point in patient.contact_points.all()]
    assert all(
        "555-01" in shown(point.value) if point.kind != "email" else point.value.endswith("@example.com")
        for point in points
    )


def test_seeding_twice_changes_nothing_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    before = facts()

    call_command("seed_demo")

    assert "there already" in capsys.readouterr().out
    assert facts() == before
    with pytest.raises(CannotSeed):
        seed(now=timezone.now())


def test_a_demonstration_with_a_patient_of_ones_own_is_not_wiped() -> None:
    make_patient(Clinic.objects.get(slug="madison"), mrn="A1021")

    with pytest.raises(CommandError, match="1 patients here were not made by seed_demo"):
        call_command("seed_demo", again=True)
    assert Patient.objects.filter(mrn="A1021").exists()


def test_wiping_leaves_the_therapies() -> None:
    therapies = Therapy.objects.count()

    wipe()

    assert not Clinic.objects.exists()
    assert Therapy.objects.count() == therapies
