"""What a mail server's answer says of an address. Pure: no Django, no database."""

import re

_STATUS = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
_CODE = re.compile(r"\b([245]\d\d)\b")

_NO_SUCH = {550, 551, 553}
_OF_THE_SENDER = {7, 8}
_SAYS_LITTLE = {0, 5}


def is_no_address(said: str) -> bool | None:
    """Whether an answer says that there is no such address: True, False, or None when it says neither.

    The enhanced status code (RFC 3463) comes before the plain one, since 550 also stands for a full mailbox (5.2.2) and
    for a server that refuses us (5.7.x). Only 5.1.x, but for the two about the sender, and 5.2.1 speak of the address.
    """
    if status := _STATUS.search(said):
        kind, subject, detail = (int(part) for part in status.groups())
        if kind != 5:
            return False
        if subject not in _SAYS_LITTLE:
            return (subject == 1 and detail not in _OF_THE_SENDER) or (subject, detail) == (2, 1)
    if code := _CODE.search(said):
        return int(code[1]) in _NO_SUCH
    return None
