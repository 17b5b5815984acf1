"""Forms of this room: they read what was chosen and typed. What is possible is said by the rule modules."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Column, Layout, Row
from django import forms
from django.utils import timezone

from clinic.forms import Form
from clinic.models import Chair, Clinic
from clinic.quarters import at_wall_clock
from scheduling.models import Reason
from scheduling.queries.openings import value_of
from scheduling.queries.series import field_of
from scheduling.series import MOST_DOSES
from scheduling.wording import when_words

MOST_SECONDS = 2**32
NOTE_LENGTH = 240


@dataclass(frozen=True, slots=True)
class Chosen:
    """A time at a clinic, in a certain chair or in the best free one."""

    clinic: Clinic
    start: datetime
    chair: Chair | None

    @property
    def value(self) -> str:
        """What the button sent."""
        return value_of(self.clinic, self.start, self.chair.pk if self.chair else None)

    @property
    def words(self) -> str:
        """Tue Dec 8, 9:15 AM, Madison."""
        return f"{when_words(self.start, self.clinic.zone)}, {self.clinic}"


class ChosenField(forms.Field):
    """A time as a button names it: see `scheduling.queries.openings.value_of`. Only clinics of `clinics` are known."""

    default_error_messages = {
        "required": "Choose one of the times.",
        "unknown": "This time is not among those you may book. Choose another.",
    }

    def __init__(self, *, clinics: Collection[Clinic], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._clinics = {clinic.slug: clinic for clinic in clinics}

    def to_python(self, value: Any) -> Chosen | None:
        if not value:
            return None
        slug, *numbers = str(value).split("/")
        if slug not in self._clinics or len(numbers) not in (1, 2) or not all(one.isdecimal() for one in numbers):
            raise forms.ValidationError(self.error_messages["unknown"])
        seconds, *chair_ids = (int(one) for one in numbers)
        if seconds > MOST_SECONDS:
            raise forms.ValidationError(self.error_messages["unknown"])
        clinic = self._clinics[slug]
        chair = Chair.objects.filter(clinic=clinic, pk=chair_ids[0], is_active=True).first() if chair_ids else None
        if chair_ids and chair is None:
            raise forms.ValidationError(self.error_messages["unknown"])
        return Chosen(clinic, datetime.fromtimestamp(seconds, UTC), chair)


class BookingForm(Form):
    """One opening for one dose; `note` says why, when the day lies outside the window."""

    dose = forms.IntegerField(min_value=1, max_value=9999)
    note = forms.CharField(required=False, max_length=NOTE_LENGTH)

    def __init__(self, *args: Any, clinics: Collection[Clinic], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["opening"] = ChosenField(clinics=clinics)


class ChairField(forms.ModelChoiceField):
    """A chair, named with its clinic."""

    def label_from_instance(self, obj: Any) -> str:
        """Madison, Chair 3."""
        return f"{obj.clinic}, {obj}"


class OverrideForm(Form):
    """Any time at all, past closing too, with the reason why: for managers."""

    clinic: forms.ModelChoiceField = forms.ModelChoiceField(Clinic.objects.none(), empty_label=None)
    day = forms.DateField(widget=forms.DateInput(attrs={"type": "date"}))
    time = forms.TimeField(widget=forms.TimeInput(attrs={"type": "time", "step": 900}))
    chair = ChairField(Chair.objects.none(), required=False, empty_label="Best free chair")
    override_reason = forms.CharField(
        label="Why",
        max_length=NOTE_LENGTH,
        help_text="Kept with the appointment, with your name.",
        error_messages={"required": "Say why it has to be this time."},
    )

    def __init__(self, *args: Any, clinics: Collection[Clinic], **kwargs: Any) -> None:
        kwargs.setdefault("prefix", "other")
        super().__init__(*args, **kwargs)
        ids = [clinic.pk for clinic in clinics]
        self._choose("clinic", Clinic.objects.filter(pk__in=ids))
        self._choose("chair", Chair.objects.filter(clinic__in=ids, is_active=True).select_related("clinic"))
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.disable_csrf = True
        self.helper.layout = Layout(
            Row(*(Column(name, css_class="col-6 col-lg-3") for name in ("clinic", "day", "time", "chair"))),
            "override_reason",
        )

    def _choose(self, name: str, choices: Any) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = choices

    def clean(self) -> dict[str, Any]:
        """Check the chair against its clinic, and put date and time together."""
        data = super().clean() or {}
        clinic, chair = data.get("clinic"), data.get("chair")
        if clinic and chair and chair.clinic_id != clinic.pk:
            self.add_error("chair", f"{chair} stands at {chair.clinic}. Choose a chair of {clinic}.")
        if clinic and data.get("day") and data.get("time"):
            data["start"] = at_wall_clock(data["day"], data["time"], clinic.zone)
            if data["time"].minute % 15 or data["time"].second:
                self.add_error("time", "Appointments start on a quarter hour.")
            elif data["start"] < timezone.now():
                self.add_error("time", "That time has passed.")
        return data


class ReasonForm(Form):
    """Why a visit is cancelled, missed or ends untreated."""

    reason = forms.ChoiceField(
        choices=[("", "Choose…"), *Reason.choices], error_messages={"required": "Choose the reason."}
    )
    note = forms.CharField(required=False, max_length=NOTE_LENGTH, label="Note")


class SeriesForm(Form):
    """A time for each dose of a series, in fields named `dose-5`; `note` says why a day lies outside its window."""

    note = forms.CharField(required=False, max_length=NOTE_LENGTH)

    def __init__(self, data: Mapping[str, str], *, clinics: Collection[Clinic]) -> None:
        super().__init__(data)
        texts = [name.removeprefix("dose-") for name in data if name.startswith("dose-")]
        self._fields = {int(text): field_of(int(text)) for text in texts[:MOST_DOSES] if text.isdecimal()}
        for name in self._fields.values():
            self.fields[name] = ChosenField(clinics=clinics)

    def clean(self) -> dict[str, Any]:
        """Refuse a series without any dose."""
        if not self._fields:
            raise forms.ValidationError("Choose a time for one dose at least.")
        return self.cleaned_data

    def chosen(self) -> dict[int, Chosen]:
        """The times that were chosen, by dose number."""
        return {number: self.cleaned_data[name] for number, name in self._fields.items() if name in self.cleaned_data}
