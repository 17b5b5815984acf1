"""What words may say: placeholders, length, and nothing that betrays an illness. Pure: no Django, no database."""

import re
from collections.abc import Collection, Iterable, Mapping
from string import Formatter

from patients.folding import fold
from reminders.gsm import SINGLE, septets, strangers
from reminders.words import LONGEST_CLOCK, Language

IN_TEXTS = ("sender", "day", "time", "place", "phone")
IN_EMAILS = (
    *IN_TEXTS,
    "name",
    "when",
    "address",
    "arrival",
    "prepare",
    "aftercare",
    "confirm",
    "link",
)
IN_SUBJECTS = ("sender", "day", "time", "place")

SENDER_LENGTH, PLACE_LENGTH, PHONE_LENGTH = 20, 16, 12

BETRAYING = frozenset(
    """
    ms sclerosis esclerosis multiple neurology neurologia neuro diagnosis diagnostico cancer oncology chemo chemotherapy
    quimioterapia infusion infusions infusiones injection injections inyeccion inyecciones drip iv intravenous
    intravenosa therapy terapia treatment tratamiento drug drugs medicine medication medicamento steroid steroids
    esteroides
    """.split()  # noqa: SIM905
)
"""Words that say what somebody has or gets. A text lies on a table where others read it."""

_OPT_OUT = ("cancel", "cancelar", "end", "quit", "unsubscribe", "revoke", "opt out", "optout", "stopall", "fin", "baja")
_ASK = r"(?:reply|text|send|answer|respond|responda|responder|envie|conteste)"
_TOO_SHORT_TO_BETRAY = 4


def faults_of(
    *, channel: str, body: str, subject: str = "", language: Language, therapy_words: Collection[str]
) -> list[str]:
    """What is wrong with words that staff wrote, in sentences for them. Empty when they may be used.

    `therapy_words` are the names and substances of all therapies, which no text and no subject may hold.
    """
    allowed = IN_TEXTS if channel == "sms" else IN_EMAILS
    faults = placeholder_faults(body, allowed) + placeholder_faults(subject, IN_SUBJECTS)
    if faults:
        return faults
    if not body.strip():
        return ["Write what the patient should read."]
    if channel != "sms":
        if not subject.strip():
            faults.append("Write a subject.")
        return faults + _betrayal_faults(subject, therapy_words) + _betrayal_faults(body, therapy_words, illness=False)
    for name, why in (("sender", "who is calling"), ("phone", "which number to call")):
        if f"{{{name}}}" not in body:
            faults.append(f"A text must say {why}: put {{{name}}} in.")
    if not re.search(r"\bSTOP\b", body):
        faults.append("A text must offer STOP, e.g. “Reply STOP to opt out.”")
    faults += _opt_out_faults(body) + _betrayal_faults(body, therapy_words)
    if odd := strangers(filled := longest(body, language)):
        faults.append(f"A text cannot carry {' '.join(odd)}. Write it without.")
    elif (length := septets(filled)) > SINGLE:
        faults.append(f"Too long: {length} characters with the longest names and dates, {SINGLE} at most.")
    return faults


def placeholder_faults(text: str, allowed: Collection[str]) -> list[str]:
    """Placeholders that may not stand there, and braces that do not match."""
    try:
        fields = [(name, spec, conversion) for _, name, spec, conversion in Formatter().parse(text) if name is not None]
    except ValueError:
        return ["A brace { or } stands alone. Placeholders look like {day}."]
    known = ", ".join(f"{{{name}}}" for name in allowed)
    return [
        f"{{{name}}} cannot stand here. You can use {known}."
        for name, spec, conversion in fields
        if name not in allowed or spec or conversion
    ]


def fill(text: str, values: Mapping[str, str]) -> str:
    """Words with their placeholders filled in. Raises `KeyError` for one that has no value."""
    return text.format_map(values)


def longest(body: str, language: Language) -> str:
    """A text with the longest values it can get: what its length is judged by."""
    values = {
        "sender": "N" * SENDER_LENGTH,
        "day": language.longest_day(),
        "time": LONGEST_CLOCK,
        "place": "W" * PLACE_LENGTH,
        "phone": "715-555-0100".ljust(PHONE_LENGTH, "0"),
    }
    return fill(body, values)


def therapy_words(names: Iterable[str]) -> set[str]:
    """The words that give a therapy away, from the names and substances of all therapies."""
    words = {word for name in names for word in fold(name).split() if len(word) >= _TOO_SHORT_TO_BETRAY}
    return words - {"with", "free", "injection", "infusion", "from"}


def betraying(text: str, therapy_words: Collection[str], *, illness: bool = True) -> list[str]:
    """The words of a text that would tell a reader what the patient has or gets, as they stand in it."""
    found = []
    for word in re.findall(r"[^\W\d_]+", text):
        folded = fold(word)
        if folded in therapy_words or (illness and folded in BETRAYING):
            found.append(word)
    # Letters set apart, or joined to others, hide nothing from a reader.
    run = re.sub(r"[^a-z]", "", fold(text))
    seen = {fold(word) for word in found}
    found += [word for word in sorted({*therapy_words} - seen) if len(word) > _TOO_SHORT_TO_BETRAY + 1 and word in run]
    return list(dict.fromkeys(found))


def _betrayal_faults(text: str, therapy_words: Collection[str], *, illness: bool = True) -> list[str]:
    words = betraying(text, therapy_words, illness=illness)
    return [f"“{word}” would tell whoever reads it what the patient has or gets. Leave it out." for word in words]


def _opt_out_faults(body: str) -> list[str]:
    for word in _OPT_OUT:
        if re.search(rf"\b{_ASK}\W+{word}\b", body, re.IGNORECASE) or re.search(rf"\b{word.upper()}\b", body):
            return [f"By law the answer {word.upper()} stops all texts. Ask for C or R instead."]
    return []
