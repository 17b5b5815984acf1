"""The load of a clinic day by quarter hour: what is booked against what nurses and chairs can take."""

from scheduling.engine.day import ChairDay, Day, NurseDay, Stay, span
from scheduling.queries.load_by_quarter import Load, load_by_quarter, stretches

CHAIRS = (ChairDay(1, "recliner", span(0, 8)), ChairDay(2, "recliner", span(4, 8)))


def test_every_quarter_says_what_is_booked_and_what_nurses_and_chairs_can_take() -> None:
    day = Day(
        length=8,
        open=span(2, 8),
        chairs=CHAIRS,
        nurses=(NurseDay(1, span(0, 8)), NurseDay(2, span(2, 6))),
        stays=(Stay(1, 1, 2, 6), Stay(2, 2, 4, 8)),
        held=(Stay(-1, 1, 6, 8),),
    )

    loads = load_by_quarter(day)

    assert [load.booked for load in loads] == [0, 0, 1, 1, 2, 2, 1, 1]
    assert [load.held for load in loads] == [0, 0, 0, 0, 0, 0, 1, 1]
    assert [load.cover for load in loads] == [3, 3, 6, 6, 6, 6, 3, 3]
    assert [load.chairs for load in loads] == [1, 1, 1, 1, 2, 2, 2, 2]
    assert [load.limit for load in loads] == [1, 1, 1, 1, 2, 2, 2, 2]
    assert [load.is_open for load in loads] == [False, False, True, True, True, True, True, True]
    assert [load.is_full for load in loads] == [False, False, True, True, True, True, True, True]


def test_it_is_over_where_more_are_booked_than_a_break_leaves_cover_for() -> None:
    stays = tuple(Stay(number, number, 0, 4) for number in range(1, 5))
    chairs = tuple(ChairDay(number, "recliner", span(0, 4)) for number in range(1, 5))
    nurses = (NurseDay(1, span(0, 4)), NurseDay(2, span(0, 2)))

    loads = load_by_quarter(Day(length=4, open=span(0, 4), chairs=chairs, nurses=nurses, stays=stays))

    assert [load.is_over for load in loads] == [False, False, True, True]


def test_quarters_that_do_not_differ_are_one_stretch() -> None:
    calm, busy = Load(0, 0, 1, 2, True), Load(1, 0, 1, 2, True)

    found = list(stretches([calm, calm, busy, calm]))

    assert [(one.start, one.end, one.load) for one in found] == [(0, 2, calm), (2, 3, busy), (3, 4, calm)]
