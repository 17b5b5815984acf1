"""Which tables are watched. A migration puts each under watch; what is not watched says why in its room's `apps.py`."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.apps import AppConfig, apps
from django.db import connection
from django.db.migrations import RunSQL

TRIGGERS = {"audit_insert", "audit_update", "audit_delete", "audit_no_truncate"}

NOT_OURS = {
    "account": "addresses of accounts, which nothing here goes by",
    "admin": "Django's own list of what was done in /admin/; the changes themselves are in the trail",
    "auth": "groups and permissions, which nothing here goes by",
    "contenttypes": "Django's list of models",
    "sessions": "who is signed in just now; signing in and out is in the trail",
}
"""Apps of others without clinical or scheduling data, by label, and why their tables are not watched."""


def track(table: str, *, patient: str = "null::bigint", leave_out: tuple[str, ...] = ()) -> RunSQL:
    """A migration's operation that puts a table under watch.

    `patient` is SQL for the id of the patient whom a row, called `this`, is about. `leave_out` names columns that are
    not copied into the trail.
    """
    return RunSQL(
        [("select audit_track(%s, %s, %s)", (table, patient, list(leave_out)))],
        [("select audit_untrack(%s)", (table,))],
    )


GUARDS = {
    "audit_entry": {"audit_only_seal", "audit_no_delete", "audit_no_truncate"},
    "audit_seal": {"audit_no_change", "audit_no_truncate"},
}
"""The triggers that keep the trail itself as it is."""


def unguarded() -> list[str]:
    """The tables of the trail that a trigger is missing from, or has been switched off."""
    there = _triggers()
    return [table for table, names in GUARDS.items() if not names <= there.get(table, set())]


def unwatched() -> list[str]:
    """Tables without all their triggers, or with one switched off, that nothing excuses."""
    watched = {table for table, names in _triggers().items() if names >= TRIGGERS}
    return sorted(
        table
        for config in apps.get_app_configs()
        for model in config.get_models(include_auto_created=True)
        if (table := model._meta.db_table) not in watched and not excuse(config, model.__name__)  # noqa: SLF001
    )


def _triggers() -> dict[str, set[str]]:
    """The triggers of the trail that are switched on, by table."""
    with connection.cursor() as cursor:
        cursor.execute("""
            select relname, array_agg(tgname::text) from pg_trigger join pg_class on pg_class.oid = tgrelid
            where tgenabled in ('O', 'A') and starts_with(tgname, 'audit_') group by 1
        """)
        return {table: set(names) for table, names in cursor.fetchall()}


def excuse(app: AppConfig, model: str) -> str:
    """Why a model's table is not watched. Empty: it is."""
    reasons: dict[str, str] = getattr(app, "not_audited", {})
    return reasons.get(model, "") or NOT_OURS.get(app.label, "")


@contextmanager
def starting_over() -> Iterator[None]:
    """Let tables be emptied inside: for the demonstration, never in production."""
    _guard_emptying(on=False)
    yield
    _guard_emptying(on=True)


def _guard_emptying(*, on: bool) -> None:
    """Let TRUNCATE be refused on every watched table and on the trail, or not. Only the tables' owner may do this."""
    with connection.cursor() as cursor:
        cursor.execute("select tgrelid::regclass::text from pg_trigger where tgname = 'audit_no_truncate' order by 1")
        for (table,) in cursor.fetchall():
            cursor.execute(f"alter table {table} {'enable' if on else 'disable'} trigger audit_no_truncate")
