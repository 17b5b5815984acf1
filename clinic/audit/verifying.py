"""Is the trail as it was written? Computes every hash anew, from the first row to the last head."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.db.models.functions import Now

from clinic.audit.models import Entry, Seal
from clinic.audit.sealing import DIGEST, FIRST, head_of
from clinic.audit.watching import unguarded, unwatched
from clinic.logs.statements import reading_all

LONGEST_TRANSACTION = timedelta(hours=1)
"""How long after its writing a row may be sealed when younger ones were before. Longer: somebody slipped it in."""

SEALED_WITHIN = timedelta(minutes=10)

_FOUND = f"""
    with fresh as (
        select entry.id, entry.seal_number, entry.digest, entry.at, {DIGEST} as digest_now
        from audit_entry entry where entry.seal_number is not null
    ), found as (
        select seal_number, range_agg(int8range(id, id + 1)) as ids, min(at) as oldest,
               sha256(string_agg(digest_now, ''::bytea order by id)) as content,
               array_agg(id order by id) filter (where digest is distinct from digest_now) as changed
        from fresh group by seal_number
    )
    select coalesce(seal.number, found.seal_number), seal.number is null,
           (seal.ids::int8multirange - coalesce(found.ids, '{{}}'))::text,
           (found.ids - coalesce(seal.ids::int8multirange, '{{}}'))::text,
           found.changed, found.content is distinct from seal.content, found.oldest
    from audit_seal seal full join found on found.seal_number = seal.number order by 1
"""


@dataclass(frozen=True, slots=True)
class Report:
    """What a check found. No faults: the trail is as it was written, up to the head."""

    entries: int
    unsealed: int
    head: str
    faults: list[str]


def verify(*, noted: str = "") -> Report:
    """Check the whole trail, and that a head noted earlier, `number:hash`, still stands in it."""
    with reading_all():
        seals = list(Seal.objects.all())
        faults = [*_chain(seals), *_rows(seals), *_noted(seals, noted), *_guards(), *_waiting()]
        return Report(
            entries=Entry.objects.count(),
            unsealed=Entry.objects.filter(seal_number=None).count(),
            head=str(seals[-1]) if seals else "",
            faults=faults,
        )


def _chain(seals: list[Seal]) -> Iterator[str]:
    number, before = 0, FIRST
    for seal in seals:
        if seal.number != number + 1:
            yield f"Seals {number + 1} to {seal.number - 1} are missing."
        head = head_of(
            before=before,
            number=seal.number,
            sealed_at=seal.sealed_at,
            entries=seal.entries,
            ids=seal.ids,
            content=bytes(seal.content),
        )
        number, before = seal.number, bytes(seal.head)
        if head != before:
            yield f"Seal {seal.number} does not follow from the one before: it, or the order of seals, was changed."


def _rows(seals: list[Seal]) -> Iterator[str]:
    sealed_at = {seal.number: seal.sealed_at for seal in seals}
    with connection.cursor() as cursor:
        cursor.execute(_FOUND)
        for number, no_seal, missing, added, changed, differs, oldest in cursor.fetchall():
            if no_seal:
                yield f"Entries {added} claim seal {number}, which is not there."
                continue
            said = [
                *([f"Seal {number}: entries {missing} were removed."] if missing != "{}" else []),
                *([f"Seal {number}: entries {added} were slipped in."] if added not in ("{}", None) else []),
                *([f"Seal {number}: entries {_list(changed)} were changed."] if changed else []),
            ]
            yield from said
            if differs and not said:
                yield f"Seal {number}: its entries are not those that were sealed."
            if _slipped_in(oldest, sealed_at.get(number - 1)):
                yield f"Seal {number}: an entry says {oldest:%Y-%m-%d %H:%M}, long before the seal before it was made."


def _slipped_in(oldest: datetime | None, before: datetime | None) -> bool:
    return bool(oldest and before and oldest < before - LONGEST_TRANSACTION)


def _noted(seals: list[Seal], noted: str) -> Iterator[str]:
    if noted and noted not in {str(seal) for seal in seals}:
        yield f"The head noted earlier, {noted}, is not in the chain: the end of the trail was cut off or written anew."


def _guards() -> Iterator[str]:
    for table in unwatched():
        yield f"Changes of {table} are not written down: its triggers are missing or switched off."
    for table in unguarded():
        yield f"{table} may be changed: its triggers are missing or switched off."


def _waiting() -> Iterator[str]:
    oldest = Entry.objects.filter(seal_number=None, at__lt=Now() - SEALED_WITHIN).order_by("id").first()
    if oldest:
        yield f"Entry {oldest.pk} has waited for its seal since {oldest.at:%Y-%m-%d %H:%M} UTC: is beat running?"


def _list(ids: list[int]) -> str:
    return ", ".join(map(str, ids[:20])) + (" and more" if len(ids) > 20 else "")
