"""Who a patient is and how to reach them: registering and changing. The only writer of patients and contact points."""

import re
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Self
from zoneinfo import available_timezones

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils import timezone

from clinic.models import ChairKind, Clinic
from patients.errors import Refused
from patients.models import ContactKind, ContactPoint, Patient
from patients.phones import to_e164

MOST_EXTRA_MINUTES = 480
OLDEST_BIRTH_DATE = date(1900, 1, 1)

_BATCH = 500
_LONGEST = {"family_name": 60, "given_name": 60, "alerts": 240}
_MRN = re.compile(r"[A-Z0-9][A-Z0-9-]{0,19}")
_LANGUAGE = re.compile(r"[a-z]{2,3}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """What is known of a patient. The fields mean what they mean on `Patient`."""

    mrn: str
    family_name: str
    given_name: str
    birth_date: date
    home_clinic: Clinic
    language: str = "en"
    timezone: str = ""
    needs_interpreter: bool = False
    extra_minutes: int = 0
    chair_kind: str = ""
    needs_driver: bool = False
    drive_minutes: int | None = None
    alerts: str = ""
    is_active: bool = True

    @classmethod
    def of(cls, patient: Patient) -> Self:
        """What is on record of a patient."""
        return cls(**{field.name: getattr(patient, field.name) for field in fields(cls)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Contacts:
    """How to reach a patient; empty where there is no such way. Phone numbers as typed or as E.164."""

    mobile: str = ""
    landline: str = ""
    email: str = ""
    preferred: str = ""
    """A `ContactKind`, or empty."""

    @classmethod
    def of(cls, patient: Patient) -> Self:
        """What is on record of a patient: the first of each kind. Reads `contact_points` once."""
        return cls.among(patient.contact_points.all())

    @classmethod
    def among(cls, points: Iterable[ContactPoint]) -> Self:
        """The first of each kind among contact points in their usual order."""
        in_order = list(points)
        first = {point.kind: point.value for point in reversed(in_order)}
        preferred = next((point.kind for point in in_order if point.is_preferred), "")
        return cls(preferred=preferred, **{kind: first.get(kind, "") for kind in ContactKind.values})


def register(*, person: Person, contacts: Contacts) -> Patient:
    """Put a new patient on record. Raises `Refused` for facts that cannot be, and for an MRN that is taken."""
    patient = Patient(**_facts(checked(person=person)))
    _save(patient, checked_contacts(contacts=contacts))
    return patient


def register_all(*, people: Collection[tuple[Person, Contacts]]) -> list[Patient]:
    """Put many new patients on record at once, all or nothing. Raises `Refused` as `register` does."""
    known = [(Patient(**_facts(checked(person=person))), checked_contacts(contacts=one)) for person, one in people]
    with _mrn_is_free():
        patients = Patient.objects.bulk_create([patient for patient, _ in known], _BATCH)
        ContactPoint.objects.bulk_create(
            [
                point
                for patient, contacts in known
                for point in points_to_change(patient=patient, points=(), contacts=contacts)[1]
            ],
            _BATCH,
        )
    return patients


def change(*, patient: Patient, person: Person, contacts: Contacts) -> Patient:
    """Correct what is known of a patient. Raises `Refused` as `register` does."""
    for name, value in _facts(checked(person=person)).items():
        setattr(patient, name, value)
    _save(patient, checked_contacts(contacts=contacts))
    return patient


def checked(*, person: Person) -> Person:
    """The facts as they are kept: trimmed, the MRN in capitals. Raises `Refused` for the first that cannot be."""
    person = replace(
        person,
        mrn=person.mrn.strip().upper(),
        family_name=" ".join(person.family_name.split()),
        given_name=" ".join(person.given_name.split()),
        language=person.language.strip().lower(),
        timezone=person.timezone.strip(),
        alerts=person.alerts.strip(),
    )
    for name in ("family_name", "given_name"):
        if not getattr(person, name):
            raise Refused("This may not be empty.", field=name)
    for name, most in _LONGEST.items():
        if len(getattr(person, name)) > most:
            raise Refused(f"This is too long: {most} letters at most.", field=name)
    if not OLDEST_BIRTH_DATE <= person.birth_date <= timezone.localdate():
        raise Refused("A date of birth lies between 1900 and today. Check the year.", field="birth_date")
    if not 0 <= person.extra_minutes <= MOST_EXTRA_MINUTES:
        raise Refused(f"Extra time is 0 to {MOST_EXTRA_MINUTES} minutes.", field="extra_minutes")
    _check_codes(person)
    return person


def _check_codes(person: Person) -> None:
    if not _MRN.fullmatch(person.mrn):
        raise Refused("An MRN is made of letters, digits and hyphens, 20 at most.", field="mrn")
    if not _LANGUAGE.fullmatch(person.language):
        raise Refused("Give the language as its two- or three-letter code: en, es, hmn.", field="language")
    if person.timezone and person.timezone not in available_timezones():
        raise Refused("This is no time zone. Write it like America/Denver, or leave it empty.", field="timezone")
    if person.chair_kind and person.chair_kind not in ChairKind.values:
        raise Refused("Choose a kind of chair from the list, or none.", field="chair_kind")


def checked_contacts(*, contacts: Contacts) -> Contacts:
    """Contacts as they are kept: E.164 and lower case. Raises `Refused` for the first that is none."""
    kept = {"mobile": contacts.mobile.strip(), "landline": contacts.landline.strip()}
    for field, number in kept.items():
        try:
            kept[field] = to_e164(number) if number else ""
        except ValueError as error:
            raise Refused(str(error), field=field) from error
    email = contacts.email.strip().lower()
    try:
        if email:
            validate_email(email)
    except ValidationError as error:
        raise Refused("This is not an e-mail address. It looks like name@example.org.", field="email") from error
    if kept["mobile"] and kept["mobile"] == kept["landline"]:
        raise Refused("This is the mobile number again. Leave one of the two empty.", field="landline")
    if contacts.preferred and not {**kept, "email": email}.get(contacts.preferred):
        raise Refused("There is no such number or address to prefer. Fill it in, or prefer another.", field="preferred")
    return Contacts(**kept, email=email, preferred=contacts.preferred)


def points_to_change(
    *, patient: Patient, points: Collection[ContactPoint], contacts: Contacts
) -> tuple[list[ContactPoint], list[ContactPoint]]:
    """The contact points to delete and those to add, so that a patient's `points` come to say `contacts`.

    A changed number is a new row: what was agreed for the old number does not hold for the new one.
    """
    before = Contacts.among(points)
    gone, new = [], []
    for kind in ContactKind.values:
        old, value = getattr(before, kind), getattr(contacts, kind)
        if old == value and (before.preferred == kind) == (contacts.preferred == kind):
            continue
        gone += [point for point in points if point.kind == kind and point.value in (old, value)]
        if value:
            new.append(ContactPoint(patient=patient, kind=kind, value=value, is_preferred=contacts.preferred == kind))
    return gone, new


def _save(patient: Patient, contacts: Contacts) -> None:
    with _mrn_is_free():
        patient.save()
        gone, new = points_to_change(patient=patient, points=patient.contact_points.all(), contacts=contacts)
        ContactPoint.objects.filter(pk__in=[point.pk for point in gone]).delete()
        ContactPoint.objects.bulk_create(new)


@contextmanager
def _mrn_is_free() -> Iterator[None]:
    """One transaction. An MRN that is taken becomes `Refused`."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        if "mrn" in str(error):
            raise Refused("Another patient has this MRN. Search for it, or check the number.", field="mrn") from error
        raise


def _facts(person: Person) -> dict[str, object]:
    return {field.name: getattr(person, field.name) for field in fields(person)}
