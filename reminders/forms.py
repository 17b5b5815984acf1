"""What people type on the pages of this room."""

from datetime import date, datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from clinic.forms import Form

OLDEST = 1900
"""The first year of birth that is taken as it stands; two digits mean the latest year that is not in the future."""


class BirthDateForm(Form):
    """A date of birth in three boxes, which every phone's number keys can fill."""

    month = forms.IntegerField(min_value=1, max_value=12)
    day = forms.IntegerField(min_value=1, max_value=31)
    year = forms.IntegerField(min_value=0, max_value=2100)

    def clean(self) -> dict[str, Any]:
        """Add `birth_date`."""
        values: dict[str, Any] = super().clean() or {}
        if self.errors:
            return values
        year, today = values["year"], timezone.localdate()
        if year < 100:
            year += 2000 if 2000 + year <= today.year else OLDEST
        try:
            values["birth_date"] = date(year, values["month"], values["day"])
        except ValueError:
            raise ValidationError("There is no such day.")
        return values


class AnotherTimeForm(Form):
    """What would suit the patient."""

    words = forms.CharField(max_length=500, required=False, strip=True)


class ChosenTimeForm(Form):
    """One of the free times."""

    start = forms.CharField(max_length=40)

    def clean_start(self) -> datetime:
        try:
            start = datetime.fromisoformat(self.cleaned_data["start"])
        except ValueError:
            raise ValidationError("This is no time.")
        if timezone.is_naive(start):
            raise ValidationError("This time has no zone.")
        return start


class WordingForm(Form):
    """The words of a message. What they may say is judged by `reminders.wording`."""

    subject = forms.CharField(max_length=120, required=False)
    body = forms.CharField(max_length=4000, required=False, strip=False)
