"""Telephone numbers: kept as E.164, typed and shown as people write them. Pure: no Django, no database."""

import re

_NANP = re.compile(r"1?([2-9]\d{2})([2-9]\d{6})")
_OTHER_COUNTRY = re.compile(r"[2-9]\d{6,14}")
_TYPED = re.compile(r"(?P<plus>\+?)[\d\s().\-/ ]+")


def to_e164(text: str) -> str:
    """A typed number as E.164: (715) 555-0100 is +17155550100. Numbers without + are of the United States or Canada.

    Raises `ValueError` with a sentence for people.
    """
    typed = _TYPED.fullmatch(text.strip())
    digits = re.sub(r"\D", "", text)
    if not typed:
        raise ValueError("This is not a phone number. Type digits only, like (715) 555-0100, without an extension.")
    if match := _NANP.fullmatch(digits):
        return f"+1{match[1]}{match[2]}"
    if typed["plus"] and _OTHER_COUNTRY.fullmatch(digits):
        return f"+{digits}"
    raise ValueError(
        "This is not a full phone number. Type area code and number, like (715) 555-0100;"
        " a number outside the United States and Canada starts with + and the country code."
    )


def shown(number: str) -> str:
    """A number kept as E.164 as people read it: +17155550100 is (715) 555-0100."""
    if match := re.fullmatch(r"\+1(\d{3})(\d{3})(\d{4})", number):
        return f"({match[1]}) {match[2]}-{match[3]}"
    return number
