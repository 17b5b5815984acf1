"""What stands in the book: visits that are not over. Each patient hears of hers as of when it was agreed."""

from datetime import timedelta

from scheduling.demo.story import Story, Visit
from scheduling.taking_over import KnownVisit, take_over_day, tell

CONFIRMED = (0.92, 0.85, 0.75, 0.5, 0.3)
"""The share of those who have confirmed: today, tomorrow, and the days after."""


def write(*, story: Story) -> None:
    """Put the book of today and the days to come on record, a clinic day at a time."""
    for day in sorted(day for day in story.visits if day >= story.today):
        story.clock.set(story.dawn)
        for clinic in story.clinics:
            to_come = [
                visit for visit in story.visits[day] if visit.start.clinic == clinic and visit.start.end > story.moment
            ]
            to_come.sort(key=lambda visit: (visit.start.start, visit.key))
            if to_come:
                known = [_known(story, visit) for visit in to_come]
                made = take_over_day(clinic=clinic, day=day, visits=known, by=story.staff.front_desk)
                for visit, appointment in zip(to_come, made, strict=True):
                    visit.appointment = appointment
    written = [visit for of_day in story.visits.values() for visit in of_day if visit.appointment]
    for visit in sorted(written, key=lambda visit: (visit.booked_at, visit.key)):
        story.clock.set(visit.booked_at)
        tell(appointment=visit.booked, by=story.staff.front_desk)


def _known(story: Story, visit: Visit) -> KnownVisit:
    days = (visit.start.day - story.today).days
    said = story.dawn - timedelta(hours=story.rng.randint(10, 70), minutes=story.rng.randint(0, 59))
    has_confirmed = days < len(CONFIRMED) and story.rng.random() < CONFIRMED[days]
    return KnownVisit(
        plan=visit.course.plan,
        dose_number=visit.number,
        chair_id=visit.start.chair_id,
        start=visit.start.start,
        end=visit.start.end,
        booked_at=visit.booked_at,
        steps=(),
        confirmed_at=said if has_confirmed and said > visit.booked_at else None,
    )
