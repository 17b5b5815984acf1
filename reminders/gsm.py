"""The alphabet and the length of a text message: 160 characters of GSM 03.38, no more. Pure: no Django, no database.

One character outside this alphabet makes the whole text cost and split as UCS-2 (70 characters a part), so texts use
no other; names are written without what it lacks.
"""

import unicodedata

SINGLE = 160
"""Septets in one text."""

_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = "^{}\\[~]|€"
"""These take two septets each."""

_INSTEAD = str.maketrans("’‘“”–—\u00a0ŁłĐđ", "''\"\"-- LlDd") | {ord("…"): "...", ord("½"): "1/2"}


def strangers(text: str) -> list[str]:
    """The characters of a text that a single text message cannot carry, each once, in order."""
    return list(dict.fromkeys(one for one in text if one not in _BASIC and one not in _EXTENDED))


def septets(text: str) -> int:
    """The length of a text as the network counts it. Raises `ValueError` for a character it cannot carry."""
    if odd := strangers(text):
        raise ValueError(f"A text cannot carry {' '.join(odd)}")
    return sum(2 if one in _EXTENDED else 1 for one in text)


def plain(text: str) -> str:
    """A text written in this alphabet: accents that it lacks are left out, what has no likeness is dropped."""
    written = []
    for one in unicodedata.normalize("NFC", text.translate(_INSTEAD)):
        if one in _BASIC or one in _EXTENDED:
            written.append(one)
        else:
            bare = unicodedata.normalize("NFKD", one)
            written.extend(part for part in bare if part in _BASIC)
    return "".join(written)
