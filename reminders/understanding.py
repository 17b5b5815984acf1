"""What a patient's text means. Pure: no Django, no database.

The law asks that every wording which plainly refuses texts is taken as a refusal, not only the word STOP. A sentence
about the visit ("I can't stop by", "cancel my appointment") must not be: whoever cannot come still wants to hear of the
next visit. What is not clear is for people to read.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from patients.folding import fold
from reminders import phrases


class Sense(StrEnum):
    """What a text asks of us; the values are those of `reminders.models.Meaning`."""

    CONFIRM = "confirm"
    ANOTHER_TIME = "another"
    STOP = "stop"
    START = "start"
    HELP = "help"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Understood:
    """What a text means, and whether somebody should read it all the same."""

    sense: Sense
    for_people: bool = False


# A phone that "likes" a text sends it back in quotes; the words in them are ours.
_ECHO = re.compile(
    r"\s*(?:liked|loved|disliked|emphasized|questioned|laughed at|removed .{1,30} from|reacted .{1,30} to|\S{1,4} to"
    r"|le gust\S+|le encant\S+)\s*[“\"«].*",
    re.IGNORECASE | re.DOTALL,
)
_THUMBS = re.compile(r"[👍👌✅☑✔🆗\U0001F3FB-\U0001F3FF\uFE0F\s]+")
_CAPITAL_STOP = re.compile(r"\W*STOP\b(?! BY\b| IN\b| AT\b| OVER\b)(?=.*[a-z])", re.DOTALL)


def understand(text: str) -> Understood:
    """What a text means. Sentences that refuse texts count at once and are read by people too."""
    if _ECHO.fullmatch(text):
        return Understood(Sense.OTHER, for_people=True)
    words = fold(re.sub(r"[^\w\s'’`-]", " ", text))
    bare = _without_politeness(words)
    for sense, alone in ((Sense.HELP, phrases.HELP), (Sense.START, phrases.START), (Sense.STOP, phrases.STOP)):
        if bare in alone:
            return Understood(sense, for_people=bare in phrases.MAY_MEAN_THE_VISIT)
    if _refuses_texts(text, words):
        return Understood(Sense.STOP, for_people=True)
    if _says_yes(text, words):
        return Understood(Sense.CONFIRM)
    if bare in phrases.ANOTHER_TIME or any(request.search(words) for request in phrases.REQUESTS):
        return Understood(Sense.ANOTHER_TIME, for_people=True)
    return Understood(Sense.OTHER, for_people=True)


def _without_politeness(words: str) -> str:
    """The words between a please and a thank-you."""
    kept = words.split()
    while kept and kept[-1] in phrases.POLITE:
        kept.pop()
    while kept and kept[0] in phrases.POLITE:
        kept.pop(0)
    return " ".join(kept)


def _refuses_texts(text: str, words: str) -> bool:
    words = phrases.OUR_OFFER.sub(" ", words)
    if any(fine.search(words) for fine in phrases.TEXTS_ARE_FINE):
        return False
    return bool(_CAPITAL_STOP.match(text)) or any(refusal.search(words) for refusal in phrases.REFUSALS)


def _says_yes(text: str, words: str) -> bool:
    """Whether a text says yes and nothing else; a question or a condition is none."""
    if "?" in text:
        return False
    if text.strip() and _THUMBS.fullmatch(text):
        return True
    for coming in phrases.COMING:
        words = coming.sub("yes", words)
    said = set(words.split())
    return bool(said & phrases.YES) and said <= phrases.YES | phrases.WITH_YES | phrases.POLITE
