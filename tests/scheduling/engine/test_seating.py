"""Naming chairs, nurses and places: every booked day keeps the guarantees, with the fewest hand-overs."""

from hypothesis import given

from scheduling.engine.day import ChairDay, Day, NurseDay, Stay, span
from scheduling.engine.seating import choose_chair, colour_places, extra_care, seat
from tests.scheduling.engine.days import booked_days, broken_rules, care_of, seated

ANNA, BEA = 100, 101
WHOLE = span(0, 40)


def a_day(*stays: Stay, anna: int = WHOLE, bea: int = WHOLE, chairs: int = 8) -> Day:
    places = tuple(ChairDay(10 + n, "recliner", WHOLE) for n in range(chairs))
    return Day(40, WHOLE, places, (NurseDay(ANNA, anna), NurseDay(BEA, bea)), stays)


@given(day=booked_days())
def test_a_booked_day_keeps_every_guarantee(day: Day) -> None:
    assert broken_rules(day) == []


def test_a_patient_keeps_one_nurse_where_one_can_stay() -> None:
    day = a_day(anna=span(0, 16) | span(18, 40))

    assert seat(day, start=10, length=12, chairs=[10]).care == care_of((BEA, 10, 22))


def test_a_colleague_covers_lunch_with_one_hand_over_where_two_nurses_lunch_in_turn() -> None:
    day = a_day(anna=span(0, 16) | span(18, 40), bea=span(0, 20) | span(22, 40))

    found = seat(day, start=10, length=15, chairs=[10])

    assert found.care == care_of((BEA, 10, 20), (ANNA, 20, 25))
    assert found.hand_overs == 1


def test_the_nurse_with_fewer_patients_starts_the_next_one() -> None:
    day = a_day(Stay(1, 10, 4, 12, care_of((ANNA, 4, 12))))

    assert seat(day, start=6, length=4, chairs=[11]).care == care_of((BEA, 6, 10))


def test_a_full_nurse_hands_a_patient_over_to_start_the_next_one() -> None:
    """Anna has three; Bea has room but starts another patient at that very quarter."""
    day = a_day(
        Stay(1, 10, 0, 12, care_of((ANNA, 0, 12))),
        Stay(2, 11, 1, 12, care_of((ANNA, 1, 12))),
        Stay(3, 12, 2, 12, care_of((ANNA, 2, 12))),
        Stay(4, 13, 6, 12, care_of((BEA, 6, 12))),
    )

    found = seat(day, start=6, length=4, chairs=[14])

    assert found.care[0].nurse == ANNA
    assert len(found.changed) == 1
    assert broken_rules(seated(day, 5, 6, 4, found)) == []


def test_a_fourth_patient_is_refused_at_lunch() -> None:
    """Two nurses, five patients: during Anna's break Bea can take three only, so nobody may stay through it."""
    lunch = span(0, 16) | span(18, 40)
    day = a_day(
        Stay(1, 10, 10, 24, care_of((BEA, 10, 24))),
        Stay(2, 11, 11, 24, care_of((BEA, 11, 24))),
        Stay(3, 12, 12, 24, care_of((BEA, 12, 24))),
        anna=lunch,
    )

    starts = day.starts(4)[13]

    assert starts >> 12 & 1
    assert not starts >> 13 & 1
    assert not starts >> 17 & 1
    assert starts >> 18 & 1


def test_places_are_dealt_again_where_first_fit_would_refuse() -> None:
    """DESIGN's example with lanes: D fits although the lanes as first dealt are all taken at some time."""
    care = [(1, 4, 8), (2, 20, 24), (3, 6, 14), (5, 5, 30)]
    pieces = [(pk, care_of((ANNA, start, end))[0]) for pk, start, end in care] + [(4, care_of((ANNA, 12, 22))[0])]

    places = colour_places(pieces)

    assert set(places.values()) <= {1, 2, 3}
    for pk, piece in pieces:
        for other_pk, other in pieces:
            if pk < other_pk and piece.start < other.end and other.start < piece.end:
                assert places[pk, piece.start] != places[other_pk, other.start]


def test_the_chair_that_leaves_no_unsellable_gap_is_chosen() -> None:
    day = a_day(Stay(1, 10, 7, 12, care_of((ANNA, 7, 12))), Stay(2, 11, 6, 12, care_of((BEA, 6, 12))), chairs=2)

    assert choose_chair(day, start=0, length=6, chairs=[10, 11]) == 11


def test_a_bed_is_kept_for_those_who_need_one() -> None:
    chairs = (ChairDay(10, "bed", WHOLE), ChairDay(11, "recliner", WHOLE))
    day = Day(40, WHOLE, chairs, (NurseDay(ANNA, WHOLE),), ())

    assert choose_chair(day, start=4, length=4, chairs=[10, 11]) == 11


def test_a_stay_that_runs_late_keeps_its_nurse_if_she_is_free() -> None:
    stay = Stay(1, 10, 4, 12, care_of((ANNA, 4, 12)))

    assert extra_care(a_day(stay), stay=stay, end=15) == care_of((ANNA, 4, 15))
