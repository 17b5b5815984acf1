"""Forms of this room: they read and keep what was typed; what is allowed is said by the rule modules."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import asdict, fields
from datetime import date, timedelta
from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Column, Fieldset, Layout, Row
from django import forms
from django.utils import timezone

from clinic.forms import Form
from clinic.models import ChairKind, Clinic, Weekday
from patients import registering
from patients.dates import read_date
from patients.errors import Refused
from patients.import_file import MOST_BYTES
from patients.models import ContactKind, DoseGiven, Patient, TreatmentPlan
from patients.phones import shown
from patients.plans import Order
from patients.registering import Contacts, Person
from therapies.models import DosePhase, Therapy

LANGUAGES = [
    ("en", "English"),
    ("es", "Spanish"),
    ("hmn", "Hmong"),
    ("de", "German"),
    ("so", "Somali"),
    ("zh", "Chinese"),
    ("ar", "Arabic"),
    ("ru", "Russian"),
    ("vi", "Vietnamese"),
    ("fr", "French"),
]


TIME_ZONES = [
    ("", "As at the home clinic"),
    ("America/New_York", "Eastern"),
    ("America/Chicago", "Central"),
    ("America/Denver", "Mountain"),
    ("America/Phoenix", "Arizona"),
    ("America/Los_Angeles", "Pacific"),
    ("America/Anchorage", "Alaska"),
    ("Pacific/Honolulu", "Hawaii"),
    ("America/Puerto_Rico", "Puerto Rico"),
]


class TypedDateField(forms.Field):
    """A date typed as people do. `years_ahead` says how far in the future a year of two digits may lie."""

    def __init__(self, *, years_ahead: int = 0, example: str = "3/14/2026", **kwargs: Any) -> None:
        super().__init__(widget=forms.TextInput(attrs={"placeholder": example, "autocomplete": "off"}), **kwargs)
        self._ahead = timedelta(days=366 * years_ahead)

    def to_python(self, value: Any) -> date | None:
        if value in self.empty_values or isinstance(value, date):
            return value or None
        if day := read_date(str(value), latest=timezone.localdate() + self._ahead):
            return day
        raise forms.ValidationError("Enter a date such as 3/14/1975 or 14 Mar 1975.")

    def prepare_value(self, value: Any) -> Any:
        return f"{value.month}/{value.day}/{value.year}" if isinstance(value, date) else value


class RuleForm(Form):
    """A form whose facts a rule checks: what the rule refuses is shown beside its field."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.disable_csrf = True
        self.helper.layout = self.layout()

    def layout(self) -> Layout:
        """How the fields stand on the page."""
        return Layout(*self.fields)

    def show(self, refused: Refused) -> None:
        """Show what a rule refused beside its field, or above the form when it has none."""
        self.add_error(refused.field if refused.field in self.fields else None, refused.message)


