"""The manager's report: one page, and each of its tables as a download."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from clinic.access import Act, allowed, clinics_for, require
from clinic.models import Clinic
from clinic.quarters import local_date
from clinic.spreadsheets import written
from scheduling.reports.download import table_rows
from scheduling.reports.metrics import SECTIONS
from scheduling.reports.page import UNTREATED, Reporting
from scheduling.reports.tables import SPLITS, split_for
from scheduling.reports.weeks import EARLIEST, BadPeriod, Weeks, chosen, last_full_sunday, latest
from scheduling.views.request import Request

PERIODS = (4, 13, 26, 52)


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address asks for, as far as the person may see it."""

    mine: Sequence[Clinic]
    clinics: Sequence[Clinic]
    clinic: str
    split: str
    first: str
    last: str
    today: date

    @classmethod
    def of(cls, request: Request) -> "Asked":
        """Raises `PermissionDenied` for somebody else's clinic, `Http404` for one that is not there."""
        mine = clinics_for(user=request.user, act=Act.SEE_REPORTS)
        slug, split = request.GET.get("clinic", ""), request.GET.get("by", "")
        if slug and slug not in {clinic.slug for clinic in mine}:
            other = Clinic.objects.filter(slug=slug).first()
            if other is None:
                raise Http404
            require(user=request.user, act=Act.SEE_REPORTS, clinic=other)
        return cls(
            mine=mine,
            clinics=[clinic for clinic in mine if clinic.slug == slug] or mine,
            clinic=slug,
            split=split if split in SPLITS else "clinic",
            first=request.GET.get("from", ""),
            last=request.GET.get("to", ""),
            today=local_date(timezone.now(), mine[0].zone),
        )

    def query(self, **changes: str) -> str:
        """The part of an address that asks for the same, with something changed."""
        facts = {"clinic": self.clinic, "from": self.first, "to": self.last, "by": self.split, **changes}
        said = urlencode({name: value for name, value in facts.items() if value and (name, value) != ("by", "clinic")})
        return f"?{said}" if said else ""

    def weeks(self) -> Weeks:
        """The weeks that are asked for. Raises `BadPeriod`."""
        return chosen(self.first, self.last, today=self.today)


@never_cache
@require_safe
@allowed(Act.SEE_REPORTS)
def reports(request: Request) -> HttpResponse:
    """The figures of some weeks at the person's clinics, or at one of them."""
    asked = Asked.of(request)
    try:
        weeks = asked.weeks()
    except BadPeriod as problem:
        context = {"problem": problem, **_around(asked, None)}
        return render(request, "scheduling/reports.html", context, status=422)
    found = Reporting(clinics=asked.clinics, weeks=weeks, now=timezone.now()).page(split=asked.split)
    return render(request, "scheduling/reports.html", {"report": found, **_around(asked, weeks)})


@never_cache
@require_safe
@allowed(Act.SEE_REPORTS)
def report_csv(request: Request, section: str) -> HttpResponse:
    """One table of the report as CSV, with the same clinics, weeks and split as the page."""
    asked = Asked.of(request)
    of_key = next((one for one in SECTIONS if one.key == section), None)
    if of_key is None:
        raise Http404
    try:
        weeks = asked.weeks()
    except BadPeriod as problem:
        return HttpResponse(problem.message, status=422, content_type="text/plain; charset=utf-8")
    found = Reporting(clinics=asked.clinics, weeks=weeks, now=timezone.now()).table(section=of_key, split=asked.split)
    name = f"{section}-by-{split_for(of_key, asked.split)}-{weeks.first_day}-{weeks.last_day}.csv"
    return HttpResponse(
        written(table_rows(found)),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _around(asked: Asked, weeks: Weeks | None) -> dict[str, Any]:
    """What stands around the figures: the choices of clinic, weeks and split."""
    spans = {number: latest(number, today=asked.today) for number in PERIODS}
    return {
        "clinics": [("All clinics", asked.query(clinic=""), not asked.clinic)]
        + [(clinic.name, asked.query(clinic=clinic.slug), clinic.slug == asked.clinic) for clinic in asked.mine],
        "where": ", ".join(clinic.name for clinic in asked.clinics),
        "periods": [(f"{number} weeks", asked.query(**_days(span)), span == weeks) for number, span in spans.items()],
        "splits": [(words, asked.query(by=split), split == asked.split) for split, words in SPLITS.items()],
        "asked": asked,
        "query": asked.query(),
        "first": weeks.first_day.isoformat() if weeks else asked.first,
        "last": weeks.last_day.isoformat() if weeks else asked.last,
        "earliest": EARLIEST,
        "latest": last_full_sunday(asked.today),
        "untreated": [words for _, words in UNTREATED],
    }


def _days(weeks: Weeks) -> dict[str, str]:
    return {"from": weeks.first_day.isoformat(), "to": weeks.last_day.isoformat()}
