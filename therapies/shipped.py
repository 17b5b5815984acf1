"""Reads the shipped therapies, `catalog.toml`, into plain facts. Pure: no Django, no database."""

import tomllib
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

CATALOG = Path(__file__).with_name("catalog.toml")

Row = dict[str, Any]
"""Values by column name."""


class CatalogError(ValueError):
    """The file says something that cannot be understood. The message names the therapy."""


@dataclass(frozen=True, slots=True)
class ShippedTherapy:
    """One therapy of the file. `phases` and `prerequisites` are rows for `DosePhase` and `Prerequisite`."""

    slug: str
    name: str
    substance: str
    preparation: str
    aftercare: str
    effective_from: date
    source: str
    phases: list[Row]
    prerequisites: list[Row]


@dataclass(frozen=True, slots=True)
class Catalog:
    """The whole file. `shape` says what its keys mean."""

    shape: int
    therapies: list[ShippedTherapy]


def read_shape(path: Path = CATALOG) -> int:
    """The shape of a catalog file, read without understanding the rest of it."""
    shape: int = tomllib.loads(path.read_text(encoding="utf-8"))["shape"]
    return shape


def read_catalog(path: Path = CATALOG) -> Catalog:
    """All therapies of a catalog file. Raises `CatalogError`."""
    file = tomllib.loads(path.read_text(encoding="utf-8"))
    therapies = []
    for entry in file["therapy"]:
        try:
            therapies.append(_therapy(entry, file))
        except (KeyError, TypeError, ValueError) as error:
            raise CatalogError(f"{path.name}, {entry.get('slug', 'a therapy without a slug')}: {error!r}") from error
    return Catalog(shape=file["shape"], therapies=therapies)


def _therapy(entry: Row, file: Row) -> ShippedTherapy:
    return ShippedTherapy(
        slug=entry["slug"],
        name=entry["name"],
        substance=entry["substance"],
        preparation="\n".join(file["preparation"][key] for key in entry["preparation"]),
        aftercare="\n".join(file["aftercare"][key] for key in entry["aftercare"]),
        effective_from=entry["effective_from"],
        source=entry["source"].strip(),
        phases=[_phase(dict(phase)) for phase in entry["phases"]],
        prerequisites=[_prerequisite(code, file["prerequisites"][code]) for code in entry["prerequisites"]],
    )


def _phase(phase: Row) -> Row:
    """A row for `DosePhase`. Windows turn from days after the anchor into days around the target."""
    first_dose, last_dose = _doses(phase.pop("doses"))
    minutes, due = phase.pop("minutes"), phase.pop("due")
    day = due["day"]
    (green_from, green_until), (amber_from, amber_until) = phase.pop("green"), phase.pop("amber")
    row = {
        "first_dose": first_dose,
        "last_dose": last_dose,
        "variant": phase.pop("variant", ""),
        "dose": phase.pop("dose"),
        "acuity": phase.pop("acuity"),
        "setup_minutes": minutes.get("setup", 15),
        "premedication_minutes": minutes.get("premedication", 0),
        "infusion_minutes": minutes["infusion"],
        "observation_minutes": minutes.get("observation", 0),
        "turnover_minutes": minutes.get("turnover", 10),
        "target_days": day,
        "anchor_dose": due.get("after_dose"),
        "min_gap_days": due.get("min_gap", 0),
        "green_before": day - green_from,
        "green_after": green_until - day,
        "amber_before": day - amber_from,
        "amber_after": amber_until - day,
        "is_consecutive": phase.pop("consecutive", False),
        "needs_prior_tolerance": phase.pop("needs_prior_tolerance", False),
        "chair_kinds": phase.pop("chairs", []),
    }
    if phase:
        raise ValueError(f"doses {first_dose}: unknown {', '.join(phase)}")
    return row


def _doses(written: str) -> tuple[int, int | None]:
    """The first and last dose of "1-12", "3" or "13+"."""
    if written.endswith("+"):
        return int(written[:-1]), None
    first, _, last = written.partition("-")
    return int(first), int(last or first)


def _prerequisite(code: str, facts: Row) -> Row:
    return {
        "code": code,
        "name": facts["name"],
        "life": facts["life"],
        "valid_days": facts.get("days"),
        "is_hard": facts.get("hard", False),
    }
