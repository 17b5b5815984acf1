"""SQL written by hand, for what happens all day: there composing a statement costs more than the database's answer."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection

Row = tuple[Any, ...]


def fetch(sql: str, params: Sequence[Any] | Mapping[str, Any]) -> list[Row]:
    """What a statement finds."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall()


def insert(table: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows that all name the same columns; the database's defaults fill the others. One query, or none."""
    if not rows:
        return
    columns = list(rows[0])
    one = f"({', '.join(['%s'] * len(columns))})"
    with connection.cursor() as cursor:
        cursor.execute(
            f"insert into {table} ({', '.join(columns)}) values {', '.join([one] * len(rows))}",
            [row[column] for row in rows for column in columns],
        )
