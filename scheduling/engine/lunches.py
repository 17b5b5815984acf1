"""When each nurse takes her break, so that those who stay on the floor can care for everybody. Pure.

What counts, in this order: nobody without cover and every start with a nurse; somebody on the floor whenever the clinic
is open; as few nurses away at once as can be; breaks as near as can be to when they are wished.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scheduling.engine.day import PATIENTS_PER_NURSE, Day, each, span

MOST_KEPT = 1500
"""How many ways of giving breaks to the nurses so far are followed up. If there are more, the cheapest are."""

MOST_AT_FIRST = 30
"""The same, for a good way found quickly."""

Spent = tuple[int, int, int, int]
"""What some breaks cost, in the order of `Cost`."""

Way = tuple[Spent, tuple[int, ...]]
"""What a way costs, and when its breaks start."""


@dataclass(frozen=True, slots=True)
class Lunch:
    """A break to be placed: it starts at a quarter from `first` up to, and including, `last`."""

    id: int
    """Of the shift."""
    length: int
    first: int
    last: int
    wished: int


@dataclass(frozen=True, slots=True)
class Lunches:
    """When each break starts, by id, and whether no better way exists."""

    starts: Mapping[int, int]
    is_best: bool


@dataclass(frozen=True, slots=True)
class Cost:
    """What a way of giving breaks costs. Earlier fields weigh more than any number of later ones."""

    short: int
    """Patients without cover and starts without a nurse, by quarter hour."""
    bare: int
    """Quarter hours when the clinic is open and nobody is on the floor."""
    crowded: int
    """Pairs of nurses away at the same time, by quarter hour."""
    far: int
    """Quarter hours by which breaks miss what was wished."""

    @property
    def key(self) -> Spent:
        """To compare by."""
        return (self.short, self.bare, self.crowded, self.far)


def cost_of(*, day: Day, lunches: Sequence[Lunch], starts: Mapping[int, int]) -> Cost:
    """What some starts cost on a day whose nurses are on the floor as if nobody took these breaks."""
    away = [0] * day.length
    for lunch in lunches:
        for quarter in range(starts[lunch.id], starts[lunch.id] + lunch.length):
            away[quarter] += 1
    prices = [_price(day, quarter, gone) for quarter, gone in enumerate(away)]
    return Cost(
        short=sum(price[0] for price in prices),
        bare=sum(price[1] for price in prices),
        crowded=sum(price[2] for price in prices),
        far=sum(abs(starts[lunch.id] - lunch.wished) for lunch in lunches),
    )


def place(*, day: Day, lunches: Sequence[Lunch]) -> Lunches:
    """Choose when each break starts. `day` has the nurses on the floor as if nobody took these breaks.

    The same day gives the same answer. A break with an empty window is left out.
    """
    given = sorted((one for one in lunches if one.first <= one.last), key=lambda one: (one.last - one.first, one.id))
    # More breaks never cost less, so whatever already costs more than a good way found quickly is not followed up.
    quick = _search(day, given, most=MOST_AT_FIRST)
    found = _search(day, given, most=MOST_KEPT, bound=quick.spent)
    return Lunches({one.id: start for one, start in zip(given, found.starts, strict=True)}, found.is_best)


@dataclass(frozen=True, slots=True)
class _Found:
    spent: Spent
    starts: tuple[int, ...]
    is_best: bool


def _search(day: Day, given: Sequence[Lunch], *, most: int, bound: Spent | None = None) -> _Found:
    """The best way among the `most` that cost least after each break, in the order given."""
    quarters = sorted({at for one in given for at in range(one.first, one.last + one.length)})
    column = {quarter: index for index, quarter in enumerate(quarters)}
    prices = [[_price(day, quarter, gone) for gone in range(len(given) + 1)] for quarter in quarters]
    # Only how many are away at each quarter decides what follows: of all ways to the same counts the best is kept.
    ways: dict[tuple[int, ...], Way] = {(0,) * len(quarters): (_nobody_away(day, quarters), ())}
    is_best = True
    for one in given:
        further: dict[tuple[int, ...], Way] = {}
        for away, (spent, starts) in ways.items():
            for start in range(one.first, one.last + 1):
                first = column[start]
                counts = list(away)
                short, bare, crowded, far = spent
                for index in range(first, first + one.length):
                    before, after = prices[index][counts[index]], prices[index][counts[index] + 1]
                    counts[index] += 1
                    short += after[0] - before[0]
                    bare += after[1] - before[1]
                    crowded += after[2] - before[2]
                way = (short, bare, crowded, far + abs(start - one.wished)), (*starts, start)
                if bound is not None and way[0] > bound:
                    continue
                key = tuple(counts)
                if key not in further or way < further[key]:
                    further[key] = way
        is_best = is_best and len(further) <= most
        ways = dict(sorted(further.items(), key=lambda item: item[1])[:most])
    spent, starts = min(ways.values())
    return _Found(spent, starts, is_best)


def bare_quarters(*, day: Day, starts: Mapping[int, int], lunches: Sequence[Lunch]) -> dict[int, list[int]]:
    """The quarters of each break when nobody else is on the floor although the clinic is open: she cannot leave."""
    away = [0] * day.length
    taken = {one.id: span(starts[one.id], starts[one.id] + one.length) for one in lunches if one.id in starts}
    for quarters in taken.values():
        for quarter in each(quarters):
            away[quarter] += 1
    found = {
        pk: [at for at in each(quarters) if day.open >> at & 1 and day.on_floor[at] <= away[at]]
        for pk, quarters in taken.items()
    }
    return {pk: quarters for pk, quarters in found.items() if quarters}


def _price(day: Day, quarter: int, gone: int) -> tuple[int, int, int]:
    """What it costs when some nurses are away at a quarter: shortage, nobody there, crowded."""
    left = day.on_floor[quarter] - gone
    short = max(0, day.present[quarter] - PATIENTS_PER_NURSE * max(left, 0)) + max(0, day.starting[quarter] - left)
    bare = int(bool(day.open >> quarter & 1) and left <= 0)
    return short, bare, gone * (gone - 1) // 2


def _nobody_away(day: Day, quarters: Sequence[int]) -> Spent:
    """What the quarters cost before anybody takes a break."""
    prices = [_price(day, quarter, 0) for quarter in quarters]
    return sum(price[0] for price in prices), sum(price[1] for price in prices), 0, 0
