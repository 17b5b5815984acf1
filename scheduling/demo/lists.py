"""The worklists of the demonstration: who waits for a time, an offer that holds a chair, a call, a note, a claim."""

from collections.abc import Iterator
from datetime import timedelta

from django.utils import timezone

from clinic.models import User, Weekday
from scheduling import waitlist
from scheduling.demo.story import Story
from scheduling.matching import times_for
from scheduling.models import Appointment, CallOutcome, PartOfDay, Status, WaitlistEntry
from scheduling.waitlist import Wishes
from scheduling.worklists import marks
from scheduling.worklists.due import due_doses
from scheduling.worklists.missed import record_call, to_call
from scheduling.worklists.page import reading_for

FROM, UNTIL = timedelta(days=6), timedelta(days=35)
"""Between these, appointments are asked to come earlier."""

WISHES: tuple[tuple[str, tuple[int, ...], str], ...] = (
    (PartOfDay.MORNING, (), "Retired, can come at short notice"),
    ("", (Weekday.TUESDAY, Weekday.THURSDAY), "Her daughter drives on these days"),
    (PartOfDay.AFTERNOON, (), ""),
    ("", (Weekday.FRIDAY,), "Teaches Monday to Thursday"),
    ("", (), "Symptoms come back before the dose"),
)
"""Part of the day, weekdays and note of those who want to come earlier."""

OFFERED_FOR = timedelta(hours=24)


def fill(*, story: Story) -> None:
    """Let some patients wait, offer one of them a time, and mark a few rows of the lists."""
    desk, colleague = story.staff.front_desk, story.staff.charge
    entries = [*_wanting_earlier(story, desk), *_waiting_for_a_dose(story, desk)]
    for entry in entries:
        times = times_for(entry=entry, clinics=story.clinics, limit=1)
        if times:
            [best] = times
            waitlist.offer(entry=entry, clinic=best.clinic, start=best.start, hold=OFFERED_FOR, by=desk)
            break
    _mark(story, desk, colleague)


def _wanting_earlier(story: Story, by: User) -> Iterator[WaitlistEntry]:
    now = timezone.now()
    booked = Appointment.objects.filter(
        status=Status.BOOKED, period__startswith__range=(now + FROM, now + UNTIL), dose_number__gte=2
    ).select_related("plan", "clinic")
    found = list(booked.order_by("period", "pk"))
    for one, (part, weekdays, note) in zip(found[:: max(1, len(found) // len(WISHES))], WISHES, strict=False):
        yield waitlist.add(
            plan=one.plan,
            dose_number=one.dose_number,
            appointment=one,
            wishes=Wishes(clinics=[one.clinic], weekdays=weekdays, part=part, note=note),
            by=by,
        )


def _waiting_for_a_dose(story: Story, by: User) -> Iterator[WaitlistEntry]:
    for plan, due in due_doses(clinics=story.clinics, today=story.today)[-2:]:
        wishes = Wishes(
            clinics=[plan.patient.home_clinic], part=PartOfDay.MORNING, note="Before work, if at all possible"
        )
        yield waitlist.add(plan=plan, dose_number=due.dose_number, wishes=wishes, by=by)


def _mark(story: Story, desk: User, colleague: User) -> None:
    """A call that nobody answered, two rows that sleep, and a colleague at work."""
    for missed in to_call(reading_for(story.clinics))[:1]:
        record_call(appointment=missed, outcome=CallOutcome.NO_ANSWER, by=desk)
    due = due_doses(clinics=story.clinics, today=story.today)
    for plan, dose in due[2:4]:
        marks.snooze(
            worklist="due",
            subject=f"{plan.pk}-{dose.dose_number}",
            until=story.today + timedelta(days=3),
            note="Waits for the prescriber’s new order",
            by=desk,
        )
    if due:
        marks.claim(patient=due[0][0].patient, by=colleague)
