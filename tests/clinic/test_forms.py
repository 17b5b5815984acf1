"""What a form says about a field: in the words of the job, and never in Django's."""

import pkgutil
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType
from typing import Any

import pytest
from django import forms
from django.core.files.uploadedfile import SimpleUploadedFile

import clinic
import patients
import reminders
import scheduling
import therapies
from clinic.forms import Form, InOurWords

LINDS = [("lind", "Lind")]

EMPTY = [
    (forms.CharField(label="Family name"), "Enter the family name."),
    (forms.CharField(label="MRN"), "Enter the MRN."),
    (forms.CharField(label="MRN or family name"), "Enter the MRN or family name."),
    (forms.DateField(label="Date of birth"), "Enter the date of birth."),
    (forms.CharField(), "Enter the fact."),
    (forms.ChoiceField(label="Home clinic", choices=LINDS), "Choose the home clinic."),
    (forms.FileField(label="CSV file"), "Choose the CSV file."),
    (forms.CharField(label="Why", error_messages={"required": "Say why."}), "Say why."),
]

WRONG = [
    (forms.DateField(), "31/31/2026", "Enter a date such as 3/14/2026."),
    (forms.TimeField(), "noon", "Enter a time such as 9:30 AM."),
    (forms.EmailField(), "anna", "Enter an e-mail address such as mlind@example.org."),
    (forms.IntegerField(), "a few", "Enter a whole number."),
    (forms.IntegerField(min_value=1), "0", "Enter 1 or more."),
    (forms.IntegerField(max_value=480), "481", "Enter 480 or less."),
    (forms.CharField(max_length=4), "Lindqvist", "This is too long: 4 characters at most, and it has 9."),
    (forms.CharField(), "Li\0nd", "There is a sign in this that can’t be stored. Type it anew."),
    (forms.ChoiceField(choices=LINDS), "berg", "Choose one of the list."),
    (forms.TypedChoiceField(choices=LINDS), "berg", "Choose one of the list."),
    (forms.MultipleChoiceField(choices=LINDS), ["berg"], "Choose from the list."),
    (forms.DateField(error_messages={"invalid": "What day?"}), "soon", "What day?"),
]


def errors_of(field: forms.Field, data: dict[str, object], files: Any = None) -> object:
    """What is said beside a field that is added while the form is made."""
    form = Form(data, files)
    form.fields["fact"] = field
    return form.errors.get("fact")


@pytest.mark.parametrize(("field", "said"), EMPTY, ids=[said for _, said in EMPTY])
def test_an_empty_field_says_what_to_enter(field: forms.Field, said: str) -> None:
    assert errors_of(field, {}) == [said]


@pytest.mark.parametrize(("field", "value", "said"), WRONG, ids=[said for *_, said in WRONG])
def test_a_field_that_cannot_be_read_says_how_to_write_it(field: forms.Field, value: object, said: str) -> None:
    assert errors_of(field, {"fact": value}) == [said]


def test_an_empty_file_says_so() -> None:
    nothing = SimpleUploadedFile("patients.csv", b"")
    assert errors_of(forms.FileField(), {}, {"fact": nothing}) == ["The file is empty. Choose another."]


def test_every_form_speaks_in_the_words_of_the_job() -> None:
    """But for the admin's, whose words are Django's throughout."""
    found = [
        each
        for module in _modules()
        for each in vars(module).values()
        if isinstance(each, type) and issubclass(each, forms.BaseForm) and each.__module__ == module.__name__
    ]
    assert len(found) > 30
    assert [each for each in found if not issubclass(each, InOurWords)] == []


def _modules() -> Iterator[ModuleType]:
    for room in (clinic, therapies, patients, scheduling, reminders):
        for each in pkgutil.walk_packages(room.__path__, f"{room.__name__}."):
            if "form" in each.name.rsplit(".", 1)[1] or ".views" in each.name or ".accounts." in each.name:
                yield import_module(each.name)
