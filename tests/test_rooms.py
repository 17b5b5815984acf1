"""The plan of the house: imports go one way, arithmetic knows no Django, and only rule modules write."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

ROOMS = ("clinic", "therapies", "patients", "scheduling", "reminders")
"""From left to right: a room never imports one to its right."""

NAMES_ROOMS = {"clinic/settings.py", "clinic/urls.py", "clinic/celery.py"}
"""The project's own files, which name every room in strings."""

PURE = {
    "clinic/quarters.py",
    "therapies/series.py",
    "therapies/shipped.py",
    "scheduling/engine/__init__.py",
    "scheduling/engine/day.py",
    "scheduling/engine/lunches.py",
    "scheduling/engine/offers.py",
    "scheduling/engine/rebalance.py",
    "scheduling/engine/redeal.py",
    "scheduling/engine/replan.py",
    "scheduling/engine/replan_chairs.py",
    "scheduling/engine/replan_starts.py",
    "scheduling/engine/reseating.py",
    "scheduling/engine/seating.py",
}
"""Arithmetic that neither imports Django nor anything that does. What else says "no Django" imports none itself."""

THIN = re.compile(
    r"(^|/)(views|queries|forms|commands|board|roster|week)/|(^|[/_])(views|forms|tasks|queries|urls|models|admin)\.py$"
)
"""Ways in, reads and facts: they parse, call a rule, render."""

WRITES = {
    "save",
    "create",
    "bulk_create",
    "bulk_update",
    "delete",
    "get_or_create",
    "update_or_create",
    "select_for_update",
}
ROWS = {"objects", "filter", "exclude", "all"}
WRITING_SQL = re.compile(r"\s*(insert into|update \w+ set|delete from|truncate)\b", re.IGNORECASE)


def sources(room: str) -> Iterator[tuple[str, ast.Module]]:
    """Every module of a room, with its path from the root."""
    for path in sorted((ROOT / room).rglob("*.py")):
        yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def everything() -> Iterator[tuple[str, ast.Module]]:
    """Every module of every room."""
    for room in ROOMS:
        yield from sources(room)


def imported(path: str, tree: ast.AST) -> set[str]:
    """The dotted names of all modules that a module imports, wherever in it."""
    package = path.removesuffix("/__init__.py").removesuffix(".py").split("/")
    if not path.endswith("/__init__.py"):
        package = package[:-1]
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            found |= {f"{module}.{alias.name}" for alias in node.names}
    return found


def strings(tree: ast.AST) -> set[str]:
    """Every string in a module that is not part of a sentence."""
    return {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def rooms_to_the_right(path: str) -> tuple[str, ...]:
    """The rooms that a module may not know."""
    return ROOMS[ROOMS.index(path.split("/")[0]) + 1 :]


def looks_right(path: str, tree: ast.Module) -> list[str]:
    """What a module takes from rooms to its right: imports, and strings that name a module, model or migration."""
    forbidden = rooms_to_the_right(path)
    faults = [f"{path} imports {name}" for name in sorted(imported(path, tree)) if name.split(".")[0] in forbidden]
    if path in NAMES_ROOMS:
        return faults
    named = re.compile(rf"({'|'.join(forbidden)})(\.\w+)*") if forbidden else None
    in_code = {text for text in strings(tree) if named and named.fullmatch(text)}
    return faults + [f"{path} names {text!r}" for text in sorted(in_code)]


def writes(tree: ast.Module) -> list[str]:
    """The statements of a module that write to the database: calls on rows, and SQL."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            name = node.func.attr
            of_rows = {part.attr for part in ast.walk(node.func.value) if isinstance(part, ast.Attribute)} & ROWS
            if name in WRITES or (name == "update" and of_rows):
                found.append(f"line {node.lineno}: .{name}()")
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and WRITING_SQL.match(node.value):
            found.append(f"line {node.lineno}: {node.value.strip()[:30]}")
    return found


def says_it_is_pure(tree: ast.Module) -> bool:
    """Whether a module's own words promise that it knows no Django."""
    return "no Django" in (ast.get_docstring(tree) or "")


def test_a_room_knows_nothing_of_the_rooms_to_its_right() -> None:
    assert [fault for path, tree in everything() for fault in looks_right(path, tree)] == []


def test_arithmetic_imports_no_django() -> None:
    pure = [(path, tree) for path, tree in everything() if path in PURE or says_it_is_pure(tree)]
    assert {path for path, _ in pure} > PURE

    assert [
        f"{path} imports {name}"
        for path, tree in pure
        for name in sorted(imported(path, tree))
        if name.split(".")[0] == "django"
    ] == []


def test_arithmetic_stands_on_arithmetic_alone() -> None:
    modules = {path.removesuffix("/__init__.py").removesuffix(".py").replace("/", ".") for path in PURE}

    assert [
        f"{path} imports {name}"
        for path, tree in everything()
        if path in PURE
        for name in sorted(imported(path, tree))
        if name.split(".")[0] in ROOMS and not {name, name.rpartition(".")[0]} & modules
    ] == []


def test_only_rule_modules_write() -> None:
    thin = [(path, tree) for path, tree in everything() if THIN.search(path) and "/migrations/" not in path]
    assert len(thin) > 20

    assert [f"{path}, {fault}" for path, tree in thin for fault in writes(tree)] == []


def test_no_template_reads_or_writes_rows() -> None:
    manager = re.compile(r"\{[{%][^}]*\.(objects|save|delete|create)\b")

    assert [
        path.relative_to(ROOT).as_posix()
        for path in sorted((ROOT / "templates").rglob("*.*"))
        if manager.search(path.read_text(encoding="utf-8"))
    ] == []


# The watchman himself


@pytest.mark.parametrize(
    "source",
    [
        "import scheduling",
        "import scheduling.booking as b",
        "from scheduling import booking",
        "from scheduling.booking import book",
        "def late():\n    from scheduling.booking import book",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from reminders.models import Message",
        "from ..scheduling import booking",
        "models.ForeignKey('scheduling.Appointment')",
        "dependencies = [('reminders', '0001_initial')]",
        "import_module('scheduling.booking')",
    ],
)
def test_a_look_to_the_right_is_seen(source: str) -> None:
    assert looks_right("patients/course.py", ast.parse(source))


@pytest.mark.parametrize(
    "source",
    [
        "from patients.models import Patient",
        "from clinic.models import Clinic",
        "from . import models",
        "import schedule",
        "text = 'scheduling is done elsewhere'",
    ],
)
def test_a_look_to_the_left_is_fine(source: str) -> None:
    assert looks_right("patients/course.py", ast.parse(source)) == []


@pytest.mark.parametrize(
    "source",
    [
        "appointment.save(update_fields=['status'])",
        "Appointment.objects.create(plan=plan)",
        "Appointment.objects.filter(pk=1).update(status='done')",
        "appointment.assignments.all().delete()",
        "cursor.execute('update scheduling_appointment set status = %s')",
        "plan.doses_given.bulk_create(rows)",
    ],
)
def test_a_write_is_seen(source: str) -> None:
    assert writes(ast.parse(source))


@pytest.mark.parametrize("source", ["counts.update(more)", "context |= {'a': 1}", "Appointment.objects.filter(pk=1)"])
def test_a_read_is_no_write(source: str) -> None:
    assert writes(ast.parse(source)) == []
