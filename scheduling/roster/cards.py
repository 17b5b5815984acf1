"""What one nurse has to know of one patient. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from scheduling.models import IN_CHAIR, LIVE, Status
from scheduling.queries.readiness import Badge
from scheduling.roster.phases import Course, Phase, course_of
from scheduling.roster.rows import Care, Stay
from scheduling.visit import TO_BE_READY
from scheduling.wording import length_words

MINUTE = timedelta(minutes=1)

NEXT_STEP: dict[str, tuple[Status, str]] = {
    Status.BOOKED: (Status.ARRIVED, "Arrived"),
    Status.ARRIVED: (Status.SEATED, "Seat"),
    Status.SEATED: (Status.INFUSING, "Start infusion"),
    Status.INFUSING: (Status.OBSERVING, "Start observing"),
    Status.OBSERVING: (Status.DONE, "Done"),
}
"""What the big button does, and says."""

BACK: dict[str, Status] = {
    Status.ARRIVED: Status.BOOKED,
    Status.SEATED: Status.ARRIVED,
    Status.INFUSING: Status.SEATED,
    Status.OBSERVING: Status.INFUSING,
}
"""What the small button goes back to, when the big one was a slip."""


@dataclass(frozen=True, slots=True)
class Flag:
    """Something that wants a look: an icon, a word, a style."""

    icon: str
    word: str
    css: str


@dataclass(frozen=True, slots=True)
class Step:
    """A status to go to, as a button."""

    status: str
    label: str


@dataclass(frozen=True, slots=True)
class Card:
    """A patient on a nurse's sheet."""

    key: str
    """Tells this card from every other on the page."""
    id: int
    chair_word: str
    chair: str
    name: str
    born: str
    mrn: str
    treatment: str
    dose: str
    time: str
    status: str
    status_word: str
    alerts: str
    note: str
    ready: Badge | None
    """How ready the patient is, until the infusion runs."""
    flags: tuple[Flag, ...]
    phases: tuple[Phase, ...]
    hand_overs: tuple[str, ...]
    cover: str
    """Set when the nurse only covers a colleague's break: when, and whose."""
    bare: str
    """When nobody cares for this patient; empty for nearly everybody."""
    step: Step | None
    step_at: str
    """When that step is due, as the stay runs now."""
    back: Step | None


@dataclass(frozen=True, slots=True)
class Scene:
    """What every card of a day needs to know."""

    zone: ZoneInfo
    now: datetime
    late_after: timedelta
    names: Mapping[int, str]
    """What colleagues call each nurse."""
    may_step: bool
    """Whether the person may set a status, and the day has come."""
    badges: Mapping[int, Badge]
    """How ready each visit is that has not ended."""
    unconfirmed_matters: bool


def card_of(*, stay: Stay, nurse_id: int | None, scene: Scene) -> Card:
    """A patient as a nurse sees them, or as everybody does when no nurse is named."""
    course = course_of(stay=stay, zone=scene.zone)
    word, _, number = stay.chair.rpartition(" ")
    told, cover = _told(stay.care, nurse_id, scene) if nurse_id else ((), "")
    return Card(
        key=f"{nurse_id or 'all'}-{stay.id}",
        id=stay.id,
        chair_word=word,
        chair=number,
        name=stay.name,
        born=f"{stay.birth_date:%-m/%-d/%Y}",
        mrn=stay.mrn,
        treatment=f"{stay.therapy} dose {stay.dose_number}",
        dose=stay.dose,
        time=_span(stay.start, stay.end, scene.zone),
        status=stay.status,
        status_word=Status(stay.status).label,
        alerts=stay.alerts,
        note=stay.note,
        ready=scene.badges.get(stay.id) if stay.status in TO_BE_READY else None,
        flags=tuple(_flags(stay, course.ends, scene)),
        phases=course.phases,
        hand_overs=told,
        cover=cover,
        bare=", ".join(_span(*hole, scene.zone) for hole in holes(stay)) if stay.short_staffed else "",
        step=_step(stay) if scene.may_step else None,
        step_at=_clock(_due(stay, course), scene),
        back=_back(stay) if scene.may_step else None,
    )


