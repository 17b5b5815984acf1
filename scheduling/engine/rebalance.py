"""Spreading a day's patients evenly over its nurses: patients first, then first doses, then acuity.

A patient counts for the nurse who starts the infusion; each nurse's even share follows her time on the floor. Who has
arrived keeps the nurse, and nobody gets more hand-overs than before. Each step gives one patient to another nurse, or
lets two nurses exchange patients, and is taken only when the day becomes more even: so it never becomes less so.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from scheduling.engine.day import Care, Day, Stay
from scheduling.engine.seating import Floor, cheapest_care

MOST_ROUNDS = 50
"""Far more than a day needs; each round makes it more even, so there is an end anyway."""


@dataclass(frozen=True, slots=True)
class Weight:
    """What a patient asks of the nurse: 1 for a patient, 1 for a first dose, and the acuity of the dose."""

    first_doses: int
    acuity: int


@dataclass(frozen=True, slots=True)
class Share:
    """What a nurse has of a day."""

    patients: int = 0
    first_doses: int = 0
    acuity: int = 0

    def plus(self, weight: Weight, sign: int = 1) -> "Share":
        """With one patient more, or less."""
        return Share(
            self.patients + sign, self.first_doses + sign * weight.first_doses, self.acuity + sign * weight.acuity
        )


Unevenness = tuple[int, int, int]
"""How far patients, first doses and acuity are from even shares, as sums of squares; the first difference decides."""

NO_GAIN: Unevenness = (0, 0, 0)


def rebalance(day: Day, *, weights: Mapping[int, Weight], earliest: int = 0) -> dict[int, tuple[Care, ...]]:
    """The care that changes so that the day is as even as single steps can make it, by stay id.

    Only patients who are expected at `earliest` or later change nurses. `weights` holds every stay of the day.
    """
    table = _Table(day, weights, earliest)
    for _ in range(MOST_ROUNDS):
        if not table.improve():
            break
    return {stay.id: table.stays[stay.id].care for stay in day.stays if table.stays[stay.id].care != stay.care}


def shares(day: Day, *, weights: Mapping[int, Weight]) -> dict[int, Share]:
    """What each nurse has, by the patients she starts."""
    found = {nurse.id: Share() for nurse in day.nurses}
    for stay in day.stays:
        nurse = _starter(stay)
        if nurse is not None:
            found[nurse] = found[nurse].plus(weights[stay.id])
    return found


def unevenness(day: Day, *, weights: Mapping[int, Weight]) -> Unevenness:
    """How uneven a day is; smaller is more even."""
    found = shares(day, weights=weights)
    even = _Even(found, _hours(day))
    off = [even.off(nurse, share) for nurse, share in found.items()]
    return sum(one[0] for one in off), sum(one[1] for one in off), sum(one[2] for one in off)


@dataclass(frozen=True, slots=True)
class _Step:
    """One patient, or two in exchange, who would be started by other nurses."""

    gain: Unevenness
    """What it changes in how uneven the day is: the less the better."""
    given: tuple[tuple[int, int], ...]
    """Stay id, and the nurse who would start."""


class _Table:
    """The day while patients are given from nurse to nurse."""

    def __init__(self, day: Day, weights: Mapping[int, Weight], earliest: int) -> None:
        self.stays = {stay.id: stay for stay in day.stays}
        self._weights = weights
        self._floor = Floor.of(day)
        self._hours = _hours(day)
        self._shares = shares(day, weights=weights)
        self._even = _Even(self._shares, self._hours)
        self._movable = [stay.id for stay in day.stays if stay.is_expected and stay.start >= earliest and _tiled(stay)]

    def improve(self) -> bool:
        """Take steps that make the day more even and can be dealt. False when there is none.

        Exchanges leave the number of patients as it is, which decides first: they come when nothing else helps.
        """
        return self._improve_by(self._gifts()) or self._improve_by(self._exchanges())

    def _improve_by(self, steps: Iterator[_Step]) -> bool:
        """Take the steps that help, the best first, as long as each still does after those before it."""
        better = sorted((step for step in steps if step.gain < NO_GAIN), key=lambda step: (step.gain, step.given))
        taken = [step for step in better if self._step(*step.given).gain < NO_GAIN and self._take(step)]
        return bool(taken)

    def _gifts(self) -> Iterator[_Step]:
        for pk in self._movable:
            for nurse in self._hours:
                if nurse != self.stays[pk].care[0].nurse:
                    yield self._step((pk, nurse))

    def _exchanges(self) -> Iterator[_Step]:
        starter = {pk: self.stays[pk].care[0].nurse for pk in self._movable}
        for index, pk in enumerate(self._movable):
            for other in self._movable[index + 1 :]:
                if starter[other] != starter[pk] and self._weights[other] != self._weights[pk]:
                    yield self._step((pk, starter[other]), (other, starter[pk]))

    def _step(self, *given: tuple[int, int]) -> _Step:
        changed: dict[int, Share] = {}
        for pk, nurse in given:
            before = self.stays[pk].care[0].nurse
            for who, sign in ((before, -1), (nurse, 1)):
                changed[who] = changed.get(who, self._shares[who]).plus(self._weights[pk], sign)
        patients = first_doses = acuity = 0
        for who, share in changed.items():
            new, old = self._even.off(who, share), self._even.off(who, self._shares[who])
            patients, first_doses, acuity = (
                patients + new[0] - old[0],
                first_doses + new[1] - old[1],
                acuity + new[2] - old[2],
            )
        return _Step((patients, first_doses, acuity), given)

    def _take(self, step: _Step) -> bool:
        """Deal a step onto the floor, if the floor has room for it."""
        before = [self.stays[pk] for pk, _ in step.given]
        for stay in before:
            self._floor.remove(stay.care, starting=stay.start)
        after: list[Stay] = []
        for stay, (_, nurse) in zip(before, step.given, strict=True):
            care = cheapest_care(self._floor, stay.start, stay.end, starts=True, first=nurse)
            if care is None or len(care) > len(stay.care):
                break
            after.append(replace(stay, care=care))
            self._floor.add(care, starting=stay.start)
        if len(after) < len(before):
            for stay in after:
                self._floor.remove(stay.care, starting=stay.start)
            for stay in before:
                self._floor.add(stay.care, starting=stay.start)
            return False
        for old, new in zip(before, after, strict=True):
            self.stays[new.id] = new
            for who, sign in ((old.care[0].nurse, -1), (new.care[0].nurse, 1)):
                self._shares[who] = self._shares[who].plus(self._weights[new.id], sign)
        return True


def _hours(day: Day) -> dict[int, int]:
    """How many quarters each nurse is on the floor."""
    return {nurse.id: nurse.floor.bit_count() for nurse in day.nurses}


class _Even:
    """What an even share of a day would be."""

    def __init__(self, shares: Mapping[int, Share], hours: Mapping[int, int]) -> None:
        self._hours = hours
        self._whole = sum(hours.values())
        self._patients = sum(share.patients for share in shares.values())
        self._first_doses = sum(share.first_doses for share in shares.values())
        self._acuity = sum(share.acuity for share in shares.values())

    def off(self, nurse: int, share: Share) -> Unevenness:
        """How far a nurse's share is from even, squared; in whole numbers, since everything is times the whole."""
        whole, hours = self._whole, self._hours[nurse]
        return (
            (whole * share.patients - self._patients * hours) ** 2,
            (whole * share.first_doses - self._first_doses * hours) ** 2,
            (whole * share.acuity - self._acuity * hours) ** 2,
        )


def _starter(stay: Stay) -> int | None:
    return stay.care[0].nurse if stay.care and stay.care[0].start == stay.start else None


def _tiled(stay: Stay) -> bool:
    """Whether somebody cares at every quarter: who is short-staffed is left to be covered first."""
    return sum(piece.end - piece.start for piece in stay.care) == stay.end - stay.start
