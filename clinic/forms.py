"""What a form says about a field that is empty or can't be read: in the words of the job, not in Django's.

One rule for every form: a message that Django brings gives way to ours; one that a field brings itself stays.
"""

from django import forms

CHOSEN = (forms.ChoiceField, forms.ModelChoiceField, forms.FileField)
"""Fields in which one chooses; into all others one types."""

SAYS: dict[type[forms.Field], dict[str, str]] = {
    forms.Field: {},
    forms.CharField: {
        "max_length": "This is too long: %(limit_value)s characters at most, and it has %(show_value)s.",
        "null_characters_not_allowed": "There is a sign in this that can’t be stored. Type it anew.",
    },
    forms.IntegerField: {
        "invalid": "Enter a whole number.",
        "min_value": "Enter %(limit_value)s or more.",
        "max_value": "Enter %(limit_value)s or less.",
    },
    forms.EmailField: {"invalid": "Enter an e-mail address such as mlind@example.org."},
    forms.DateField: {"invalid": "Enter a date such as 3/14/2026."},
    forms.TimeField: {"invalid": "Enter a time such as 9:30 AM."},
    forms.ChoiceField: {"invalid_choice": "Choose one of the list."},
    forms.MultipleChoiceField: {"invalid_choice": "Choose from the list.", "invalid_list": "Choose from the list."},
    forms.ModelChoiceField: {"invalid_choice": "This is not in the list any more. Choose another."},
    forms.FileField: {
        "invalid": "The file did not arrive. Choose it again.",
        "missing": "The file did not arrive. Choose it again.",
        "empty": "The file is empty. Choose another.",
        "max_length": "The name of the file is too long. Give it a shorter one.",
    },
}
"""What is said instead of Django's words, by the kind of field and the code of the fault."""


class InOurWords(forms.BaseForm):
    """For a form: its messages in the words of the job, also those of fields that are added while it is made."""

    def full_clean(self) -> None:
        """Find the words before anything is looked at."""
        for name, field in self.fields.items():
            word(field, label=str(field.label or name.replace("_", " ")))
        super().full_clean()


class Form(InOurWords, forms.Form):
    """A form whose messages are in the words of the job."""


def word(field: forms.Field, *, label: str) -> None:
    """Replace each message of a field that is Django's own."""
    ours = {"required": missing(field, label=label)}
    for kind, says in SAYS.items():
        if isinstance(field, kind):
            ours |= says
    for code, message in ours.items():
        if code not in _own(field):
            field.error_messages[code] = message


def missing(field: forms.Field, *, label: str) -> str:
    """What is said of an empty field: Enter the family name. Choose the home clinic."""
    what = label if label.isupper() or label.split()[0].isupper() else label[:1].lower() + label[1:]
    return f"{'Choose' if isinstance(field, CHOSEN) else 'Enter'} the {what}."


def _own(field: forms.Field) -> set[str]:
    """The codes for which the field brings words of its own: those of its class or given to it."""
    brought: dict[str, object] = {}
    for kind in reversed(type(field).__mro__):
        if kind.__module__.startswith("django."):
            brought |= getattr(kind, "default_error_messages", {})
    return {code for code, message in field.error_messages.items() if brought.get(code) != message}
