"""The report as pages and downloads show it: a few numbers compared with the weeks before, then sections."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from clinic.models import Clinic
from scheduling.models import Reason, Status
from scheduling.reports import attendance
from scheduling.reports.charts import Chart, Series, columns
from scheduling.reports.facts import read
from scheduling.reports.figures import Figure, is_beyond_chance
from scheduling.reports.metrics import ATTENDANCE, HEADLINES, METRICS, SECTIONS, Batch, Metric, Section
from scheduling.reports.tables import Table, batched, since, split_for, table
from scheduling.reports.weeks import Weeks
from therapies.models import Therapy

UNTREATED = (
    (Status.CANCELLED, "Cancelled"),
    (Status.NO_SHOW, "No-show"),
    (Status.LEFT, "Left untreated"),
)


@dataclass(frozen=True, slots=True)
class Tile:
    """One of the few numbers at the top."""

    metric: Metric
    figure: Figure
    change: str
    tone: str
    """Whether the change is "better", "worse" or neither."""


@dataclass(frozen=True, slots=True)
class ReasonLine:
    """How often a reason was given, for each way in which a visit ended untreated."""

    name: str
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """A section of the page."""

    section: Section
    table: Table
    charts: tuple[Chart, ...]
    is_split_otherwise: bool
    """Whether it is shown by clinic because it cannot be told for one therapy."""
    reasons: tuple[ReasonLine, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that the page shows of some weeks."""

    weeks: Weeks
    tiles: tuple[Tile, ...]
    blocks: tuple[Block, ...]
    is_empty: bool
    unmarked: int
    """Visits that are over by the book and that nobody marked as done, missed or left."""


class Reporting:
    """What happened at some clinics in some weeks, read once, to be laid out as a page or as one table."""

    def __init__(self, *, clinics: Sequence[Clinic], weeks: Weeks, now: datetime) -> None:
        facts = read(clinics=clinics, weeks=weeks, now=now)
        everything = Batch(facts.visits, facts.days, facts.shifts, facts.doses, facts.prepared)
        self._clinics, self.weeks, self._now = clinics, weeks, now
        self._total = since(everything, first=0, last=7 * weeks.count - 1)
        self._before = since(everything, first=-7 * weeks.count, last=-1)
        self._parts: dict[str, Mapping[str, Batch]] = {}

    def page(self, *, split: str) -> Report:
        """The whole page, its tables split by clinic, therapy or week."""
        return Report(
            weeks=self.weeks,
            tiles=tuple(self._tile(METRICS[key]) for key in HEADLINES),
            blocks=tuple(self._block(section, split) for section in SECTIONS),
            is_empty=not self._total.visits,
            unmarked=sum(visit.ended is None and visit.leaves < self._now.timestamp() for visit in self._total.visits),
        )

    def table(self, *, section: Section, split: str) -> Table:
        """One table; by clinic where the section cannot be told for one therapy."""
        split = split_for(section, split)
        return table(section=section, split=split, batches=self._split(split), total=self._total)

    def _block(self, section: Section, split: str) -> Block:
        return Block(
            section=section,
            table=self.table(section=section, split=split),
            charts=tuple(self._chart([METRICS[key] for key in keys]) for keys in section.drawn),
            is_split_otherwise=split_for(section, split) != split,
            reasons=self._reasons() if section is ATTENDANCE else (),
        )

    def _tile(self, metric: Metric) -> Tile:
        figure, before = metric.of(self._total), metric.of(self._before)
        change, tone = compared(figure, before, is_better=metric.is_better)
        return Tile(metric, figure, change, tone)

    def _split(self, split: str) -> Mapping[str, Batch]:
        """The parts of a split by name, made once."""
        if split not in self._parts:
            parted = {"week": self._by_week, "clinic": self._by_clinic, "therapy": self._by_therapy}
            self._parts[split] = parted[split]()
        return self._parts[split]

    def _by_clinic(self) -> dict[str, Batch]:
        return self._named({clinic.pk: clinic.name for clinic in self._clinics}, lambda row: row.clinic)

    def _by_therapy(self) -> dict[str, Batch]:
        treated = {visit.therapy for visit in self._total.visits}
        names = dict(Therapy.objects.filter(pk__in=treated).order_by("name").values_list("pk", "name"))
        only = Batch(self._total.visits, [], [], self._total.doses, self._total.prepared)
        return self._named(names, lambda row: row.therapy, only)

    def _named(self, names: Mapping[int, str], key: Callable[[Any], Any], of: Batch | None = None) -> dict[str, Batch]:
        parts = batched(of or self._total, names, key)
        return {name: parts[pk] for pk, name in names.items()}

    def _by_week(self) -> dict[str, Batch]:
        parts = batched(self._total, range(self.weeks.count), lambda row: row.day // 7)
        return {
            f"{monday:%b} {monday.day}, {monday.year}": parts[number]
            for number, monday in enumerate(self.weeks.mondays)
        }

    def _chart(self, metrics: Sequence[Metric]) -> Chart:
        weeks = list(self._split("week").values())
        first, *others = [metric.name for metric in metrics]
        return columns(
            key="-".join(metric.key for metric in metrics),
            title=" and ".join([first, *(name[0].lower() + name[1:] for name in others)]),
            unit=metrics[0].of(self._total).measured_in,
            labels=[f"{monday:%b} {monday.day}" for monday in self.weeks.mondays],
            series=[Series(metric.name, [metric.of(week).value for week in weeks]) for metric in metrics],
            benchmarks=[
                (metric.benchmark.words, metric.benchmark.value)
                for metric in metrics
                if metric.benchmark and metric.benchmark.value is not None
            ],
        )

    def _reasons(self) -> tuple[ReasonLine, ...]:
        counts = [attendance.reasons(self._total.visits, status) for status, _ in UNTREATED]
        sums = {reason: sum(of.get(reason, 0) for of in counts) for reason in ["", *Reason.values]}
        return tuple(
            ReasonLine(Reason(reason).label if reason else "No reason given", tuple(of.get(reason, 0) for of in counts))
            for reason in sorted(sums, key=lambda reason: -sums[reason])
            if sums[reason]
        )


def compared(figure: Figure, before: Figure, *, is_better: str) -> tuple[str, str]:
    """A figure beside the one of the weeks before, in words, and whether that is "better" or "worse".

    Neither, where chance alone could have made the difference.
    """
    if figure.value is None or before.value is None:
        return "too little before to compare", ""
    if figure.words == before.words:
        return "as before", ""
    way = "more" if figure.value > before.value else "less"
    words = f"{'up' if way == 'more' else 'down'} from {before.words}"
    if not is_better or not is_beyond_chance(figure, before):
        return words, ""
    return words, "better" if way == is_better else "worse"
