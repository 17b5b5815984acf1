"""Addresses of this room."""

from django.urls import path

import clinic.converters  # noqa: F401  # <date:day>
from clinic.access import Act
from scheduling.views.board import board
from scheduling.views.place import to_day

urlpatterns = [
    path("board/<slug:clinic>/", to_day, {"page": "board", "act": Act.SEE_BOARD}, name="board_today"),
    path("board/<slug:clinic>/<date:day>/", board, name="board"),
]
