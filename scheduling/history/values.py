"""Columns of any watched table in words: what they are called, and what stands in them."""

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import date, datetime, time
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from django.apps import apps
from django.contrib.postgres.fields import ArrayField, DateTimeRangeField
from django.db import models

from clinic.models import Chair, Clinic, Nurse, User
from scheduling.wording import day_words, stretch_words, when_words
from therapies.models import Therapy

NOTHING = "—"
MOST = 300
NAMED: tuple[type[models.Model], ...] = (Clinic, Chair, Nurse, User, Therapy)
"""Rows that are called by their name, wherever another row points at one."""

Names = Mapping[tuple[type[models.Model], int], str]
Row = dict[str, Any]
Column = Any
"""A Django field: not generic at run time."""


@cache
def columns_of(table: str) -> tuple[str, dict[str, Column]]:
    """What rows of a table are called, and its fields by column. A table that is gone has its own name alone."""
    for model in apps.get_models(include_auto_created=True):
        if model._meta.db_table == table:  # noqa: SLF001
            facts = model._meta  # noqa: SLF001
            return str(facts.verbose_name).capitalize(), {str(field.column): field for field in facts.concrete_fields}
    return table, {}


def names_of(rows: Iterable[tuple[str, Row]]) -> Names:
    """The names of everything that some rows, each with its table, point at. One query for each kind of thing."""
    wanted: dict[type[models.Model], set[int]] = {kind: set() for kind in NAMED}
    for table, row in rows:
        fields = columns_of(table)[1]
        for column, value in row.items():
            kind = getattr(fields.get(column), "related_model", None)
            if kind in wanted and value is not None:
                wanted[kind].add(value)
    names: dict[tuple[type[models.Model], int], str] = {}
    for kind, ids in wanted.items():
        for one in kind._default_manager.filter(pk__in=ids):  # noqa: SLF001
            names[kind, one.pk] = one.label if isinstance(one, User) else str(one)
    return names


def label_of(field: Column | None, column: str) -> str:
    """What a column is called."""
    said = str(field.verbose_name) if field else column.replace("_", " ")
    return said[:1].upper() + said[1:]


def words_of(field: Column | None, value: Any, *, names: Names, zone: ZoneInfo) -> str:
    """What stands in a column, as staff say it. Moments are in the clinic's wall clock."""
    if value in (None, "", [], {}):
        return NOTHING
    if field is None:
        return str(value)[:MOST]
    if isinstance(value, bool):
        return "yes" if value else "no"
    if field.related_model is not None:
        return names.get((field.related_model, value), f"number {value}")
    if field.flatchoices:
        return str(dict(field.flatchoices).get(value, value))
    if isinstance(field, ArrayField):
        return ", ".join(words_of(field.base_field, one, names=names, zone=zone) for one in value)
    with suppress(ValueError):
        return _moment(field, value, zone)
    return str(value)[:MOST]


def _moment(field: Column, value: Any, zone: ZoneInfo) -> str:
    """Days, times and stretches of time. Raises `ValueError` for anything else."""
    if isinstance(field, DateTimeRangeField):
        start, end = (datetime.fromisoformat(text) for text in re.findall(r'"([^"]+)"', value))
        return stretch_words(start, end, zone)
    if isinstance(field, models.DateTimeField):
        return when_words(datetime.fromisoformat(value), zone)
    if isinstance(field, models.DateField):
        return day_words(date.fromisoformat(value), year=True)
    if isinstance(field, models.TimeField):
        return f"{time.fromisoformat(value):%-I:%M %p}"
    raise ValueError(value)
