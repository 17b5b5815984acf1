"""The chain: once a minute the entries that have none get a seal, and each seal's hash follows from all before it.

A row's digest is the SHA-256 of all that it says, taken by the database. A seal holds which rows it covers, the hash of
their digests in order, and a head over that and the head before. So whoever changes, removes, swaps or slips in a row
must forge every seal from there on, and the last head, which is logged and printed to be noted elsewhere.

Sealing when rows are written would make all writers wait for each other. Here a row belongs to the seal that took it:
one whose transaction ends late is simply taken by a later seal. What was written in the last minute has no seal yet.
"""

import logging
from collections.abc import Iterator
from datetime import datetime
from hashlib import sha256

from django.db import connection, transaction
from django.utils import timezone
from prometheus_client.core import Metric

from clinic.audit.models import Entry, Seal
from clinic.metrics import gauge

DIGEST = """sha256(convert_to(jsonb_build_array(
    entry.id, entry.at at time zone 'UTC', entry.transaction, entry.what, entry.table_name, entry.row_id,
    entry.patient_id, entry.before, entry.after, entry.origin, entry.role)::text, 'UTF8'))"""
"""SQL: the digest of a row called `entry`."""

FIRST = b"\0" * 32
"""The head before the first seal."""

_ONE_AT_A_TIME = 4_826_101
_SEAL = f"""
    with sealed as (
        update audit_entry entry set seal_number = %s, digest = {DIGEST} where seal_number is null
        returning id, digest
    )
    select count(*), range_agg(int8range(id, id + 1))::text, sha256(string_agg(digest, ''::bytea order by id)),
           clock_timestamp()
    from sealed
"""

log = logging.getLogger(__name__)


def seal() -> Seal | None:
    """Seal what has no seal. Nothing to seal, or somebody else seals just now: None."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("select pg_try_advisory_xact_lock(%s)", [_ONE_AT_A_TIME])
        if not cursor.fetchone()[0]:
            return None
        last = Seal.objects.last()
        number, before = (last.number + 1, bytes(last.head)) if last else (1, FIRST)
        cursor.execute(_SEAL, [number])
        entries, ids, content, now = cursor.fetchone()
        if not entries:
            return None
        head = head_of(before=before, number=number, sealed_at=now, entries=entries, ids=ids, content=bytes(content))
        made = Seal.objects.create(
            number=number, sealed_at=now, entries=entries, ids=ids, content=bytes(content), head=head
        )
    log.info("audit trail sealed, head %s", made)
    return made


def numbers() -> Iterator[Metric]:
    """For the monitor: how long the oldest entry has been waiting for its seal. One query."""
    oldest = Entry.objects.filter(seal_number=None).order_by("pk").values_list("at", flat=True).first()
    waiting = max(0.0, (timezone.now() - oldest).total_seconds()) if oldest else 0.0
    yield gauge("audit_sealing_lag_seconds", "Age of the oldest entry of the audit trail without a seal", waiting)


def head_of(*, before: bytes, number: int, sealed_at: datetime, entries: int, ids: str, content: bytes) -> bytes:
    """The hash that stands for a seal and all before it."""
    facts = f"{number} {sealed_at.timestamp():.6f} {entries} {ids} ".encode()
    return sha256(before + facts + content).digest()
