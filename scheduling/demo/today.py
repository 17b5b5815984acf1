"""Today, as it stands at some moment: done, infusing, observed, waiting; one late, one missed, one short of a nurse."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from clinic.models import Clinic, Nurse
from clinic.quarters import QUARTER, ClinicDate, at_wall_clock, ceil_quarter
from scheduling import restaffing
from scheduling.booking import cancel, set_status
from scheduling.demo.history import MISSED_REASONS, past, reason_from, steps_of
from scheduling.demo.papers import Papers
from scheduling.demo.story import Story, Visit
from scheduling.engine.day import Day, NurseDay, span
from scheduling.engine.redeal import redeal
from scheduling.load import load_day
from scheduling.models import Reason, Status
from scheduling.taking_over import KnownVisit, take_over_day

FIRST_LIVELY, LAST_LIVELY = time(10), time(16, 15)
MORNING, AFTERNOON = time(11), time(14)

LATE = timedelta(minutes=20)
MISSED = timedelta(minutes=45)


@dataclass(frozen=True, slots=True)
class Mark:
    """A status that an appointment takes at a moment."""

    at: datetime
    visit: Visit
    status: Status


def moment_shown(*, now: datetime, zone: ZoneInfo) -> datetime:
    """The moment of today that the boards show.

    The real one while the clinics are in full swing. Somebody who looks earlier sees late morning; somebody who looks
    after hours sees the afternoon, when nearly everybody due has come: at eleven, the evening would show half the day's
    patients as late.
    """
    local = now.astimezone(zone)
    if FIRST_LIVELY <= local.time() <= LAST_LIVELY:
        return now
    clock = MORNING if local.time() < FIRST_LIVELY else AFTERNOON
    return at_wall_clock(local.date(), clock, zone)


def bring_to_life(*, story: Story, papers: Papers) -> None:
    """Let today happen up to the moment that is shown."""
    papers.put_in_order(moment=story.moment)
    marks: list[Mark] = []
    for clinic in story.clinics:
        visits = [visit for visit in story.visits.get(story.today, []) if visit.start.clinic == clinic]
        visits.sort(key=lambda visit: (visit.start.start, visit.key))
        _call_one_off(story, visits)
        late, missed = _absent(visits, story.moment)
        _take_over(story, clinic, [visit for visit in visits if visit.appointment is None], missed)
        for visit in visits:
            if visit.appointment is None or visit is late:
                continue
            if visit is missed:
                marks.append(Mark(visit.start.start + MISSED, visit, Status.NO_SHOW))
            else:
                marks += _marks(story, visit)
    for mark in sorted(marks, key=lambda mark: (mark.at, mark.visit.key)):
        _make(story, papers, mark)
    story.clock.set(story.moment)
    _send_a_nurse_home(story)


def _take_over(story: Story, clinic: Clinic, visits: list[Visit], missed: Visit | None) -> None:
    """Put on record who came and went already."""
    story.clock.set(story.moment)
    told: list[KnownVisit] = []
    for visit in visits:
        if visit is missed:
            steps = [(Status.NO_SHOW, visit.start.start + MISSED)]
            told.append(past(story, visit, steps, reason=reason_from(story, MISSED_REASONS)))
        else:
            phase = story.therapies.phase(visit.course.plan, visit.number)
            told.append(past(story, visit, steps_of(story, visit.start.start, visit.start.end, phase)))
    if told:
        take_over_day(clinic=clinic, day=story.today, visits=told, by=story.staff.nurse)


def _make(story: Story, papers: Papers, mark: Mark) -> None:
    """Set a status as whoever sees it would: the desk in front, the nurse on the floor."""
    story.clock.set(mark.at)
    is_missed = mark.status == Status.NO_SHOW
    if mark.status == Status.SEATED:
        papers.check(mark.visit)
    set_status(
        appointment=mark.visit.booked,
        status=mark.status,
        by=story.staff.front_desk if is_missed or mark.status == Status.ARRIVED else story.staff.nurse,
        reason=reason_from(story, MISSED_REASONS) if is_missed else "",
    )


def _call_one_off(story: Story, visits: list[Visit]) -> None:
    """Somebody of the afternoon called in ill in the morning."""
    later = [visit for visit in visits if visit.start.start > story.moment + timedelta(hours=1)]
    if len(later) < 3:
        return
    visit = later[1]
    story.clock.set(story.at(story.today, time(7, 40)))
    cancel(
        appointment=visit.booked,
        reason=Reason.PATIENT_ILL,
        note="Fever since last night, will call back",
        by=story.staff.front_desk,
    )
    story.forget(visit)
    visits.remove(visit)


def _absent(visits: list[Visit], moment: datetime) -> tuple[Visit | None, Visit | None]:
    """Who is late, the last one due, and who never came: sooner one who would have gone home than one in a chair."""
    due = [visit for visit in visits if visit.start.start + LATE <= moment]
    late = next((visit for visit in reversed(due) if visit.appointment), None) if len(due) > 1 else None
    others = [visit for visit in due if visit is not late and visit.start.start + MISSED <= moment]
    others.sort(key=lambda visit: visit.appointment is None)
    return late, others[-1] if len(others) > 1 else None


def _marks(story: Story, visit: Visit) -> list[Mark]:
    """What has happened to a patient who is still here, or about to come."""
    start, moment = visit.start.start, story.moment
    phase = story.therapies.phase(visit.course.plan, visit.number)
    steps = steps_of(story, start, visit.start.end, phase)
    marks = [Mark(at, visit, status) for status, at in steps if at <= moment]
    if not marks and moment < start <= moment + 2 * QUARTER:
        # Who is next is in the waiting room.
        marks = [Mark(min(moment, start - timedelta(minutes=5)), visit, Status.ARRIVED)]
    return marks


def _send_a_nurse_home(story: Story) -> None:
    """One nurse goes home ill, so that exactly one patient, not yet seated, is short of a nurse for a while."""
    for clinic in story.clinics:
        day = load_day(clinic=clinic, day=story.today)
        grid = ClinicDate(story.today, clinic.zone)
        leaves = grid.quarter_of(ceil_quarter(story.moment)) + 1
        for nurse in Nurse.objects.filter(pk__in=[one.id for one in day.nurses], user=None).order_by("pk"):
            for quarter in range(leaves, leaves + 8):
                if _uncovered(day, nurse.pk, quarter) == 1:
                    restaffing.take_off(
                        nurse=nurse,
                        start=grid.moment_of(quarter),
                        end=grid.end,
                        reason="Went home with a migraine",
                        by=story.staff.charge,
                    )
                    return


def _uncovered(day: Day, nurse_id: int, quarter: int) -> int:
    """How many patients would be short of a nurse if one left the floor at a quarter; many if one is in the chair."""
    nurses = tuple(
        NurseDay(nurse.id, nurse.floor & span(0, quarter)) if nurse.id == nurse_id else nurse for nurse in day.nurses
    )
    dealt = redeal(Day(day.length, day.open, day.chairs, nurses, day.stays))
    in_chair = {stay.id for stay in day.stays if stay.in_chair or stay.start < quarter}
    return len(dealt.uncovered) if not dealt.uncovered & in_chair else len(day.stays)
