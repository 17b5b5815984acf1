"""The figures of the report: their names, what each counts and where that comes from. Pure: no Django."""

from collections.abc import Callable
from dataclasses import dataclass, field

from scheduling.reports import attendance, flow, ground, treatment
from scheduling.reports.figures import Count, Figure, Length
from scheduling.reports.ground import Swept
from scheduling.reports.rows import Dose, Prepared, Visit, Worked


@dataclass(slots=True)
class Batch:
    """What happened at one clinic, or with one therapy, or in one week."""

    visits: list[Visit] = field(default_factory=list)
    days: list[Swept] = field(default_factory=list)
    shifts: list[Worked] = field(default_factory=list)
    doses: list[Dose] = field(default_factory=list)
    prepared: list[Prepared] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Source:
    """Where a definition or a benchmark comes from. Without an address it is our own choice, and says so."""

    name: str
    url: str = ""


ADVISORY = Source("Advisory Board, 2020", "https://www.advisory.com/Blog/2020/02/infusion-centers-timely-care")
CAPACITY = Source("LeanTaaS", "https://leantaas.com/blog/maximum-infusion-center-capacity-more-than-chair-counts/")
CYCLE = Source(
    "LeanTaaS",
    "https://leantaas.com/blog/maximizing-infusion-center-efficiency-by-leveraging-chair-utilization-data/",
)
CLOGGED = Source("LeanTaaS", "https://leantaas.com/blog/guidelines-for-infusion-centers-to-avoid-clogged-schedules/")
FRONTIERS = Source(
    "Frontiers in Health Services, 2023",
    "https://frontiersin.org/journals/health-services/articles/10.3389/frhs.2023.1288329/full",
)
COSA = Source("COSA, 2020", "http://cosa-2020.p.asnevents.com.au/days/2020-11-11/abstract/71378")
FAST_PASS = Source("JMIR, 2024", "https://jmir.org/2024/1/e52071")
TARGETED = Source(
    "Targeted Oncology", "http://www.targetedonc.com/news/scheduling-tool-improves-infusion-center-efficiency"
)
OUR_OWN = Source("our own definition")


@dataclass(frozen=True, slots=True)
class Benchmark:
    """What others reach. `value` is drawn as a line, in the unit of the figure."""

    words: str
    source: Source
    value: float | None = None


@dataclass(frozen=True, slots=True)
class Metric:
    """One figure. `of` counts it; `by_therapy`: whether it can be told for one therapy."""

    key: str
    name: str
    counts: str
    of: Callable[[Batch], Figure]
    source: Source = OUR_OWN
    benchmark: Benchmark | None = None
    by_therapy: bool = True
    is_better: str = ""
    """Whether "more" or "less" of it is better; empty where neither is."""


@dataclass(frozen=True, slots=True)
class Section:
    """Figures that are read together. `drawn` are drawn week by week, each in a chart of its own."""

    key: str
    title: str
    metrics: tuple[Metric, ...]
    drawn: tuple[tuple[str, ...], ...] = ()


