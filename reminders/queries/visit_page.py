"""What a patient's page shows."""

from dataclasses import dataclass
from urllib.parse import quote

from patients import consent
from reminders import visit_page
from reminders.courses import visits_of
from reminders.letters import preparation
from reminders.models import Channel
from reminders.reach import KIND
from reminders.voices import Voice, voice_of
from reminders.words import Language, clock, languages
from reminders.zones import reads_another_clock
from scheduling.models import IN_CHAIR, Appointment, Status
from scheduling.openings import Opening

SEEN = 2
"""Digits of a number that its owner recognises it by."""


class Said(dict[str, str]):
    """The page's words in one language, with who is calling filled in."""

    @classmethod
    def of(cls, spoken: Language, voice: Voice | None) -> "Said":
        phone = voice.phone if voice else ""
        return cls({key: text.replace("{phone}", phone) for key, text in spoken.page.items()})


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around every state of the page, and tells nothing of the patient."""

    token: str
    sender: str
    phone: str
    spoken: Language
    say: Said

    @property
    def tel(self) -> str:
        """The clinic's number as a phone dials it."""
        return quote("".join(each for each in self.phone if each.isdigit() or each == "+"))

    @property
    def others(self) -> list[Language]:
        """The languages one can switch to."""
        return [each for each in languages().values() if each.code != self.spoken.code]


@dataclass(frozen=True, slots=True)
class Stay:
    """One visit in local words."""

    day: str
    hours: str


@dataclass(frozen=True, slots=True)
class Way:
    """One kind of message to the patient: where to, and whether it is on. `channel` is also what a button posts."""

    channel: str
    words: str
    is_on: bool
    button: str


@dataclass(frozen=True, slots=True)
class VisitPage:
    """The visit as its patient sees it. `state` is one of booked, here, over, missed, cancelled."""

    name: str
    state: str
    stays: list[Stay]
    place: str
    address: str
    arrival: str
    prepare: list[str]
    aftercare: list[str]
    is_confirmed: bool
    is_waiting: bool
    ways: list[Way]


@dataclass(frozen=True, slots=True)
class Choice:
    """One free time: what a button posts, and the words beside it."""

    value: str
    clock: str


@dataclass(frozen=True, slots=True)
class ChoiceDay:
    """A day with free times."""

    day: str
    choices: list[Choice]


def frame_of(*, token: str, appointment: Appointment, spoken: Language) -> Frame:
    """The frame of an appointment's page. One query."""
    voice = voice_of(appointment.clinic)
    return Frame(token, voice.sender, voice.phone, spoken, Said.of(spoken, voice))


def visit_page_of(*, appointment: Appointment, frame: Frame) -> VisitPage:
    """All that the page shows once it is open. The number of queries is fixed."""
    spoken, say = frame.spoken, frame.say
    course = visits_of(appointment) if appointment.status in {Status.BOOKED, Status.DONE} else [appointment]
    state = _state(appointment)
    therapy = appointment.plan.therapy
    return VisitPage(
        name=say["hello"].format(name=appointment.patient.given_name),
        state=state,
        stays=[_stay(each, appointment, spoken, say) for each in course],
        place=voice_of(appointment.clinic).place,
        address=appointment.clinic.address,
        arrival=appointment.clinic.arrival_note,
        prepare=preparation(appointment, spoken) if state == "booked" else [],
        aftercare=spoken.lines_in(therapy.aftercare) if state == "over" else [],
        is_confirmed=all(each.confirmed_at for each in course if each.status == Status.BOOKED),
        is_waiting=visit_page.is_waiting(appointment=appointment),
        ways=_ways(appointment, say),
    )


def choices_of(*, days: list[list[Opening]], spoken: Language, appointment: Appointment) -> list[ChoiceDay]:
    """Free times as the page offers them, day by day."""
    zone, named = appointment.clinic.zone, reads_another_clock(appointment)
    return [
        ChoiceDay(
            spoken.day_long(openings[0].day),
            [Choice(each.start.isoformat(), clock(each.start.astimezone(zone), named=named)) for each in openings],
        )
        for openings in days
        if openings
    ]


def when_said(*, appointment: Appointment, spoken: Language) -> str:
    """Day and time of a visit in one line."""
    local = appointment.start.astimezone(appointment.clinic.zone)
    return f"{spoken.day_long(local.date())}, {clock(local, named=reads_another_clock(appointment))}"


def _state(appointment: Appointment) -> str:
    if appointment.status == Status.BOOKED:
        return "booked"
    if appointment.status in {Status.ARRIVED, *IN_CHAIR}:
        return "here"
    if appointment.status == Status.DONE:
        return "over"
    return "cancelled" if appointment.status == Status.CANCELLED else "missed"


def _stay(visit: Appointment, page_of: Appointment, spoken: Language, say: Said) -> Stay:
    zone = page_of.clinic.zone
    start, end = visit.start.astimezone(zone), visit.end.astimezone(zone)
    named = reads_another_clock(page_of)
    hours = say["hours"].format(start=clock(start, named=named), end=clock(end, named=named))
    return Stay(spoken.day_long(start.date()), hours)


def _ways(appointment: Appointment, say: Said) -> list[Way]:
    """The kinds of messages that can reach the patient. Two queries."""
    points = list(appointment.patient.contact_points.all())
    standings = consent.standings(values=[point.value for point in points])
    found = []
    for channel in (Channel.SMS, Channel.EMAIL):
        values = [point.value for point in points if point.kind == KIND[channel]]
        if not values:
            continue
        is_on = any(standings[value, channel].is_allowed for value in values)
        words = say[f"{channel}_{'on' if is_on else 'off'}"].format(end=_hidden(values[0], channel))
        found.append(Way(channel, words, is_on, say[f"{channel}_{'stop' if is_on else 'start'}"]))
    return found


def _hidden(value: str, channel: str) -> str:
    """A number or address that only its owner recognises."""
    if channel == Channel.SMS:
        return value[-SEEN:]
    name, _, host = value.partition("@")
    return f"{name[:1]}…@{host}"
