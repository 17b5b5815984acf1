"""What people type about accounts."""

from collections.abc import Sequence
from typing import Any

from crispy_forms.helper import FormHelper
from django import forms
from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.validators import UnicodeUsernameValidator

from clinic.accounts.own import validate_pin
from clinic.forms import Form
from clinic.models import Clinic, Nurse, Role, User

NO_ROLE = [("", "Does not work here")]


def _helper() -> FormHelper:
    helper = FormHelper()
    helper.form_tag = False
    helper.disable_csrf = True
    return helper


def _new_password(label: str) -> forms.CharField:
    return forms.CharField(
        label=label,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "autofocus": True}),
        help_text="12 characters or more. A few words that only you would put together are best; no rules about signs.",
    )


class NewPasswordForm(Form):
    """The password that a link sets."""

    new = _new_password("New password")

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user, self.helper = user, _helper()

    def clean_new(self) -> str:
        """Long enough, not common, not one's own name."""
        validate_password(self.cleaned_data["new"], self.user)
        return self.cleaned_data["new"]


class ChangePasswordForm(NewPasswordForm):
    """One's own new password. The old one is asked for first."""

    old = forms.CharField(
        label="Password until now",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "autofocus": True}),
        error_messages={"required": "Enter your password until now."},
    )
    field_order = ("old", "new")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["new"].widget.attrs["autofocus"]  # it belongs to the first field

    def clean_old(self) -> str:
        """Only who knows it may change it."""
        if not self.user.check_password(self.cleaned_data["old"]):
            raise forms.ValidationError("That is not your password. Look at capitals, and try again.")
        return self.cleaned_data["old"]


class PinForm(Form):
    """The PIN that unlocks a screen."""

    pin = forms.CharField(
        label="New PIN",
        widget=forms.PasswordInput(
            attrs={"autocomplete": "off", "inputmode": "numeric", "maxlength": 8, "autofocus": True}
        ),
        help_text="6 to 8 digits. It only unlocks a screen on which you are signed in.",
        validators=[validate_pin],
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = _helper()


class RolesForm(Form):
    """A role, or none, at each clinic of the manager."""

    def __init__(self, *args: Any, clinics: Sequence[Clinic], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.clinics, self.helper = clinics, _helper()
        for clinic in clinics:
            self.fields[f"role_{clinic.slug}"] = forms.ChoiceField(
                label=clinic.name, choices=[*NO_ROLE, *Role.choices], required=False
            )

    @property
    def roles(self) -> dict[Clinic, str]:
        """What was chosen."""
        chosen = {clinic: self.cleaned_data.get(f"role_{clinic.slug}") for clinic in self.clinics}
        return {clinic: role for clinic, role in chosen.items() if role}


class InviteForm(RolesForm):
    """Somebody new."""

    first_name = forms.CharField(label="First name", max_length=150)
    last_name = forms.CharField(label="Last name", max_length=150)
    username = forms.CharField(
        label="User name",
        max_length=40,
        validators=[UnicodeUsernameValidator()],
        error_messages={"invalid": "Use letters, digits and the signs @ . + - _ only, without spaces."},
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false", "autocomplete": "off"}),
        help_text="What they type to sign in, for instance mlind.",
    )
    email = forms.EmailField(
        label="E-mail", required=False, help_text="Given, the link goes there. Otherwise you hand it over."
    )
    nurse = forms.ModelChoiceField(
        label="Nurse on the roster",
        queryset=Nurse.objects.none(),
        required=False,
        empty_label="Not a nurse on the roster",
        help_text="Then the roster marks their own patients.",
    )
    field_order = ("first_name", "last_name", "username", "email")

    def __init__(self, *args: Any, clinics: Sequence[Clinic], **kwargs: Any) -> None:
        super().__init__(*args, clinics=clinics, **kwargs)
        field = self.fields.pop("nurse")
        field.queryset = Nurse.objects.filter(  # type: ignore[attr-defined]
            home_clinic__in=clinics, user=None, is_active=True
        )
        self.fields["nurse"] = field

    def clean(self) -> dict[str, Any]:
        """Somewhere they must work."""
        cleaned = super().clean() or {}
        if not self.roles:
            raise forms.ValidationError("Choose a role at one clinic at least.")
        return cleaned


class ReasonForm(Form):
    """Why something is done to an account."""

    reason = forms.CharField(label="Why", max_length=300, error_messages={"required": "Say why, in a few words."})
