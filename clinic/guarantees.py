"""The guarantees, asked of the whole database in plain SQL that relies on no constraint.

The constraints refuse what must never be. These questions are for when a constraint may have been missing: after a
restore, after a hand at the database, and in the tests of races. They are written from what a guarantee says, not from
the constraint that keeps it. Each room registers its own; `manage.py check_guarantees` asks them all.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection

from clinic.logs.statements import reading_all

EXAMPLES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Guarantee:
    """What holds, and SQL for the ids of the rows for which it does not. `of` is what these rows are."""

    code: str
    says: str
    of: str
    breaches: str


@dataclass(frozen=True, slots=True)
class Breach:
    """A guarantee that does not hold: for how many rows, and the first of them."""

    guarantee: Guarantee
    count: int
    ids: list[int]

    def __str__(self) -> str:
        examples = ", ".join(map(str, self.ids)) + (" and more" if self.count > len(self.ids) else "")
        broken = self.guarantee
        return f"{broken.code}, {broken.says}: broken {self.count:,} times ({broken.of} {examples})"


_GUARANTEES: dict[str, Guarantee] = {}


def register(*guarantees: Guarantee) -> None:
    """Let a room's guarantees be asked."""
    _GUARANTEES.update({one.code: one for one in guarantees})


def every() -> list[Guarantee]:
    """All that are registered, in the order of their numbers."""
    return sorted(_GUARANTEES.values(), key=lambda one: (int(one.code.split(",")[0][1:]), one.code))


def breaches() -> list[Breach]:
    """The guarantees that do not hold just now. One query each."""
    with reading_all():
        return list(_asked())


def _asked() -> Iterator[Breach]:
    with connection.cursor() as cursor:
        for one in every():
            cursor.execute(
                f"select count(*), (array_agg(id order by id))[:{EXAMPLES}] from ({one.breaches}) as breach (id)"
            )
            count, ids = cursor.fetchone()
            if count:
                yield Breach(one, count, ids)


def overlapping(table: str, *, same: str, where: str = "true") -> str:
    """SQL: rows whose period begins before an earlier one of the same has ended. Sorts, and joins nothing."""
    return f"""
        select id from (
            select id, lower(period) < max(upper(period)) over (
                partition by {same} order by lower(period), id rows between unbounded preceding and 1 preceding
            ) as is_early
            from {table} where {where}
        ) as one where is_early"""


_UNSOUND = """
    select format('The constraint %s of %s is switched off or was never checked.', conname, conrelid::regclass)
    from pg_constraint where not (convalidated and conenforced) and connamespace = 'public'::regnamespace
    union all
    select format('The index %s is not valid.', indexrelid::regclass)
    from pg_index join pg_class on pg_class.oid = indexrelid
    where not indisvalid and relnamespace = 'public'::regnamespace
    union all
    select format('The trigger %s of %s is switched off.', tgname, tgrelid::regclass)
    from pg_trigger join pg_class on pg_class.oid = tgrelid
    where tgenabled not in ('O', 'A') and relnamespace = 'public'::regnamespace
    order by 1
"""


def unsound() -> list[str]:
    """What should keep the guarantees and does not: constraints never checked, triggers switched off."""
    with connection.cursor() as cursor:
        cursor.execute(_UNSOUND)
        return [line for (line,) in cursor.fetchall()]
