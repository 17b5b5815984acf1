"""What stands around the rows of the page: until when they sleep, who works on the patient, and the numbers to call."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from clinic.models import User
from clinic.sql import fetch
from patients.models import ContactKind, ContactPoint
from scheduling.models import PatientClaim, Snooze
from scheduling.worklists.lists import Row
from scheduling.worklists.marks import CLAIM

MARKS = """
    select 'snooze', worklist, subject, null::bigint, snooze.until, snooze.note,
           person.id, first_name, last_name, username
    from unnest(%(lists)s::text[], %(keys)s::text[]) as shown (worklist, subject)
        join scheduling_snooze snooze using (worklist, subject) join clinic_user person on person.id = snooze.by_id
    union all
    select 'claim', null, null, patient_id, at, null, person.id, first_name, last_name, username
    from scheduling_patientclaim claim join clinic_user person on person.id = claim.by_id
    where patient_id = any(%(patients)s) and at > %(since)s
    union all
    select * from (
        select kind, null, null, patient_id, null::timestamptz, value, null::bigint, null, null, null
        from patients_contactpoint where patient_id = any(%(patients)s) and kind <> %(email)s
        order by is_preferred desc, kind) as number
"""


@dataclass(frozen=True, slots=True)
class Phone:
    """A number to call."""

    shown: str
    url: str


@dataclass(frozen=True, slots=True)
class Marks:
    """Snoozes by list and key of the row, claims and numbers by patient id."""

    snoozes: Mapping[tuple[str, str], Snooze]
    claims: Mapping[int, PatientClaim]
    phones: Mapping[int, Sequence[Phone]]


def marks_of(rows: Mapping[str, Sequence[Row]], now: datetime) -> Marks:
    """What stands around some rows, by list. One query."""
    keys = [(name, row.key) for name, of_list in rows.items() for row in of_list]
    facts = {
        "lists": [name for name, _ in keys],
        "keys": [key for _, key in keys],
        "patients": list({row.patient.pk for of_list in rows.values() for row in of_list}),
        "since": now - CLAIM,
        "email": ContactKind.EMAIL,
    }
    snoozes: dict[tuple[str, str], Snooze] = {}
    claims: dict[int, PatientClaim] = {}
    phones: dict[int, list[Phone]] = defaultdict(list)
    for kind, name, key, patient_id, at, words, *who in fetch(MARKS, facts):
        if kind == "snooze":
            snoozes[name, key] = Snooze(worklist=name, subject=key, until=at, note=words, by=_person(*who))
        elif kind == "claim":
            claims[patient_id] = PatientClaim(patient_id=patient_id, at=at, by=_person(*who))
        else:
            phones[patient_id].append(Phone(str(ContactPoint(kind=kind, value=words)), f"tel:{words}"))
    return Marks(snoozes, claims, phones)


def _person(pk: int, first_name: str, last_name: str, username: str) -> User:
    return User(pk=pk, first_name=first_name, last_name=last_name, username=username)