USE = Section(
    "chairs",
    "Use of the chairs",
    (
        Metric(
            "scheduled",
            "Scheduled use",
            "Booked hours of the visits that were due ÷ available chair-hours: open hours × chairs in service, closures"
            " and chairs out of service taken off. Hours and outages as they were; chairs as they are listed today."
            " All of it is never reached: filling and emptying the day cost time.",
            lambda b: ground.scheduled(b.visits, b.days),
            CAPACITY,
            Benchmark("median 80 %", ADVISORY, 80),
            by_therapy=False,
            is_better="more",
        ),
        Metric(
            "actual",
            "Actual use",
            "Hours with a patient in the chair, from seated to done ÷ the same available chair-hours.",
            lambda b: ground.actual(b.visits, b.days),
            ADVISORY,
            Benchmark("median 70 %", ADVISORY, 70),
            by_therapy=False,
            is_better="more",
        ),
        Metric(
            "scheduled-staffed",
            "Scheduled, of staffed",
            "Booked hours ÷ staffed chair-hours: over the open hours, the lesser of chairs in service and 3 × nurses on"
            " the floor, breaks and absences taken off. What the clinic could really have given.",
            lambda b: ground.scheduled_staffed(b.visits, b.days),
            by_therapy=False,
        ),
        Metric(
            "actual-staffed",
            "Actual, of staffed",
            "Hours with a patient in the chair ÷ the same staffed chair-hours.",
            lambda b: ground.actual_staffed(b.visits, b.days),
            by_therapy=False,
        ),
        Metric("visits", "Visits", "Visits that were treated.", lambda b: Count(_treated(b))),
        Metric(
            "chair-time",
            "Chair time",
            "Time with a patient in the chair, from seated to done.",
            lambda b: Length(ground.seated_seconds(b.visits)),
        ),
    ),
    (("scheduled", "actual"), ("visits",)),
)

ATTENDANCE = Section(
    "attendance",
    "Who comes",
    (
        Metric(
            "no-show",
            "No-show",
            "Neither came nor cancelled ÷ visits that were still in the book when their time came.",
            lambda b: attendance.no_show(b.visits),
            FRONTIERS,
            Benchmark("median 5 %", ADVISORY, 5),
            is_better="less",
        ),
        Metric(
            "late-cancellation",
            "Late cancellation",
            "Cancelled less than 24 hours before the start ÷ visits that were due or cancelled that late. A visit moved"
            " to another time is not cancelled.",
            lambda b: attendance.late_cancellation(b.visits),
            COSA,
            Benchmark("5 % on the day itself, in one unit", COSA),
            is_better="less",
        ),
        Metric(
            "cancellation",
            "Cancelled at all",
            "Cancelled at any time before ÷ all visits that were booked.",
            lambda b: attendance.cancellation(b.visits),
        ),
        Metric(
            "refilled",
            "Refilled",
            "Cancelled visits whose chair and time somebody else had afterwards, in part or whole ÷ cancelled visits."
            " Who sat in another chair instead is not seen.",
            lambda b: attendance.refilled(b.visits),
            benchmark=Benchmark("offers from a waitlist: 8–11 % taken", FAST_PASS),
            is_better="more",
        ),
        Metric(
            "confirmed",
            "Confirmed the day before",
            "Confirmed by the end of the day before ÷ visits that were due.",
            lambda b: attendance.confirmed(b.visits),
            is_better="more",
        ),
        Metric(
            "lead-time",
            "Lead time",
            "From booking to visit, of visits that were due: the median.",
            lambda b: attendance.lead_time(b.visits),
            CLOGGED,
        ),
        Metric(
            "clog-time",
            "Clog time",
            "From booking to cancellation: how long a time was blocked for nothing; the median.",
            lambda b: attendance.clog_time(b.visits),
            CLOGGED,
        ),
    ),
    (("no-show", "late-cancellation"), ("confirmed",)),
)

FLOW = Section(
    "day",
    "The patient's day",
    (
        Metric(
            "on-time",
            "On-time start",
            "Seated no later than 15 minutes after the time as booked ÷ patients who were seated.",
            lambda b: flow.on_time(b.visits),
            is_better="more",
        ),
        Metric(
            "lobby",
            "Arrived to seated",
            "From arrival, however early, to the chair: the median.",
            lambda b: flow.wait_in_lobby(b.visits),
            TARGETED,
        ),
        Metric(
            "lateness",
            "Of that, after the time",
            "From the booked time, or arrival if that was later, to the chair: the wait that the clinic caused.",
            lambda b: flow.wait_for_chair(b.visits),
            is_better="less",
        ),
        Metric(
            "in-chair",
            "Seated to infusion",
            "From the chair to the infusion running, premedication included: the median.",
            lambda b: flow.wait_in_chair(b.visits),
            TARGETED,
            is_better="less",
        ),
        Metric(
            "as-booked",
            "As long as booked",
            "Seated to done within 15 minutes of the booked length ÷ patients who were treated.",
            lambda b: flow.as_booked(b.visits),
            is_better="more",
        ),
        Metric("longer", "Longer", "More than 15 minutes longer than booked.", lambda b: flow.longer(b.visits)),
        Metric(
            "shorter",
            "Shorter",
            "More than 15 minutes shorter than booked: time that could have been given to somebody else.",
            lambda b: flow.shorter(b.visits),
        ),
        Metric(
            "cycle",
            "Cycle time",
            "From seated to done and checked out: the median.",
            lambda b: flow.stay(b.visits),
            CYCLE,
        ),
    ),
    (("on-time",), ("lobby", "in-chair")),
)

