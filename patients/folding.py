"""Names as they are compared: no accents, no case, no punctuation.

The same folding is done twice, in the database for what is kept and here for what is typed. A test holds the two
together.
"""

import re
import unicodedata

from django.db.models import CharField, Func

_LETTERS = {"ß": "ss", "ẞ": "ss", "Æ": "AE", "æ": "ae", "Œ": "OE", "œ": "oe"}
_MARKS = "[\\u0300-\\u036f'\\u2019\\u02bb`]"
_BETWEEN_WORDS = r"[\s!-/:-@\[-`{-~\u2010-\u2015]+"
_BARE = "regexp_replace(normalize(%(expressions)s, NFKD), '{}', '', 'g')".format(_MARKS.replace("'", "''"))
_PLAIN = ("ØøŁłĐđÐðı", "OoLlDdDdi")


def fold(text: str) -> str:
    """A name folded for comparison: `Müller-O'Brien` is `muller obrien`."""
    bare = re.sub(_MARKS, "", unicodedata.normalize("NFKD", text))
    bare = bare.translate(str.maketrans(*_PLAIN))
    for letter, plain in _LETTERS.items():
        bare = bare.replace(letter, plain)
    return re.sub(_BETWEEN_WORDS, " ", bare.lower()).strip()


class Folded(Func):
    """SQL for a name folded as `fold` does, with a blank before and after, so that whole words can be matched."""

    arity = 1
    output_field = CharField()
    template = (
        "(' ' || btrim(regexp_replace(lower("
        + "replace(" * len(_LETTERS)
        + f"translate({_BARE}, '{_PLAIN[0]}', '{_PLAIN[1]}')"
        + "".join(f", '{letter}', '{plain}')" for letter, plain in _LETTERS.items())
        + f" collate pg_c_utf8), '{_BETWEEN_WORDS}', ' ', 'g')) || ' ')"
    )
