"""The rules: read from `rules.toml`, kept as rows that clinics may change, picked for a visit."""

import tomllib
from collections.abc import Iterable
from datetime import time
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.apps.registry import Apps

from clinic.sql import fetch
from reminders.timing import Hours, Rule

FILE = Path(__file__).with_name("rules.toml")

FACTS = (
    "code",
    "moment",
    "cut_off_hours",
    "days",
    "at",
    "min_interval_days",
    "rest_hours",
    "only_unconfirmed",
    "asks_to_confirm",
    "keeps_place",
)

CLOSEST = f"""
    select distinct on (code) is_active, channels, {", ".join(FACTS)} from reminders_reminderrule
    where (clinic_id is null or clinic_id = %s) and (therapy_id is null or therapy_id = %s)
    order by code, therapy_id is null, clinic_id is null
"""
"""A therapy's own rule is closer than a clinic's; one for both is the closest."""


class RulesError(ValueError):
    """The file says something that cannot be understood. The message names the rule."""


def read_shape(path: Path = FILE) -> int:
    """The shape of a rules file, read without understanding the rest of it."""
    shape: int = tomllib.loads(path.read_text(encoding="utf-8"))["shape"]
    return shape


def read_rules(path: Path = FILE) -> list[dict[str, Any]]:
    """The rules of a file as rows for `ReminderRule`. Raises `RulesError`."""
    rows = []
    for entry in tomllib.loads(path.read_text(encoding="utf-8"))["rule"]:
        try:
            rows.append(_row(dict(entry)))
        except (KeyError, TypeError, ValueError) as error:
            raise RulesError(f"{path.name}, {entry.get('code', 'a rule without a code')}: {error!r}") from error
    return rows


@lru_cache(maxsize=1)
def default_hours() -> dict[str, Hours]:
    """When each channel may be used, by the file."""
    hours = tomllib.loads(FILE.read_text(encoding="utf-8"))["hours"]
    return {
        channel: Hours(time.fromisoformat(opens), time.fromisoformat(closes))
        for channel, (opens, closes) in hours.items()
    }


def load_rules(*, rows: Iterable[dict[str, Any]], apps: Apps) -> None:
    """Make the default rules say what the file says. What clinics changed for themselves stays."""
    model = apps.get_model("reminders", "ReminderRule")
    for row in rows:
        model.objects.update_or_create(code=row["code"], clinic=None, therapy=None, defaults=row)


def rules_for(*, clinic_id: int, therapy_id: int) -> list[Rule]:
    """The rules that hold for a therapy at a clinic: of each code the closest row. One query."""
    return [
        Rule(channels=tuple(channels), **dict(zip(FACTS, facts, strict=True)))
        for is_active, channels, *facts in fetch(CLOSEST, [clinic_id, therapy_id])
        if is_active
    ]


def _row(entry: dict[str, Any]) -> dict[str, Any]:
    at = entry.pop("at", None)
    row = {
        "code": entry.pop("code"),
        "moment": entry.pop("moment"),
        "channels": entry.pop("channels"),
        "days": entry.pop("days", 0),
        "at": time.fromisoformat(at) if at else None,
        "cut_off_hours": entry.pop("cut_off"),
        "min_interval_days": entry.pop("min_interval", 0),
        "rest_hours": entry.pop("rest", 0),
        "only_unconfirmed": entry.pop("only_unconfirmed", False),
        "asks_to_confirm": entry.pop("asks", False),
        "keeps_place": entry.pop("keeps_place", False),
        "is_active": True,
    }
    if entry:
        raise ValueError(f"unknown {', '.join(entry)}")
    return row
