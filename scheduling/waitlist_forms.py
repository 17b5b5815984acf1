"""Forms of the waitlist: what a patient waits for, and a time to offer."""

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any

from crispy_forms.bootstrap import InlineCheckboxes, InlineRadios
from crispy_forms.helper import FormHelper
from crispy_forms.layout import Column, Layout, Row
from django import forms

from clinic.forms import Form
from clinic.models import Clinic, Weekday
from patients.errors import Refused
from scheduling.forms import NOTE_LENGTH, ChosenField
from scheduling.models import PartOfDay, WaitlistEntry
from scheduling.waitlist import HOLD, Wishes

HOLDS = ((30, "30 min"), (60, "1 hour"), (120, "2 hours"), (240, "4 hours"), (1440, "24 hours"))


class WishesForm(Form):
    """Where and when a patient would come. Nothing chosen means any."""

    clinics = forms.MultipleChoiceField(required=False, widget=forms.CheckboxSelectMultiple, label="Clinic")
    weekdays = forms.TypedMultipleChoiceField(
        required=False,
        coerce=int,
        choices=[(day.value, day.label[:3]) for day in Weekday],
        widget=forms.CheckboxSelectMultiple,
    )
    part = forms.ChoiceField(
        required=False,
        choices=[("", "Any time"), *PartOfDay.choices],
        widget=forms.RadioSelect,
        label="Part of the day",
    )
    first_day = forms.DateField(required=False, widget=forms.DateInput(attrs={"type": "date"}), label="From")
    last_day = forms.DateField(required=False, widget=forms.DateInput(attrs={"type": "date"}), label="Until")
    note = forms.CharField(
        required=False, max_length=NOTE_LENGTH, help_text="What the desk should know when a time is free."
    )

    def __init__(self, *args: Any, clinics: Sequence[Clinic], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._clinics = {str(clinic.pk): clinic for clinic in clinics}
        field = self.fields["clinics"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = [(pk, clinic.name) for pk, clinic in self._clinics.items()]
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.disable_csrf = True
        self.helper.layout = Layout(
            InlineCheckboxes("clinics"),
            InlineCheckboxes("weekdays"),
            InlineRadios("part"),
            Row(Column("first_day", css_class="col-6"), Column("last_day", css_class="col-6")),
            "note",
        )

    def wishes(self) -> Wishes:
        """What was asked for."""
        said = self.cleaned_data
        return Wishes(
            clinics=[self._clinics[pk] for pk in said["clinics"]],
            weekdays=said["weekdays"],
            part=said["part"],
            first_day=said["first_day"],
            last_day=said["last_day"],
            note=said["note"],
        )

    def show(self, refused: Refused) -> None:
        """Put what a rule refused beside its field."""
        self.add_error(refused.field if refused.field in self.fields else None, refused.message)


def asked_of(entry: WaitlistEntry) -> dict[str, Any]:
    """What a form shows of an entry."""
    return {
        "clinics": [str(clinic.pk) for clinic in entry.clinics.all()],
        "weekdays": entry.weekdays,
        "part": entry.part,
        "first_day": entry.first_day,
        "last_day": entry.last_day,
        "note": entry.note,
    }


class OfferForm(Form):
    """A time to offer, and how long its chair is held."""

    hold = forms.TypedChoiceField(coerce=int, choices=HOLDS, required=False, empty_value=None)

    def __init__(self, *args: Any, clinics: Collection[Clinic], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["opening"] = ChosenField(clinics=clinics)

    def clean_hold(self) -> timedelta:
        """How long, where nothing was chosen as long as usual."""
        minutes = self.cleaned_data["hold"]
        return timedelta(minutes=minutes) if minutes else HOLD
