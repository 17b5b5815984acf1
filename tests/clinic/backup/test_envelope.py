"""The encrypted file: whatever is done to it is seen, and nothing of a patient can be read in it."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pyrage
import pytest

from clinic.backup import BackupError, envelope
from tests.clinic.backup.tampering import TAMPERINGS

CONTENT = b"".join(b"%08d Jane Roe, chair 3\n" % number for number in range(12_000))
"""Five chunks of the cipher."""


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("sealed") / "chairside.age"
    with path.open("xb") as file:
        envelope.seal(BytesIO(CONTENT), file)
    return path.read_bytes()


def opened(content: bytes, at: Path) -> bytes:
    """What a file with CONTENT holds."""
    found = bytearray()
    (at / "chairside.age").write_bytes(content)
    with (at / "chairside.age").open("rb") as file:
        envelope.unseal(file, found.extend)
    return bytes(found)


def test_what_was_sealed_comes_out_again_and_cannot_be_read_inside(sealed: bytes, tmp_path: Path) -> None:
    assert opened(sealed, tmp_path) == CONTENT
    assert b"Jane" not in sealed
    assert sealed.startswith(b"age-encryption.org/v1\n")


@pytest.mark.parametrize("tampering", TAMPERINGS, ids=lambda tampering: tampering.__name__)
def test_a_file_that_was_tampered_with_is_refused(
    sealed: bytes, tampering: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    with pytest.raises(BackupError, match=r"chairside\.age|BACKUP_KEYS"):
        opened(tampering(sealed), tmp_path)


def test_an_older_key_still_opens_and_another_does_not(sealed: bytes, tmp_path: Path, settings: object) -> None:
    [old] = settings.BACKUP_KEYS  # type: ignore[attr-defined]
    new = str(pyrage.x25519.Identity.generate())

    settings.BACKUP_KEYS = [new, old]  # type: ignore[attr-defined]
    assert opened(sealed, tmp_path) == CONTENT

    settings.BACKUP_KEYS = [new]  # type: ignore[attr-defined]
    with pytest.raises(BackupError, match="None of BACKUP_KEYS opens"):
        opened(sealed, tmp_path)


def test_what_goes_wrong_in_a_stream_keeps_its_name(sealed: bytes, tmp_path: Path) -> None:
    def full(_: bytes) -> None:
        raise OSError(28, "No space left on device")

    with (tmp_path / "file").open("x+b") as file:
        file.write(sealed)
        with pytest.raises(OSError, match="No space left"):
            envelope.unseal(file, full)


@pytest.mark.parametrize("pieces", [1, 7, 8192, 100_000])
def test_the_first_line_is_taken_apart_however_it_arrives(pieces: int) -> None:
    content, line, rest = b"manifest\nfirst\nsecond\n" * 1000, bytearray(), bytearray()
    sink = envelope.FirstLine(line=line.extend, rest=rest.extend)

    for begin in range(0, len(content), pieces):
        sink(content[begin : begin + pieces])

    assert bytes(line) == b"manifest"
    assert bytes(rest) == content.removeprefix(b"manifest\n")


def test_what_has_no_first_line_is_no_backup() -> None:
    sink = envelope.FirstLine(line=bytes, rest=bytes)
    with pytest.raises(BackupError, match="no backup of Chairside"):
        sink(b"x" * (envelope.LONGEST_MANIFEST + 1))
