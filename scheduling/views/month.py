"""The month: days by load, over all the clinics where somebody may see the board."""

from datetime import date, timedelta

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from clinic.access import Act, allowed, clinics_for
from scheduling.queries.month import LEVELS, month_pages
from scheduling.views.request import Request

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@never_cache
@require_safe
@allowed(Act.SEE_BOARD)
def month(request: Request, month: date) -> HttpResponse:
    """A month of every clinic of the person; each day leads to its board."""
    today = timezone.localdate()
    before, after = (month - timedelta(days=1)).replace(day=1), (month + timedelta(days=31)).replace(day=1)
    context = {
        "month": month,
        "title": f"{month:%B %Y}",
        "is_this_month": month == today.replace(day=1),
        "previous_url": reverse("month", args=[before]),
        "next_url": reverse("month", args=[after]),
        "weekdays": WEEKDAYS,
        "levels": [(css, word, least) for least, css, word in LEVELS],
        "clinics": month_pages(clinics=clinics_for(user=request.user, act=Act.SEE_BOARD), month=month, today=today),
    }
    return render(request, "scheduling/month.html", context)


@require_safe
@allowed(Act.SEE_BOARD)
def this_month(request: Request) -> HttpResponse:
    """Send to the month of `?date=`, or to the present one."""
    try:
        day = date.fromisoformat(request.GET.get("date", "") + "-01")
    except ValueError:
        day = timezone.localdate()
    return redirect("month", day.replace(day=1))
