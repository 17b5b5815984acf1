"""The first page: everybody lands where their work is."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from clinic.access import Act, may
from clinic.navigation import home_clinic
from scheduling.views.request import Request


@never_cache
@require_safe
def home(request: Request) -> HttpResponse:
    """Who books or leads the floor goes to the board, a nurse to her roster, an administrator to the staff."""
    clinic = home_clinic(request)
    if clinic is None and may(user=request.user, act=Act.MANAGE_STAFF):
        return redirect("staff")
    if clinic is None:
        return render(request, "scheduling/no_clinic.html")
    is_nurse = not may(user=request.user, act=Act.BOOK, clinic=clinic)
    return redirect("roster_today" if is_nurse else "board_today", clinic.slug)