def holes(stay: Stay) -> list[tuple[datetime, datetime]]:
    """The stretches of a stay when nobody cares for the patient."""
    found, at = [], stay.start
    for care in stay.care:
        if at < care.start:
            found.append((at, care.start))
        at = care.end
    return [*found, (at, stay.end)] if at < stay.end else found


def _step(stay: Stay) -> Step | None:
    following = NEXT_STEP.get(stay.status)
    if stay.status == Status.INFUSING and not stay.minutes.observation:
        following = Status.DONE, "Done"
    return Step(*following) if following else None


def _due(stay: Stay, course: Course) -> datetime:
    """When the next step is due."""
    following = {Status.SEATED: "Infusion", Status.INFUSING: "Observe", Status.OBSERVING: ""}.get(Status(stay.status))
    return stay.start if following is None else course.begins.get(following, course.ends)


def _back(stay: Stay) -> Step | None:
    before = BACK.get(stay.status)
    if before is None:
        return None
    return Step(before, "Not here yet" if before == Status.BOOKED else f"Back to {before.label.lower()}")


def _told(care: Sequence[Care], nurse_id: int, scene: Scene) -> tuple[tuple[str, ...], str]:
    """The hand-overs that concern a nurse, and whose break she covers if that is all she does here."""
    told: list[str] = []
    cover = ""
    who = [piece.nurse_id for piece in care]
    for index, piece in enumerate(care):
        if piece.nurse_id != nurse_id:
            continue
        before = who[index - 1] if index else None
        after = who[index + 1] if index + 1 < len(who) else None
        if before is not None and before == after:
            cover = f"{_span(piece.start, piece.end, scene.zone)} for {scene.names.get(before, '?')}"
            continue
        if before is not None and nurse_id not in who[:index]:
            told.append(f"from {scene.names.get(before, '?')} at {_clock(piece.start, scene)}")
        if after is not None:
            other = scene.names.get(after, "?")
            if nurse_id in who[index + 1 :]:
                told.append(f"{other} covers {_span(care[index + 1].start, care[index + 1].end, scene.zone)}")
            else:
                told.append(f"to {other} at {_clock(piece.end, scene)}")
    if cover and who.count(nurse_id) > 1:
        told, cover = [*told, f"cover {cover}"], ""
    return tuple(told), cover


def _flags(stay: Stay, ends: datetime, scene: Scene) -> Iterable[Flag]:
    if stay.short_staffed and stay.status in LIVE:
        yield Flag("short", "No nurse", "short")
    late = scene.now - stay.start
    if stay.status == Status.BOOKED and scene.late_after <= late < timedelta(hours=24):
        yield Flag("late", f"Late {length_words(late // MINUTE)}", "late")
    over = scene.now - stay.end
    if stay.status in IN_CHAIR and MINUTE <= over < timedelta(hours=24):
        yield Flag("late", f"Over {length_words(over // MINUTE)}", "over")
    elif stay.status in IN_CHAIR and ends > stay.end:
        yield Flag("late", f"Will run to {_clock(ends, scene)}", "over")
    if stay.status == Status.BOOKED and not stay.confirmed and scene.unconfirmed_matters:
        yield Flag("unconfirmed", "Unconfirmed", "quiet")
    if stay.acuity >= 3:
        yield Flag("watch", "Watch closely", "quiet")
    if stay.needs_interpreter:
        yield Flag("info", "Interpreter", "quiet")
    if stay.needs_driver:
        yield Flag("info", "Needs a driver home", "quiet")


def _clock(moment: datetime, scene: Scene) -> str:
    return f"{moment.astimezone(scene.zone):%-I:%M}"


def _span(start: datetime, end: datetime, zone: ZoneInfo) -> str:
    return "–".join(f"{moment.astimezone(zone):%-I:%M}" for moment in (start, end))