class PatientForm(RuleForm):
    """Who a patient is and how to reach them."""

    family_name = forms.CharField(max_length=60)
    given_name = forms.CharField(max_length=60)
    birth_date = TypedDateField(label="Date of birth", example="3/14/1975")
    mrn = forms.CharField(label="MRN", max_length=20)
    home_clinic: forms.ModelChoiceField = forms.ModelChoiceField(Clinic.objects.none(), empty_label=None)
    mobile = forms.CharField(required=False, widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "off"}))
    landline = forms.CharField(required=False, widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "off"}))
    email = forms.CharField(
        label="E-mail", required=False, widget=forms.TextInput(attrs={"type": "email", "autocomplete": "off"})
    )
    preferred = forms.ChoiceField(
        label="Best way", required=False, choices=[("", "No preference"), *ContactKind.choices]
    )
    language = forms.ChoiceField(choices=LANGUAGES, initial="en")
    needs_interpreter = forms.BooleanField(required=False)
    timezone = forms.ChoiceField(
        label="Time zone",
        required=False,
        choices=TIME_ZONES,
        help_text="Where the patient lives: no text comes at night there.",
    )
    extra_minutes = forms.IntegerField(
        required=False, min_value=0, max_value=480, help_text="On top of every stay, e.g. mobility."
    )
    chair_kind = forms.ChoiceField(required=False, choices=[("", "Any"), *ChairKind.choices], label="Kind of chair")
    needs_driver = forms.BooleanField(required=False)
    drive_minutes = forms.IntegerField(required=False, min_value=0, max_value=600, label="Minutes to drive")
    alerts = forms.CharField(
        required=False, max_length=240, help_text="Allergies, earlier reactions, fall risk. Shown to nurses."
    )
    is_active = forms.BooleanField(required=False, initial=True, label="Comes here for treatment")

    def __init__(self, *args: Any, clinics: Collection[Clinic], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        home = self.fields["home_clinic"]
        assert isinstance(home, forms.ModelChoiceField)
        home.queryset = Clinic.objects.filter(pk__in=[clinic.pk for clinic in clinics])
        self._offer_too("language", LANGUAGES, initial="en")
        self._offer_too("timezone", TIME_ZONES, initial="")

    def _offer_too(self, name: str, choices: list[tuple[str, str]], *, initial: str) -> None:
        """Keep what is on record, e.g. from an import, among the choices."""
        value = self.initial.get(name, initial)
        if value not in dict(choices):
            choice = self.fields[name]
            assert isinstance(choice, forms.ChoiceField)
            choice.choices = [(value, value), *choices]

    def layout(self) -> Layout:
        return Layout(
            Fieldset(
                "Who",
                row(family_name=4, given_name=4, birth_date=4),
                row(mrn=4, home_clinic=4, is_active=4),
            ),
            Fieldset(
                "How to reach them",
                row(mobile=3, landline=3, email=4, preferred=2),
                row(language=3, timezone=3, needs_interpreter=4),
            ),
            Fieldset(
                "What to mind",
                row(extra_minutes=3, chair_kind=3, drive_minutes=3, needs_driver=3),
                "alerts",
            ),
        )

    def clean(self) -> None:
        """Say what is wrong with each number and address at once, not one by one."""
        for kind in ContactKind.values:
            try:
                registering.checked_contacts(contacts=Contacts(**{kind: self.cleaned_data.get(kind, "")}))
            except Refused as refused:
                self.show(refused)

    @staticmethod
    def initial_of(patient: Patient) -> dict[str, Any]:
        """What the form shows of a patient on record."""
        contacts = asdict(Contacts.of(patient))
        contacts |= {kind: shown(contacts[kind]) for kind in ("mobile", "landline")}
        return {field.name: getattr(patient, field.name) for field in fields(Person)} | contacts

    def person(self) -> Person:
        """The facts of the person, as typed."""
        data = {**self.cleaned_data, "extra_minutes": self.cleaned_data["extra_minutes"] or 0}
        return Person(**{field.name: data[field.name] for field in fields(Person)})

    def contacts(self) -> Contacts:
        """The ways to reach them, as typed."""
        return Contacts(**{field.name: self.cleaned_data[field.name] for field in fields(Contacts)})


class PlanForm(RuleForm):
    """What was ordered, and the habits to keep to."""

    therapy: forms.ModelChoiceField = forms.ModelChoiceField(
        Therapy.objects.filter(is_active=True), empty_label="Choose a therapy"
    )
    variant = forms.ChoiceField(required=False)
    start_on = TypedDateField(
        years_ahead=5,
        label="Dose 1 ordered for",
        error_messages={"required": "Enter the day for which dose 1 is ordered."},
    )
    interval_days = forms.IntegerField(
        required=False, label="Days between doses", help_text="Only if ordered other than usual, e.g. 42."
    )
    infusion_minutes = forms.IntegerField(required=False, help_text="Only if the order sets them (dose by weight).")
    doses_ordered = forms.IntegerField(required=False, help_text="Empty: until stopped.")
    prescriber = forms.CharField(required=False, max_length=80)
    usual_weekday = forms.TypedChoiceField(
        required=False, coerce=int, empty_value=None, choices=[("", "Any"), *Weekday.choices]
    )
    usual_time = forms.TimeField(
        required=False,
        input_formats=["%H:%M", "%I:%M %p", "%I:%M%p", "%I %p", "%I%p"],
        widget=forms.TimeInput(format="%-I:%M %p", attrs={"placeholder": "9:30 AM", "autocomplete": "off"}),
        error_messages={"invalid": "Enter a time such as 9:30 AM or 13:15."},
    )
    had_reaction = forms.BooleanField(
        required=False,
        label="Had a reaction to this drug",
        help_text="An infusion reaction or hypersensitivity. No fast infusion, no visit without observation.",
    )

    def __init__(self, *args: Any, plan: TreatmentPlan | None = None, **kwargs: Any) -> None:
        super().__init__(*args, initial=asdict(Order.of(plan)) if plan else None, **kwargs)
        variant = self.fields["variant"]
        assert isinstance(variant, forms.ChoiceField)
        variant.choices = [("", "Standard course"), *_variants(plan)]
        if plan:
            del self.fields["therapy"]
            self.helper.layout = self.layout()

    def layout(self) -> Layout:
        ordered = (
            {"therapy": 4, "variant": 4, "start_on": 4} if "therapy" in self.fields else {"variant": 4, "start_on": 4}
        )
        return Layout(
            Fieldset(
                "Ordered",
                row(**ordered),
                row(interval_days=4, infusion_minutes=4, doses_ordered=4),
                row(prescriber=4, had_reaction=8),
            ),
            Fieldset("Habits", row(usual_weekday=4, usual_time=4)),
        )

    def order(self) -> Order:
        """The order, as typed."""
        return Order(**{field.name: self.cleaned_data[field.name] for field in fields(Order)})


class DoseForm(RuleForm):
    """A dose that was given elsewhere, or here before this program."""

    dose_number = forms.IntegerField(min_value=1, max_value=999)
    given_on = TypedDateField(error_messages={"required": "Enter the day on which it was given."})

    def layout(self) -> Layout:
        return Layout(row(dose_number=4, given_on=4))

    @staticmethod
    def initial_of(doses: Collection[DoseGiven]) -> Mapping[str, Any]:
        """The next dose number, so that a course can be entered one after the other."""
        return {"dose_number": max((dose.dose_number for dose in doses), default=0) + 1}


class ImportForm(RuleForm):
    """The file to look at."""

    file = forms.FileField(label="CSV file", widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}))

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            raise forms.ValidationError(
                f"The file is larger than {MOST_BYTES // 1024 // 1024} MB. Split it and import the parts."
            )
        return file


def _variants(plan: TreatmentPlan | None) -> list[tuple[str, str]]:
    """The variants that a plan's therapy has; of all therapies, with their names, while none is chosen."""
    phases = DosePhase.objects.exclude(variant="").order_by("variant", "version__therapy__name")
    if plan:
        phases = phases.filter(version__therapy=plan.therapy_id)
    therapies: dict[str, list[str]] = defaultdict(list)
    for variant, therapy in phases.values_list("variant", "version__therapy__name").distinct():
        therapies[variant].append(therapy)
    return [(variant, variant if plan else f"{variant} ({', '.join(names)})") for variant, names in therapies.items()]


def row(**widths: int) -> Row:
    """Fields beside each other, with widths in twelfths."""
    return Row(*(Column(name, css_class=f"col-md-{width}") for name, width in widths.items()))
