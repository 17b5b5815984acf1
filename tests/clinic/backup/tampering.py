"""What can be done to an age file by somebody without the key, or by a bad disk."""

from collections.abc import Callable

CHUNK = 64 * 1024 + 16
"""Bytes of a full chunk of the cipher, with its tag."""


def begin_of(content: bytes) -> int:
    """Where the chunks begin: after the header's last line, which begins with ---, and a nonce of 16 bytes."""
    return content.index(b"\n", content.index(b"\n--- ") + 1) + 1 + 16


def _flipped(content: bytes, at: int) -> bytes:
    changed = bytearray(content)
    changed[at] ^= 1
    return bytes(changed)


def a_flipped_bit_in_the_header(content: bytes) -> bytes:
    return _flipped(content, content.index(b"-> X25519 ") + 20)


def a_flipped_bit_in_the_middle(content: bytes) -> bytes:
    return _flipped(content, len(content) // 2)


def a_flipped_bit_at_the_end(content: bytes) -> bytes:
    return _flipped(content, len(content) - 1)


def cut_in_a_chunk(content: bytes) -> bytes:
    return content[:-100]


def cut_between_two_chunks(content: bytes) -> bytes:
    return content[: begin_of(content) + CHUNK]


def cut_in_the_header(content: bytes) -> bytes:
    return content[:60]


def two_chunks_swapped(content: bytes) -> bytes:
    one, two, three = (begin_of(content) + number * CHUNK for number in range(3))
    return content[:one] + content[two:three] + content[one:two] + content[three:]


def a_chunk_left_out(content: bytes) -> bytes:
    begin = begin_of(content)
    return content[:begin] + content[begin + CHUNK :]


def a_chunk_twice(content: bytes) -> bytes:
    begin = begin_of(content)
    return content[: begin + CHUNK] + content[begin:]


def something_added(content: bytes) -> bytes:
    return content + b"x"


def two_files_in_one(content: bytes) -> bytes:
    return content + content


def emptied(content: bytes) -> bytes:
    return b""


TAMPERINGS: list[Callable[[bytes], bytes]] = [
    a_flipped_bit_in_the_header,
    a_flipped_bit_in_the_middle,
    a_flipped_bit_at_the_end,
    cut_in_a_chunk,
    cut_between_two_chunks,
    cut_in_the_header,
    two_chunks_swapped,
    a_chunk_left_out,
    a_chunk_twice,
    something_added,
    two_files_in_one,
    emptied,
]
