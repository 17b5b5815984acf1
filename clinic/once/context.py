"""What a form needs so that pressing its button again does nothing twice."""

import secrets
from typing import Any

from django.http import HttpRequest


def once(request: HttpRequest) -> dict[str, Any]:
    """Context processor: `once_key`, another one for every form that asks."""
    return {"once_key": lambda: secrets.token_urlsafe(16)}
