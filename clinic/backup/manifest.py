"""What a backup says about itself, and what a database holds just now: the same words, so that they can be compared."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Self

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper

from clinic.backup import BackupError
from clinic.logs.statements import reading_all

FORMAT = 1

FLEETING = ("public.clinic_cache", "public.clinic_staffsession", "public.django_session")
"""Tables whose rows are left out: counters of the last minutes, and who is signed in. After a restore everybody
signs in again, so that a session that was ended since the backup does not come back to life."""

_OURS = "nspname !~ '^pg_' and nspname <> 'information_schema'"
_OWN = "not exists (select from pg_depend where objid = {0}.oid and classid = '{1}'::regclass and deptype = 'e')"
"""SQL: not a part of an extension."""

_TABLES = f"""
    select format('%I.%I', nspname, relname) from pg_class c join pg_namespace n on n.oid = relnamespace
    where relkind in ('r', 'p') and {_OURS} and {_OWN.format("c", "pg_class")} order by 1
"""
_PARTS = f"""
    select 'constraint', format('%s on %I', conname, relname)
    from pg_constraint join pg_class c on c.oid = conrelid join pg_namespace n on n.oid = relnamespace
    where convalidated and conenforced and {_OURS} and {_OWN.format("c", "pg_class")}
    union all
    select 'index', c.relname::text
    from pg_index join pg_class c on c.oid = indexrelid join pg_namespace n on n.oid = relnamespace
    where indisvalid and {_OURS} and {_OWN.format("c", "pg_class")}
    union all
    select 'trigger', format('%s on %I', tgname, relname)
    from pg_trigger join pg_class c on c.oid = tgrelid join pg_namespace n on n.oid = relnamespace
    where not tgisinternal and tgenabled in ('O', 'A') and {_OURS}
    union all
    select 'function', p.oid::regprocedure::text
    from pg_proc p join pg_namespace n on n.oid = pronamespace
    where {_OURS} and {_OWN.format("p", "pg_proc")}
    union all
    select 'sequence', c.relname::text from pg_class c join pg_namespace n on n.oid = relnamespace
    where relkind = 'S' and {_OURS}
    order by 1, 2
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """`rows` counts the rows of every table, `parts` lists what keeps them right: constraints that are validated,
    indexes, triggers that are switched on, functions. `head` is the last of the audit trail's chain.
    """

    made_at: datetime
    server: str
    rows: dict[str, int]
    parts: dict[str, list[str]]
    migrations: list[str]
    head: str

    @property
    def total(self) -> int:
        """Rows of all tables together."""
        return sum(self.rows.values())

    def to_line(self) -> bytes:
        """One line of JSON, with its end."""
        facts = {"format": FORMAT, **asdict(self), "made_at": self.made_at.isoformat()}
        return json.dumps(facts, separators=(",", ":")).encode() + b"\n"

    @classmethod
    def from_line(cls, line: bytes) -> Self:
        """The manifest that a line holds. Raises `BackupError` for a line of another format."""
        try:
            facts = json.loads(line)
            if facts.pop("format") == FORMAT:
                return cls(**{**facts, "made_at": datetime.fromisoformat(facts["made_at"])})
        except (ValueError, TypeError, KeyError, AttributeError):
            pass
        raise BackupError("This was made by another version of Chairside, whose backups this one cannot read.")


def take(of: BaseDatabaseWrapper | None = None) -> Manifest:
    """What the database holds, as the transaction of a connection sees it: by default of the usual one."""
    with reading_all(), (of or connection).cursor() as cursor:
        cursor.execute("select now(), current_setting('server_version')")
        made_at, server = cursor.fetchone()
        tables = tables_of(cursor)
        return Manifest(
            made_at=made_at,
            server=server,
            rows=dict(_counted(cursor, [name for name in tables if name not in FLEETING])),
            parts=_parts(cursor),
            migrations=_migrations(cursor) if "public.django_migrations" in tables else [],
            head=_head(cursor) if "public.audit_seal" in tables else "",
        )


def tables_of(cursor: Any) -> list[str]:
    """The tables that are there, with their schema, and without those of extensions."""
    cursor.execute(_TABLES)
    return [name for (name,) in cursor.fetchall()]


def _counted(cursor: Any, tables: list[str]) -> Iterator[tuple[str, int]]:
    for table in tables:
        cursor.execute(f"select count(*) from {table}")
        yield table, cursor.fetchone()[0]


def _parts(cursor: Any) -> dict[str, list[str]]:
    cursor.execute(_PARTS)
    parts: dict[str, list[str]] = {}
    for kind, name in cursor.fetchall():
        parts.setdefault(kind, []).append(name)
    return parts


def _migrations(cursor: Any) -> list[str]:
    cursor.execute("select app || '.' || name from django_migrations order by id")
    return [name for (name,) in cursor.fetchall()]


def _head(cursor: Any) -> str:
    cursor.execute("select number || ':' || encode(head, 'hex') from audit_seal order by number desc limit 1")
    row = cursor.fetchone()
    return row[0] if row else ""
