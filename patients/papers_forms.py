"""Forms for labs, enrolments and payers' authorizations: they read what was typed; what is allowed the rules say."""

from collections.abc import Iterable, Sequence
from typing import Any

from crispy_forms.layout import Layout
from django import forms
from django.utils import timezone

from patients.authorizations import Terms
from patients.forms import RuleForm, TypedDateField, row
from patients.models import Authorization, TreatmentPlan
from therapies.readiness import Check


class ClearanceForm(RuleForm):
    """What came in, and from which day."""

    code = forms.ChoiceField(label="What", error_messages={"required": "Choose what came in."})
    cleared_on = TypedDateField(label="Day of the result")
    expires_on = TypedDateField(
        required=False, years_ahead=5, label="Valid until", help_text="Only if other than usual."
    )
    for_good = forms.BooleanField(
        required=False, label="Not asked again", help_text="For example an antibody test that is positive."
    )
    for_every_plan = forms.BooleanField(required=False, label="Holds for every course of the patient")
    note = forms.CharField(required=False, max_length=240)

    def __init__(self, *args: Any, checks: Iterable[Check], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        code = self.fields["code"]
        assert isinstance(code, forms.ChoiceField)
        code.choices = [("", "Choose…"), *((check.code, check.name) for check in checks)]
        self.initial.setdefault("cleared_on", timezone.localdate())

    def layout(self) -> Layout:
        return Layout(
            row(code=6, cleared_on=3, expires_on=3),
            row(for_good=4, for_every_plan=5),
            "note",
        )


class PlanField(forms.ModelChoiceField):
    """A plan of one patient, named by its drug."""

    def label_from_instance(self, obj: Any) -> str:
        """Tysabri."""
        return str(obj.therapy)


class AuthorizationForm(RuleForm):
    """What a payer agreed to."""

    plan = PlanField(
        TreatmentPlan.objects.none(),
        empty_label=None,
        label="For",
        error_messages={"required": "Choose the drug it is for."},
    )
    payer = forms.CharField(max_length=80)
    number = forms.CharField(max_length=40, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    valid_from = TypedDateField(years_ahead=3, error_messages={"required": "Enter the first day on which it is valid."})
    valid_until = TypedDateField(years_ahead=5, error_messages={"required": "Enter the last day on which it is valid."})
    doses_allowed = forms.IntegerField(required=False, min_value=1, help_text="Empty: any number.")
    note = forms.CharField(required=False, max_length=240)

    def __init__(
        self, *args: Any, plans: Sequence[TreatmentPlan], authorization: Authorization | None = None, **kwargs: Any
    ) -> None:
        if authorization:
            kwargs["initial"] = {name: getattr(authorization, name) for name in Terms.__slots__}
        super().__init__(*args, **kwargs)
        if authorization:
            del self.fields["plan"]
        else:
            plan = self.fields["plan"]
            assert isinstance(plan, forms.ModelChoiceField)
            plan.queryset = TreatmentPlan.objects.filter(pk__in=[one.pk for one in plans]).select_related("therapy")
        self.helper.layout = self.layout()

    def layout(self) -> Layout:
        first = {"plan": 4} if "plan" in self.fields else {}
        return Layout(
            row(**first, payer=4, number=4),
            row(valid_from=4, valid_until=4, doses_allowed=4),
            "note",
        )

    def terms(self) -> Terms:
        """The terms, as typed."""
        return Terms(**{name: self.cleaned_data[name] for name in Terms.__slots__})
