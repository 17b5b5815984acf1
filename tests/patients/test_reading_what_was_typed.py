"""Dates, phone numbers and search texts as people type them."""

import re
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patients.dates import read_date
from patients.likeness import distance, one_error_off
from patients.phones import shown, to_e164
from patients.terms import read

TODAY = date(2026, 12, 1)
BORN = date(1975, 3, 14)


@pytest.mark.parametrize(
    "text",
    [
        "3/14/1975",
        "03/14/1975",
        "3-14-1975",
        "3.14.1975",
        "3/14/75",
        "1975-03-14",
        "1975/3/14",
        "14/3/1975",
        "14 Mar 1975",
        "14 march 1975",
        "14mar1975",
        "14th March, 1975",
        "Mar 14, 1975",
        "March 14 1975",
        " 3/14/1975 ",
    ],
)
def test_a_date_is_read_in_the_ways_people_write_it(text):
    assert read_date(text, latest=TODAY) == BORN


@pytest.mark.parametrize(
    "text", ["", "3/14", "2/30/1975", "13/13/1975", "1975", "yesterday", "3/14/1975 x", "0/1/1975"]
)
def test_what_is_no_day_is_not_read_as_one(text):
    assert read_date(text, latest=TODAY) is None


def test_a_year_of_two_digits_is_never_in_the_future():
    assert read_date("12/1/26", latest=TODAY) == TODAY
    assert read_date("12/2/26", latest=TODAY) == date(1926, 12, 2)


@given(st.dates(date(1900, 1, 1), TODAY))
def test_every_date_is_read_back_from_every_form(day):
    forms = ["%m/%d/%Y", "%Y-%m-%d", "%d %b %Y", "%B %d, %Y"]
    assert {read_date(day.strftime(form), latest=TODAY) for form in forms} == {day}
    assert day in read(day.strftime("%m%d%Y"), today=TODAY).birth_dates
    assert day in read(day.strftime("%Y%m%d"), today=TODAY).birth_dates


@pytest.mark.parametrize(
    "text", ["7155550100", "(715) 555-0100", "715.555.0100", "1 715 555 0100", "+1 (715) 555-0100", "715/555-0100"]
)
def test_a_number_is_kept_as_e164_however_it_is_typed(text):
    assert to_e164(text) == "+17155550100"


def test_a_number_abroad_needs_its_country_code():
    assert to_e164("+49 30 901820") == "+4930901820"
    with pytest.raises(ValueError, match="starts with \\+"):
        to_e164("49 30 901820")


@pytest.mark.parametrize("text", ["", "555-0100", "715-155-0100", "715-555-0100 ext. 4", "call me", "+0 123 456 789"])
def test_what_is_no_full_number_is_refused_with_an_example(text):
    with pytest.raises(ValueError, match="555-0100"):
        to_e164(text)


def test_a_number_is_shown_as_people_read_it():
    assert shown("+17155550100") == "(715) 555-0100"
    assert shown("+4930901820") == "+4930901820"


def test_words_are_names_and_dates_are_birth_dates():
    terms = read("Johnson, Anna 3/14/1975", today=TODAY)
    assert terms.names == ("johnson", "anna")
    assert terms.birth_dates == (BORN,)
    assert not terms.digits


def test_a_bare_number_is_looked_for_as_everything_it_can_mean():
    terms = read("031475", today=TODAY)
    assert (terms.digits, terms.mrns, terms.birth_dates) == ("031475", ("031475",), (BORN,))


@pytest.mark.parametrize("text", ["(715) 555-0100", "715-555-0100", "+1 715 555 0100", "1-715-555-0100"])
def test_a_phone_number_is_its_digits(text):
    assert read(text, today=TODAY).digits == "7155550100"


def test_a_record_number_may_have_letters_and_a_label():
    assert read("mrn: a-1021", today=TODAY).mrns == ("A-1021",)
    assert read("#A1021", today=TODAY).mrns == ("A1021",)


def test_a_month_that_is_also_a_name_stays_a_name_without_a_day_and_year():
    assert read("april may", today=TODAY).names == ("april", "may")


def test_a_birth_date_in_the_future_is_none():
    assert read((TODAY + timedelta(days=1)).isoformat(), today=TODAY).birth_dates == ()


@pytest.mark.parametrize("text", ["", " ", "a", "1", "'", "%", "__"])
def test_too_little_is_not_searched_for(text):
    assert not read(text, today=TODAY).is_enough


@given(st.text(max_size=300))
def test_any_text_can_be_typed(text):
    read(text, today=TODAY)


def test_swapped_letters_count_as_one_error():
    assert distance(("smiht",), " smith anna ") == (1, 1)


@given(st.text("abc", min_size=1, max_size=5), st.text("abc", min_size=1, max_size=6))
def test_one_error_off_is_what_one_error_makes(word, name):
    errors = distance((word + "zzzzzzzz",), name + "zzzzzzzz")
    within_one = errors is not None and errors[1] <= 1
    assert bool(re.fullmatch(f"({one_error_off(word)})", name)) == within_one


def test_a_beginning_counts_as_the_name():
    assert distance(("jon",), " jonsson anna ") == (0, 4)


def test_a_word_like_no_part_of_the_name_is_too_far():
    assert distance(("anna", "miller"), " johnson anna ") is None
    assert distance(("xy",), " johnson anna ") is None
