"""What texts may say: their alphabet, their length, and nothing that betrays an illness. Pure."""

import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reminders import words as shelf
from reminders.gsm import SINGLE, plain, septets, strangers
from reminders.rules import read_rules
from reminders.wording import IN_TEXTS, betraying, faults_of, fill, longest, therapy_words
from reminders.words import languages
from therapies.shipped import read_catalog

THERAPIES = therapy_words(name for each in read_catalog().therapies for name in (each.name, each.substance))
ENGLISH = languages()["en"]
TEXTS = [
    pytest.param(language, words, id=f"{language.code}-{wording}")
    for language in languages().values()
    for (wording, channel), words in language.words.items()
    if channel == "sms"
]
GOOD = "{sender}: visit {day}, {time}, {place}. Reply C to confirm. Call {phone}. Reply STOP to opt out."


def faults(body: str) -> list[str]:
    return faults_of(channel="sms", body=body, language=ENGLISH, therapy_words=THERAPIES)


@pytest.mark.parametrize(("language", "words"), TEXTS)
def test_every_shipped_text_is_lawful_with_the_longest_values(language, words) -> None:
    assert faults_of(channel="sms", body=words.body, language=language, therapy_words=THERAPIES) == []
    assert septets(longest(words.body, language)) <= SINGLE


def test_every_shipped_email_is_free_of_drugs_and_unknown_placeholders() -> None:
    for language in languages().values():
        for (_, channel), words in language.words.items():
            if channel == "email":
                found = faults_of(
                    channel="email", body=words.body, subject=words.subject, language=language, therapy_words=THERAPIES
                )
                assert found == []


def test_every_rule_has_words_by_both_ways_in_every_language() -> None:
    told = {row["code"] for row in read_rules() if row["channels"] != ["call"]}
    for language in languages().values():
        assert {(code, channel) for code in told for channel in ("sms", "email")} <= language.words.keys()
        assert language.words.keys() == ENGLISH.words.keys()
        assert language.phrases.keys() == ENGLISH.phrases.keys()
        assert language.practice.keys() == ENGLISH.practice.keys()


def test_every_shipped_line_of_preparation_and_aftercare_is_there_in_spanish() -> None:
    lines = {line for each in read_catalog().therapies for line in f"{each.preparation}\n{each.aftercare}".splitlines()}
    assert lines <= languages()["es"].lines.keys()


def test_the_example_of_the_law_is_written_as_it_should_be() -> None:
    values = dict(zip(IN_TEXTS, ("Northside Clinic", "Tue Mar 3", "9:15 AM", "Wausau", "715-555-0100"), strict=True))
    body = fill(ENGLISH.words["booked", "sms"].body, values)
    assert body == (
        "Northside Clinic: visit Tue Mar 3, 9:15 AM, Wausau. Reply C to confirm or R to reschedule."
        " Call 715-555-0100. Reply STOP to opt out."
    )
    assert septets(body) == 132


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("Your Tysabri is ready.", "Tysabri"),
        ("OCREVUS!", "OCREVUS"),
        ("natalizumab", "natalizumab"),
        ("T y s a b r i", "tysabri"),
        ("Your MS visit", "MS"),
        ("Infusion at 9", "Infusion"),
        ("Infusión", "Infusión"),
    ],
)
def test_a_text_that_betrays_a_drug_an_illness_or_a_treatment_is_refused(more: str, said: str) -> None:
    found = faults(f"{GOOD} {more}")
    assert found
    assert any(said in fault for fault in found)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (GOOD.replace("{phone}", "us"), "{phone}"),
        (GOOD.replace("{sender}", "We"), "{sender}"),
        (GOOD.replace("Reply STOP to opt out.", ""), "STOP"),
        (GOOD.replace("Reply C to confirm", "Reply CANCEL to cancel"), "CANCEL stops all texts"),
        (GOOD.replace("Reply C to confirm", "reply end if you cannot come"), "END stops all texts"),
        (GOOD + " {prepare}", "{prepare} cannot stand here"),
        (GOOD + " {sender.clinic}", "cannot stand here"),
        (GOOD + " {day!r}", "cannot stand here"),
        (GOOD + " {day:>90}", "cannot stand here"),
        (GOOD + " {0}", "cannot stand here"),
        (GOOD + " {", "stands alone"),
        (GOOD + " 💧", "💧"),
        (GOOD + " Please drink plenty of water before you come.", "Too long"),
        ("  ", "Write what"),
    ],
)
def test_a_text_that_breaks_a_rule_is_refused_with_the_reason(body: str, said: str) -> None:
    assert any(said in fault for fault in faults(body)), faults(body)


def test_ordinary_words_betray_nothing() -> None:
    assert (
        betraying("See you at the Northside Clinic, items, forms, systems, come soon, them, immediately", THERAPIES)
        == []
    )


@given(st.text(max_size=200))
def test_any_name_can_be_written_in_the_alphabet_of_texts(text: str) -> None:
    assert strangers(plain(text)) == []
    assert septets(plain(text)) >= 0


def test_names_keep_the_accents_that_texts_know_and_lose_the_others() -> None:
    assert plain("José Peña – Wörth’s “Łódź” ½") == 'José Peña - Wörth\'s "Lodz" 1/2'
    assert plain("sábado") == "sabado"


def test_a_third_language_needs_only_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for file in shelf.FOLDER.glob("*.toml"):
        shutil.copy(file, tmp_path)
    hmong = (tmp_path / "en.toml").read_text().replace("Reply C to confirm", "Teb C").replace("English", "Hmoob")
    (tmp_path / "hmn.toml").write_text(hmong)
    monkeypatch.setattr(shelf, "FOLDER", tmp_path)
    languages.cache_clear()
    try:
        spoken = shelf.language("hmn")
        assert (spoken.code, spoken.name) == ("hmn", "Hmoob")
        assert "Teb C" in spoken.words["week", "sms"].body
    finally:
        monkeypatch.undo()
        languages.cache_clear()
