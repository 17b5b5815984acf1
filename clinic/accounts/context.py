"""What the lock needs on every page of somebody who is signed in."""

from typing import Any

from django.http import HttpRequest

from clinic.accounts import idle


def lock(request: HttpRequest) -> dict[str, Any]:
    """Context processor: `idle_left`, seconds until this screen locks."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {}
    return {"idle_left": idle.seconds_left(request)}
