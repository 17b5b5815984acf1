"""Forms of opening hours, chairs and holidays."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from crispy_forms.layout import Column, Row
from django import forms

from clinic.forms import Form
from clinic.holidays import Decision
from clinic.hours import Clocks
from clinic.models import Chair, ChairKind, Clinic, Weekday
from scheduling.staffing_forms import ClockField, DayField, plain_helper


class HoursForm(Form):
    """The opening hours of every weekday from a day on."""

    from_day = DayField(label="From the day on", error_messages={"required": "Enter the first day."})

    def __init__(self, *args: Any, week: Mapping[int, Clocks | None], today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        self.fields["from_day"].initial = today
        rows = []
        for weekday in Weekday:
            opens, closes = week[weekday] or (None, None)
            self.fields[f"opens_{weekday}"] = ClockField(label=f"{weekday.label}, opens", required=False, initial=opens)
            self.fields[f"closes_{weekday}"] = ClockField(label="Closes", required=False, initial=closes)
            rows.append(Row(Column(f"opens_{weekday}"), Column(f"closes_{weekday}")))
        self.helper = plain_helper("from_day", *rows)

    def clean_from_day(self) -> date:
        """What is past stays as it was."""
        day: date = self.cleaned_data["from_day"]
        if day < self.today:
            raise forms.ValidationError("Choose today or a later day: the record of past days stays.")
        return day

    def clean(self) -> dict[str, Any]:
        """The week: opening and closing of each weekday, or neither."""
        data = super().clean() or self.cleaned_data
        week: dict[int, Clocks | None] = {}
        for weekday in Weekday:
            opens, closes = data.get(f"opens_{weekday}"), data.get(f"closes_{weekday}")
            if (opens is None) != (closes is None):
                missing = "opens" if opens is None else "closes"
                self.add_error(f"{missing}_{weekday}", "Give both times, or none when it is closed.")
            elif opens and closes and opens >= closes:
                self.add_error(f"closes_{weekday}", "It closes after it opens.")
            week[weekday] = (opens, closes) if opens is not None and closes is not None else None
        data["week"] = week
        return data


class ChairForm(Form):
    """Name and kind of a chair."""

    name = forms.CharField(max_length=20)
    kind = forms.ChoiceField(choices=ChairKind.choices, initial=ChairKind.RECLINER)

    def __init__(self, *args: Any, chair: Chair | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if chair:
            self.fields["name"].initial, self.fields["kind"].initial = chair.name, chair.kind
        self.helper = plain_helper("name", "kind")


class HolidayForm(Form):
    """What some clinics do on a holiday. A clinic that is closed already is not asked."""

    CHOICES = (("close", "Close all day"), ("open", "Stay open"), ("", "Not decided yet"))

    def __init__(self, *args: Any, decisions: Sequence[Decision], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.asked: list[tuple[str, Clinic]] = []
        self.before: dict[Clinic, str] = {}
        for one in decisions:
            if not one.is_open_to_choice:
                continue
            name = f"clinic_{one.clinic.pk}"
            self.fields[name] = forms.ChoiceField(
                label=one.clinic.name, choices=self.CHOICES, required=False, initial=one.state or "close"
            )
            self.asked.append((name, one.clinic))
            self.before[one.clinic] = one.state
        self.helper = plain_helper(*(name for name, _ in self.asked))

    @property
    def decided(self) -> dict[Clinic, str]:
        """What was chosen for each clinic."""
        return {clinic: self.cleaned_data[name] for name, clinic in self.asked}
