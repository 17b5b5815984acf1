"""The encrypted file: streams in and out of it. What goes wrong on the way is said by its own name.

`pyrage` turns every exception of the streams it is given into its own; the two streams here keep theirs.
"""

import errno
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Protocol

import pyrage

from clinic.backup import BackupError, keys

LONGEST_MANIFEST = 4_000_000
"""Bytes: a first line longer than this is none of ours."""

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}

Sink = Callable[[bytes], object]
"""Takes the next bytes."""


class Source(Protocol):
    """Gives the next bytes, at most so many; nothing at its end."""

    def read(self, most: int = -1, /) -> bytes: ...


class _Kept:
    """A stream that remembers what went wrong in it."""

    def __init__(self) -> None:
        self.error: BaseException | None = None

    def flush(self) -> None:
        """Nothing waits here."""


class _Reading(_Kept):
    def __init__(self, source: Source) -> None:
        super().__init__()
        self._source = source

    def read(self, most: int = -1) -> bytes:
        try:
            return self._source.read(most)
        except BaseException as error:
            self.error = error
            raise


class _Writing(_Kept):
    def __init__(self, sink: Sink) -> None:
        super().__init__()
        self._sink = sink

    def write(self, data: bytes) -> int:
        try:
            self._sink(data)
        except BaseException as error:
            self.error = error
            raise
        return len(data)


class FirstLine:
    """A sink that takes the first line apart from all that follows it."""

    def __init__(self, *, line: Sink, rest: Sink) -> None:
        self._line, self._rest = line, rest
        self._held: bytearray | None = bytearray()

    def __call__(self, data: bytes) -> None:
        if self._held is None:
            self._rest(data)
            return
        self._held += data
        line, found, rest = self._held.partition(b"\n")
        if found:
            self._held = None
            self._line(bytes(line))
            self._rest(bytes(rest))
        elif len(self._held) > LONGEST_MANIFEST:
            raise BackupError("This is encrypted with the right key, but it is no backup of Chairside.")


def seal(source: Source, file: BinaryIO) -> None:
    """Write what SOURCE gives, encrypted for the newest key, into FILE."""
    from django.conf import settings

    reading, writing = _Reading(source), _Writing(file.write)
    try:
        pyrage.encrypt_io(reading, writing, [keys.recipient(settings.BACKUP_KEYS)])
    except (pyrage.EncryptError, OSError):
        for error in (reading.error, writing.error):
            if error:
                raise error from None
        raise


def unseal(file: BinaryIO, sink: Sink) -> None:
    """Hand what FILE holds to SINK, each chunk only when it is proven genuine. Raises `BackupError` if one is not.

    That nothing is missing at the end is known only at the end.
    """
    from django.conf import settings

    file.seek(0)
    reading, writing = _Reading(file), _Writing(sink)
    try:
        pyrage.decrypt_io(reading, writing, keys.identities(settings.BACKUP_KEYS))
    except pyrage.DecryptError as error:
        raise _refusal(file, why=str(error)) from None
    except OSError as error:
        for kept in (reading.error, writing.error):
            if kept:
                raise kept from None
        raise _refusal(file, why=str(error)) from None


def _refusal(file: BinaryIO, *, why: str) -> BackupError:
    name = Path(file.name).name
    if "No matching keys" in why:
        return BackupError(f"None of BACKUP_KEYS opens {name}, or its first lines were changed.")
    if "truncated" in why:
        return BackupError(f"{name} is cut off: its end is missing.")
    if "decryption" in why:
        return BackupError(f"{name} was changed after it was written, or is damaged.")
    return BackupError(f"{name} is no backup, or its first lines are damaged ({why}).")


def in_words(error: OSError, *, directory: Path) -> str:
    """What the operating system says of a place for backups, in plain words."""
    if error.errno in FULL:
        return f"There is no room left for a backup in {directory}. Make room, or set BACKUP_DIR to a larger disk."
    return f"{directory} cannot be written: {error.strerror or error}."
