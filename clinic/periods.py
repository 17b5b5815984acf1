"""Periods in the database: what every `tstzrange` column must be."""

from django.db import models
from django.db.models import BooleanField, DateTimeField, F, Func, Q


class OnQuarterHours(Func):
    """SQL that is true for a non-empty, finite, half-open range whose both ends are quarter hours."""

    output_field = BooleanField()
    arity = 1
    template = (
        "(not isempty(%(expressions)s) and not lower_inf(%(expressions)s) and not upper_inf(%(expressions)s)"
        " and lower_inc(%(expressions)s) and not upper_inc(%(expressions)s)"
        " and mod(extract(epoch from lower(%(expressions)s)), 900) = 0"
        " and mod(extract(epoch from upper(%(expressions)s)), 900) = 0)"
    )
    conditional = True


def on_quarter_hours(*, name: str, field: str = "period") -> models.CheckConstraint:
    """A check that a range column is a real stretch of quarter hours, `[start, end)`.

    The word `infinity` as an end is refused too: its remainder is not a number.
    """
    return models.CheckConstraint(condition=OnQuarterHours(field), name=name)


class Beginning(Func):
    """The first moment of a range, as an expression that can be indexed."""

    function = "lower"
    output_field = DateTimeField()
    arity = 1


def by_beginning(*fields: str, name: str, condition: Q | None = None) -> models.Index:
    """An index over some columns and then the beginning of `period`: what happens at a clinic on a day.

    The clinic has none of its own beside it: it would mislead the planner into reading all that ever happened there.
    """
    return models.Index(*(F(field) for field in fields), Beginning("period"), name=name, condition=condition)
