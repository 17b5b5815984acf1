"""Forms of the staffing week. Times are the clinic's wall clock; `cleaned_data` holds moments in UTC besides."""

from datetime import date, datetime, time, timedelta
from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Column, Layout, Row
from django import forms

from clinic.access import Act, clinic_ids_for
from clinic.forms import Form
from clinic.hours import Period
from clinic.models import Chair, Clinic, Nurse, Shift, User
from clinic.quarters import at_wall_clock, floor_quarter, local_date

BREAKS = 2
"""How many breaks a shift's form has room for; more if the shift has more."""

BREAK_MINUTES = (15, 30, 45, 60)
ON_QUARTER = "Choose a quarter hour: :00, :15, :30 or :45."


class ClockField(forms.TimeField):
    """A time of day on a quarter hour."""

    widget = forms.TimeInput(attrs={"type": "time", "step": 900}, format="%H:%M")

    def clean(self, value: Any) -> time | None:
        """The time. Raises `ValidationError` off the quarter hour."""
        clock: time | None = super().clean(value)
        if clock and (clock.minute % 15 or clock.second):
            raise forms.ValidationError(ON_QUARTER)
        return clock


class DayField(forms.DateField):
    """A day of the calendar."""

    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class ShiftForm(Form):
    """Hours and breaks of one shift; the nurse too when it is a new one."""

    starts = ClockField(label="From", initial=time(8), error_messages={"required": "Enter when the shift starts."})
    ends = ClockField(label="To", initial=time(16, 30), error_messages={"required": "Enter when the shift ends."})

    def __init__(self, *args: Any, clinic: Clinic, day: date, shift: Shift | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.clinic, self.day, self.shift = clinic, day, shift
        breaks = _clock_breaks(shift) if shift else [(time(12), 30)]
        self.pauses = range(max(BREAKS, len(breaks)))
        layout: list[Any] = []
        if shift is None:
            self.fields["nurse"] = NurseField(clinic)
            layout.append("nurse")
        else:
            start, end = (moment.astimezone(clinic.zone).time() for moment in (shift.period.lower, shift.period.upper))
            self.fields["starts"].initial, self.fields["ends"].initial = start, end
        layout.append(Row(Column("starts"), Column("ends")))
        for number in self.pauses:
            given = breaks[number] if number < len(breaks) else (None, 30)
            name = "Break" if number == 0 else f"Break {number + 1}"
            self.fields[f"break_{number}"] = ClockField(label=f"{name} from", required=False, initial=given[0])
            self.fields[f"minutes_{number}"] = forms.TypedChoiceField(
                label="For",
                choices=[(minutes, f"{minutes} min") for minutes in sorted({*BREAK_MINUTES, given[1]})],
                coerce=int,
                required=False,
                initial=given[1],
            )
            layout.append(Row(Column(f"break_{number}"), Column(f"minutes_{number}")))
        self.helper = plain_helper(*layout)

    @property
    def conflict_field(self) -> str:
        """Beside which field to say that the nurse works elsewhere."""
        return "starts" if self.shift else "nurse"

    def clean(self) -> dict[str, Any]:
        """Put the times on the day."""
        data = super().clean() or self.cleaned_data
        if data.get("starts") is None or data.get("ends") is None:
            return data
        zone = self.clinic.zone
        last = self.day + timedelta(days=data["ends"] == time.min)  # until midnight
        data["start"] = at_wall_clock(self.day, data["starts"], zone)
        data["end"] = at_wall_clock(last, data["ends"], zone)
        if data["start"] >= data["end"]:
            self.add_error("ends", "A shift ends after it starts.")
            return data
        data["breaks"] = sorted(self._breaks(data))
        return data

    def _breaks(self, data: dict[str, Any]) -> list[Period]:
        found: list[Period] = []
        for number in self.pauses:
            if not (clock := data.get(f"break_{number}")):
                continue
            start = at_wall_clock(self.day, clock, self.clinic.zone)
            end = start + timedelta(minutes=data.get(f"minutes_{number}") or 30)
            if start < data["start"] or end > data["end"]:
                self.add_error(f"break_{number}", "The break lies outside the shift.")
            elif any(start < other_end and other_start < end for other_start, other_end in found):
                self.add_error(f"break_{number}", "This break overlaps the other.")
            found.append((start, end))
        return found


class NurseField(forms.ModelChoiceField):
    """A nurse to roster: the clinic's own first, then those of other clinics, who can be lent."""

    def __init__(self, clinic: Clinic) -> None:
        self.clinic = clinic
        nurses = Nurse.objects.filter(is_active=True).select_related("home_clinic")
        super().__init__(nurses, empty_label="Choose a nurse")
        mine = [nurse for nurse in nurses if nurse.home_clinic_id in (clinic.pk, None)]
        lent = [nurse for nurse in nurses if nurse.home_clinic_id not in (clinic.pk, None)]
        self.choices = [
            ("", "Choose a nurse"),
            (clinic.name, [(nurse.pk, nurse.name) for nurse in mine]),
            *(
                [("From another clinic", [(nurse.pk, f"{nurse.name}, {nurse.home_clinic}") for nurse in lent])]
                * bool(lent)
            ),
        ]


class StretchForm(Form):
    """From when to when, and why."""

    first_day = DayField(label="From", error_messages={"required": "Enter the first day."})
    starts = ClockField(label="At", error_messages={"required": "Enter the time at which it begins."})
    last_day = DayField(label="Until", error_messages={"required": "Enter the last day."})
    ends = ClockField(label="At", error_messages={"required": "Enter the time at which it ends."})
    reason = forms.CharField(max_length=120, label="Why", error_messages={"required": "Say why, in a few words."})

    def __init__(self, *args: Any, clinic: Clinic, start: datetime, end: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.clinic = clinic
        first, last = start.astimezone(clinic.zone), end.astimezone(clinic.zone)
        for name, value in (
            ("first_day", first.date()),
            ("starts", first.time()),
            ("last_day", last.date()),
            ("ends", last.time()),
        ):
            self.fields[name].initial = value
        self.helper = plain_helper(
            Row(Column("first_day"), Column("starts")), Row(Column("last_day"), Column("ends")), "reason"
        )

    def clean(self) -> dict[str, Any]:
        """Turn wall-clock times into moments."""
        data = super().clean() or self.cleaned_data
        if all(data.get(name) is not None for name in ("first_day", "starts", "last_day", "ends")):
            zone = self.clinic.zone
            data["start"] = at_wall_clock(data["first_day"], data["starts"], zone)
            data["end"] = at_wall_clock(data["last_day"], data["ends"], zone)
            if data["start"] >= data["end"]:
                self.add_error("ends", "The end comes after the beginning.")
            elif data["end"] - data["start"] > timedelta(days=366):
                self.add_error("last_day", "A year at most.")
        return data


class AbsenceForm(StretchForm):
    """A nurse is sick, leaves early, or is away for days."""

    def __init__(self, *args: Any, shift: Shift, by: User, now: datetime, **kwargs: Any) -> None:
        start, end = shift.period.lower, shift.period.upper
        if start < now < end:
            start = min(floor_quarter(now), end)
        super().__init__(*args, clinic=shift.clinic, start=start, end=end, **kwargs)
        self.nurse, self.by = shift.nurse, by
        self.fields["reason"].initial = "Sick"
        self.fields["reason"].help_text = "Short: everybody who sees the staffing reads it."

    def clean(self) -> dict[str, Any]:
        """Refuse to touch clinics where the person does not plan shifts."""
        data = super().clean()
        if "start" in data and not self.errors:
            mine = clinic_ids_for(user=self.by, act=Act.EDIT_STAFFING)
            others = Shift.objects.filter(nurse=self.nurse, period__overlap=(data["start"], data["end"])).exclude(
                clinic__in=mine
            )
            if other := others.select_related("clinic").first():
                day = local_date(other.period.lower, other.clinic.zone)
                self.add_error(
                    "last_day",
                    f"{self.nurse} works at {other.clinic} on {day:%A}, where you do not plan shifts. "
                    "Choose a shorter time, and tell the charge nurse there.",
                )
        return data


class OutageForm(StretchForm):
    """A chair is out of service for a time."""

    field_order = ["chair"]
    chair = forms.ModelChoiceField(Chair.objects.none(), empty_label="Choose a chair")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["chair"].queryset = Chair.objects.filter(clinic=self.clinic, is_active=True)  # type: ignore[attr-defined]
        self.helper.layout.insert(0, "chair")


def _clock_breaks(shift: Shift) -> list[tuple[time, int]]:
    zone = shift.clinic.zone
    return [
        (
            pause.period.lower.astimezone(zone).time(),
            int((pause.period.upper - pause.period.lower).total_seconds() // 60),
        )
        for pause in shift.breaks.order_by("period")
    ]


class ConfirmForm(Form):
    """Nothing to fill in, only to be sure."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = plain_helper()


def plain_helper(*layout: Any) -> FormHelper:
    """The layout of a form that stands inside the form of a page."""
    helper = FormHelper()
    helper.form_tag = False
    helper.disable_csrf = True
    helper.layout = Layout(*layout)
    return helper