SAFETY = Section(
    "nurses",
    "Three to one, breaks and overtime",
    (
        Metric(
            "breach-book",
            "Breach, by the book",
            "Time with more patients booked than 3 × nurses on the floor, breaks and absences taken off: what was short"
            " of a nurse when its time came. The database refuses anything else.",
            lambda b: ground.breach_by_book(b.days),
            by_therapy=False,
            is_better="less",
        ),
        Metric(
            "breach-clock",
            "Breach, by the clock",
            "The same with the patients who really sat there, from seated to done. Somebody who stays on into a lunch"
            " break counts here.",
            lambda b: ground.breach_by_clock(b.days),
            by_therapy=False,
            is_better="less",
        ),
        Metric(
            "breaks",
            "Breaks kept",
            "Shifts with a break on the roster during which nobody sat beyond 3 for each nurse left on the floor ÷"
            " shifts of 6 hours or more. Nobody stamps when a nurse really goes to lunch: this says that she could.",
            lambda b: ground.breaks_kept(b.shifts, b.days),
            by_therapy=False,
            is_better="more",
        ),
        Metric(
            "chair-overtime",
            "Chairs past closing",
            "Time with a patient in the chair after closing, summed over chairs.",
            lambda b: ground.chair_overtime(b.days),
            by_therapy=False,
            is_better="less",
        ),
        Metric(
            "nurse-overtime",
            "Nurses past their shift",
            "From the end of a shift to the last of her patients done, where that is later.",
            lambda b: ground.nurse_overtime(b.shifts),
            by_therapy=False,
            is_better="less",
        ),
    ),
    (("breach-clock",), ("chair-overtime", "nurse-overtime")),
)

TREATMENT = Section(
    "doses",
    "Doses in time and papers in order",
    (
        Metric(
            "on-interval",
            "On interval",
            "Given on a day of the green window of the therapy it was booked with ÷ doses given, as far as a dose"
            " before is on record.",
            lambda b: treatment.on_interval(b.doses),
            is_better="more",
        ),
        Metric(
            "ready-7",
            "Papers ready, 7 days before",
            "Everything asked for once or periodically, and the payer's authorization, was on record by the end of"
            " the seventh day before and held on the day ÷ visits booked by then. Whether the doses of an authorization"
            " were used up is not looked at.",
            lambda b: treatment.ready_7(b.prepared),
            is_better="more",
        ),
        Metric(
            "ready-2",
            "Papers and drug ready, 2 days before",
            "The same by the end of the second day before, and the drug put aside where the therapy asks for it. Checks"
            " made on the day itself do not count.",
            lambda b: treatment.ready_2(b.prepared),
            is_better="more",
        ),
    ),
    (("on-interval",), ("ready-7", "ready-2")),
)

SECTIONS = (USE, ATTENDANCE, FLOW, SAFETY, TREATMENT)

METRICS = {metric.key: metric for section in SECTIONS for metric in section.metrics}

HEADLINES = ("scheduled", "actual", "no-show", "late-cancellation", "on-time", "on-interval", "breach-clock")
"""The few figures at the top, compared with the weeks before."""


def _treated(batch: Batch) -> int:
    return sum(visit.status == "done" for visit in batch.visits)
