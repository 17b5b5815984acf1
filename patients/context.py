"""What every page of a manager shows of this room."""

from functools import cache
from typing import Any

from django.http import HttpRequest

from patients import emergency


def emergencies(request: HttpRequest) -> dict[str, Any]:
    """Context processor: `emergencies_waiting`, how many a manager has not looked at. Counted where a page says it."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {}
    return {"emergencies_waiting": cache(lambda: emergency.waiting_for(user=user))}
