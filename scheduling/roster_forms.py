"""Forms of what changes many shifts at once: weeks copied and filled, weekly shifts, a nurse lent, lunches.

Times are the clinic's wall clock; `cleaned_data` holds moments in UTC besides.
"""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from crispy_forms.layout import Column, Row
from django import forms

from clinic.forms import Form
from clinic.hours import Period
from clinic.models import Clinic, Nurse, Shift, ShiftPattern, Weekday
from clinic.patterns import Times
from clinic.quarters import at_wall_clock, local_date
from scheduling.lunches import Proposal
from scheduling.staffing_forms import BREAK_MINUTES, ClockField, DayField, NurseField, plain_helper

MOST_WEEKS = 8
"""How many weeks are rostered at once."""

ROAD_MINUTES = (0, 30, 60, 90, 120, 150, 180)
"""Between the three clinics it is up to three hours by car."""


class WeeksForm(Form):
    """From which week on, and how many."""

    to = DayField(label="Week of", error_messages={"required": "Choose the week."})
    weeks = forms.IntegerField(
        label="Weeks",
        min_value=1,
        max_value=MOST_WEEKS,
        initial=1,
        error_messages={"required": "Enter how many weeks."},
    )

    def __init__(self, *args: Any, first: date, label: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["to"].initial, self.fields["to"].label = first, label
        self.helper = plain_helper(Row(Column("to"), Column("weeks")))

    @property
    def first_day(self) -> date:
        """The Monday of the first week."""
        day: date = self.cleaned_data["to"]
        return day - timedelta(days=day.weekday())

    @property
    def last_day(self) -> date:
        """The Sunday of the last week."""
        return self.first_day + timedelta(days=7 * self.cleaned_data["weeks"] - 1)


class CopyWeekForm(WeeksForm):
    """To which weeks a week is copied."""

    def __init__(self, *args: Any, monday: date, **kwargs: Any) -> None:
        super().__init__(*args, first=monday + timedelta(days=7), label="To the week of", **kwargs)
        self.monday = monday

    def clean_to(self) -> date:
        """A later week than the one that is copied."""
        day: date = self.cleaned_data["to"]
        if day < self.monday + timedelta(days=7):
            raise forms.ValidationError("Choose a later week than the one that you copy.")
        return day


class TimesForm(Form):
    """Hours and break of a weekly shift."""

    starts = ClockField(label="From", initial=time(8), error_messages={"required": "Enter when the shift starts."})
    ends = ClockField(label="To", initial=time(16, 30), error_messages={"required": "Enter when the shift ends."})
    break_starts = ClockField(label="Break from", required=False, initial=time(12))
    break_minutes = forms.TypedChoiceField(
        label="For",
        choices=[(minutes, f"{minutes} min") for minutes in (*BREAK_MINUTES, 75, 90)],
        coerce=int,
        initial=30,
        error_messages={"required": "Choose how long the break is."},
    )

    TIMES = (Row(Column("starts"), Column("ends")), Row(Column("break_starts"), Column("break_minutes")))

    def clean(self) -> dict[str, Any]:
        """The shift ends after it starts, with its break inside."""
        data = super().clean() or self.cleaned_data
        starts, ends, pause = data.get("starts"), data.get("ends"), data.get("break_starts")
        if not starts or not ends:
            return data
        if starts >= ends:
            self.add_error("ends", "A shift ends after it starts.")
        elif pause:
            pause_ends = datetime.combine(date.min, pause) + timedelta(minutes=data.get("break_minutes") or 30)
            if pause < starts or pause_ends > datetime.combine(date.min, ends):
                self.add_error("break_starts", "The break lies outside the shift.")
        return data

    @property
    def times(self) -> Times:
        """What was chosen."""
        data = self.cleaned_data
        return Times(data["starts"], data["ends"], data["break_starts"], data["break_minutes"])


class PatternForm(TimesForm):
    """A new weekly shift."""

    weekdays = forms.TypedMultipleChoiceField(
        label="Every",
        choices=Weekday.choices,
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose one weekday at least."},
    )
    first_day = DayField(label="From the day", error_messages={"required": "Enter the first day."})
    last_day = DayField(label="Last day", required=False, help_text="Empty: until you end it.")

    def __init__(self, *args: Any, clinic: Clinic, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["nurse"] = NurseField(clinic)
        self.fields["first_day"].initial = today
        self.helper = plain_helper("nurse", "weekdays", *self.TIMES, Row(Column("first_day"), Column("last_day")))


class PatternChangeForm(TimesForm):
    """Other hours for a weekly shift from a day on."""

    from_day = DayField(label="From the day on", error_messages={"required": "Enter the first day."})

    def __init__(self, *args: Any, pattern: ShiftPattern, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["starts"].initial, self.fields["ends"].initial = pattern.starts, pattern.ends
        self.fields["break_starts"].initial = pattern.break_starts
        self.fields["break_minutes"].initial = pattern.break_minutes
        self.fields["from_day"].initial = max(today, pattern.valid_from)
        self.helper = plain_helper("from_day", *self.TIMES)


class PatternEndForm(Form):
    """The last day of a weekly shift."""

    last_day = DayField(label="Last day")

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["last_day"].initial = today
        self.helper = plain_helper("last_day")


class LendForm(Form):
    """To which clinic a nurse is lent, and when."""

    clinic = forms.ChoiceField(label="To", error_messages={"required": "Choose the clinic."})
    starts = ClockField(label="There from", error_messages={"required": "Enter from when on she is there."})
    ends = ClockField(label="To", error_messages={"required": "Enter until when she is there."})
    road = forms.TypedChoiceField(
        label="On the road, each way",
        choices=[(minutes, f"{minutes} min" if minutes else "Not counted") for minutes in ROAD_MINUTES],
        coerce=int,
        initial=0,
        error_messages={"required": "Choose how long she is on the road."},
        help_text="Taken off her time at her own clinic when she works there before or after.",
    )

    def __init__(self, *args: Any, shift: Shift, clinics: Sequence[Clinic], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.shift = shift
        self.clinics = {str(clinic.pk): clinic for clinic in clinics}
        self.fields["clinic"].choices = [(pk, clinic.name) for pk, clinic in self.clinics.items()]  # type: ignore[attr-defined]
        zone = shift.clinic.zone
        start, end = (moment.astimezone(zone).time() for moment in (shift.period.lower, shift.period.upper))
        self.fields["starts"].initial, self.fields["ends"].initial = start, end
        self.helper = plain_helper("clinic", Row(Column("starts"), Column("ends")), "road")

    def clean(self) -> dict[str, Any]:
        """Put the times on the day of the shift."""
        data = super().clean() or self.cleaned_data
        if data.get("starts") is None or data.get("ends") is None or "clinic" not in data:
            return data
        place = self.clinics[data["clinic"]]
        day = local_date(self.shift.period.lower, self.shift.clinic.zone)
        last = day + timedelta(days=data["ends"] == time.min)  # until midnight
        data["start"] = at_wall_clock(day, data["starts"], place.zone)
        data["end"] = at_wall_clock(last, data["ends"], place.zone)
        if data["start"] >= data["end"]:
            self.add_error("ends", "The end comes after the beginning.")
        return data

    @property
    def place(self) -> Clinic:
        """The clinic that was chosen."""
        return self.clinics[self.cleaned_data["clinic"]]


class LunchesForm(Form):
    """The lunches of a day, proposed, and to be changed by hand."""

    def __init__(self, *args: Any, proposal: Proposal, clinic: Clinic, day: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.proposal, self.clinic, self.day = proposal, clinic, day
        for one in proposal.lunches:
            when = one.lunch or one.was
            self.fields[f"lunch_{one.shift.pk}"] = ClockField(
                label=f"{one.shift.nurse}, {int(one.length.total_seconds() // 60)} min from",
                required=False,
                initial=when[0].astimezone(clinic.zone).time() if when else None,
                help_text=_beside(one.was, one.lunch, clinic),
            )
        self.helper = plain_helper(*(f"lunch_{one.shift.pk}" for one in proposal.lunches))

    def clean(self) -> dict[str, Any]:
        """The breaks of each shift, with the lunch where it was put."""
        data = super().clean() or self.cleaned_data
        breaks: dict[Shift, list[Period]] = {}
        for one in self.proposal.lunches:
            name = f"lunch_{one.shift.pk}"
            pauses = list(one.others)
            if clock := data.get(name):
                start = at_wall_clock(self.day, clock, self.clinic.zone)
                lunch = (start, start + one.length)
                if lunch[0] < one.shift.period.lower or lunch[1] > one.shift.period.upper:
                    self.add_error(name, "The break lies outside the shift.")
                elif any(lunch[0] < last and first < lunch[1] for first, last in pauses):
                    self.add_error(name, "This break overlaps another of hers.")
                pauses.append(lunch)
            breaks[one.shift] = sorted(pauses)
        data["breaks"] = breaks
        return data


def nurse_of(number: str) -> Nurse | None:
    """The nurse that an address names, if any."""
    return Nurse.objects.filter(pk=int(number)).first() if number.isdecimal() else None


def _beside(was: Period | None, lunch: Period | None, clinic: Clinic) -> str:
    if lunch is None:
        return "No time fits; as it was."
    if was == lunch:
        return "As it was."
    return f"Was {was[0].astimezone(clinic.zone):%-I:%M %p}." if was else "Had none."
