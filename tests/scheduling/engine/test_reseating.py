"""Making room by giving others another chair: against a search that tries every way to deal the chairs."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from scheduling.engine.day import ChairDay, Day, NurseDay, Stay, each, span
from scheduling.engine.offers import Wish, offers, offers_by_reseating
from scheduling.engine.reseating import Reseater, Reseating
from tests.scheduling.engine.test_day import can_be_dealt

LENGTH = 12
WHOLE = span(0, LENGTH)


@st.composite
def full_days(draw: st.DrawFn, *, hindered: bool = True) -> Day:
    """A day of few chairs and many patients: some expected, some here. `hindered`: with what cannot be changed."""
    broken = st.sampled_from([0, 0, 0, span(0, 4), span(6, 9)]) if hindered else st.just(0)
    kinds = st.sampled_from(["recliner", "recliner", "recliner", "bed"])
    chairs = tuple(ChairDay(10 + n, draw(kinds), WHOLE & ~draw(broken)) for n in range(draw(st.integers(1, 4))))
    room = {chair.id: chair.usable for chair in chairs}
    stays: list[Stay] = []
    held: list[Stay] = []
    for number in range(1, draw(st.integers(2, 9))):
        length = draw(st.integers(1, 5))
        free = [(pk, at) for pk in room for at in range(LENGTH - length + 1) if not span(at, at + length) & ~room[pk]]
        if not free:
            continue
        chair, start = draw(st.sampled_from(free))
        room[chair] &= ~span(start, start + length)
        is_held = hindered and draw(st.integers(0, 6)) == 0
        expected = not hindered or draw(st.integers(0, 4)) > 0
        one = Stay(-number if is_held else number, chair, start, start + length, is_expected=expected and not is_held)
        (held if is_held else stays).append(one)
    nurses = tuple(NurseDay(100 + n, WHOLE) for n in range(9))
    return Day(LENGTH, WHOLE, chairs, nurses, tuple(stays), tuple(held))


def ways(day: Day, start: int, length: int, kinds: frozenset[str]) -> Iterator[dict[int, int]]:
    """Every way to seat a newcomer, named 0, and everybody else: the chairs of those who may change, by stay."""
    kind_of = {chair.id: chair.kind for chair in day.chairs}
    usable = {chair.id: chair.usable for chair in day.chairs}
    movers = [stay for stay in day.stays if stay.is_expected]
    others = [stay for stay in (*day.stays, *day.held) if not stay.is_expected]
    newcomer = Stay(0, 0, start, start + length)
    allowed = [
        [
            chair
            for chair in usable
            if chair == one.chair
            or (
                (kind_of[chair] == kind_of[one.chair] if one.id else not kinds or kind_of[chair] in kinds)
                and not one.quarters & ~usable[chair]
            )
        ]
        for one in (newcomer, *movers)
    ]
    for dealt in product(*allowed):
        taken = dict.fromkeys(usable, 0)
        for one, chair in (*((one, one.chair) for one in others), *zip((newcomer, *movers), dealt, strict=True)):
            if taken[chair] & one.quarters:
                break
            taken[chair] |= one.quarters
        else:
            yield {one.id: chair for one, chair in zip((newcomer, *movers), dealt, strict=True)}


def fewest(day: Day, start: int, length: int, kinds: frozenset[str] = frozenset()) -> int | None:
    """The fewest changes of chair that make room; None where nothing does."""
    now = {stay.id: stay.chair for stay in day.stays}
    counts = (
        sum(chair != now.get(pk, chair) for pk, chair in dealt.items()) for dealt in ways(day, start, length, kinds)
    )
    return min(counts, default=None)


def tried(day: Day, start: int, length: int, kinds: frozenset[str] = frozenset()) -> Reseating | None:
    """What the engine does for a start at which no single chair is free."""
    reseater = Reseater(day, kinds=kinds)
    possible = reseater.starts(WHOLE, WHOLE, length)
    return reseater.seat(start=start, length=length) if possible >> start & 1 else None


def seated_so(day: Day, found: Reseating, start: int, length: int) -> Day:
    """The day afterwards."""
    stays = tuple(replace(stay, chair=found.moves.get(stay.id, stay.chair)) for stay in day.stays)
    return replace(day, stays=(*stays, Stay(0, found.chair, start, start + length)))


def chair_shared(day: Day) -> bool:
    taken = {chair.id: 0 for chair in day.chairs}
    for stay in (*day.stays, *day.held):
        if taken[stay.chair] & stay.quarters:
            return True
        taken[stay.chair] |= stay.quarters
    return False


kind_wishes = st.sampled_from([frozenset[str](), frozenset({"recliner"}), frozenset({"bed"})])


@settings(max_examples=300, deadline=None)
@given(day=full_days(), length=st.integers(1, 6), kinds=kind_wishes)
def test_room_is_made_if_and_only_if_it_can_be_and_with_the_fewest_changes(
    day: Day, length: int, kinds: frozenset[str]
) -> None:
    plain = day.starts(length, kinds=kinds)
    for start in range(LENGTH - length + 1):
        if any(starts >> start & 1 for starts in plain.values()):
            continue
        found = tried(day, start, length, kinds)

        assert (len(found.moves) if found else None) == fewest(day, start, length, kinds)
        if found:
            now = {stay.id: stay for stay in day.stays}
            kind_of = {chair.id: chair.kind for chair in day.chairs}
            assert not chair_shared(seated_so(day, found, start, length))
            assert all(now[pk].is_expected and chair != now[pk].chair for pk, chair in found.moves.items())
            assert all(kind_of[chair] == kind_of[now[pk].chair] for pk, chair in found.moves.items())


@settings(max_examples=200, deadline=None)
@given(day=full_days(hindered=False), length=st.integers(1, 6))
def test_where_nothing_hinders_a_start_is_missed_only_when_more_patients_than_chairs_would_be_there(
    day: Day, length: int
) -> None:
    for kind in {chair.kind for chair in day.chairs}:
        chairs = {chair.id for chair in day.chairs if chair.kind == kind}
        for start in range(LENGTH - length + 1):
            there = [
                sum(stay.chair in chairs and stay.start <= at < stay.end for stay in day.stays) + 1
                for at in range(start, start + length)
            ]
            alone = any(s >> start & 1 for s in day.starts(length, kinds=frozenset({kind})).values())

            assert (alone or tried(day, start, length, frozenset({kind})) is not None) == (max(there) <= len(chairs))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(day=full_days(), nurses=st.integers(1, 3), pause=st.integers(0, LENGTH), length=st.integers(1, 6))
def test_offers_are_exactly_the_starts_for_which_chairs_and_nurses_can_be_dealt(
    day: Day, nurses: int, pause: int, length: int
) -> None:
    floors = tuple(NurseDay(100 + n, WHOLE & ~span(pause + n, pause + n + 2)) for n in range(nurses))
    day = replace(day, nurses=floors, held=())
    assume(can_be_dealt(day, (0, 0)))
    wish = Wish(length, frozenset(), 0, 0, 0, (), None)

    plain = {offer.start for offer in offers(day, wish)}
    reseated = {offer.start for offer in offers_by_reseating(day, wish)}

    possible = {
        start
        for start in range(LENGTH - length + 1)
        if fewest(day, start, length) is not None and can_be_dealt(day, (start, start + length))
    }
    assert not plain & reseated
    assert plain | reseated == possible


def test_whoever_has_not_come_takes_the_other_chair() -> None:
    """Olson sits in chair 1 from 0 to 4, Berg in chair 2 from 6 to 10: 2 to 8 fits when Berg takes chair 1."""
    olson, berg = Stay(1, 10, 0, 4, is_expected=True), Stay(2, 11, 6, 10, is_expected=True)
    day = Day(LENGTH, WHOLE, (ChairDay(10, "recliner", WHOLE), ChairDay(11, "recliner", WHOLE)), (), (olson, berg))

    assert tried(day, 2, 6) == Reseating(11, {2: 10})
    assert tried(replace(day, stays=(olson, replace(berg, is_expected=False))), 2, 6) == Reseating(10, {1: 11})
    assert tried(replace(day, stays=tuple(replace(one, is_expected=False) for one in day.stays)), 2, 6) is None


def test_a_clinic_of_sixty_chairs_is_dealt_again() -> None:
    """In every chair two hours are taken and a quarter is free, in turn: no stay of three hours fits as they sit."""
    chairs = tuple(ChairDay(n, "recliner", span(0, 64)) for n in range(60))
    times = [(n, at) for n in range(60) for at in range(n % 9, 56, 9) if n > 4 or at > 9]
    stays = tuple(Stay(1 + pk, n, at, at + 8, is_expected=True) for pk, (n, at) in enumerate(times))
    day = Day(64, span(0, 64), chairs, (), stays)
    reseater = Reseater(day, kinds=frozenset())
    starts = list(each(reseater.starts(span(20, 64), span(20, 64), 12)))

    assert starts
    for start in starts:
        found = reseater.seat(start=start, length=12)
        assert found is not None
        assert not chair_shared(seated_so(day, found, start, 12))
