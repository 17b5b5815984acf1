"""Emergency access: reading the record of a patient of another clinic when it cannot wait (45 CFR 164.312(a)(2)(ii)).

Whoever treats patients somewhere may open one record, named by two identifiers, for an hour, with a reason. It goes
into the trail and the log, stands on the page, and waits for a manager of the patient's clinic to look at it. Nothing
can be changed with it.
"""

import logging
from collections.abc import Sequence
from datetime import date, timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from clinic.access import Act, Anyone, clinic_ids_for, may
from clinic.audit.models import Entry, What
from clinic.audit.origin import acting
from clinic.models import User
from patients.errors import Refused
from patients.folding import fold
from patients.models import EmergencyAccess, Patient

log = logging.getLogger(__name__)

LASTS = timedelta(minutes=60)
LEAST_REASON, MOST_REASON = 10, 240


def open_record(*, by: User, known_as: str, birth_date: date, reason: str) -> EmergencyAccess:
    """Open the record of the one patient with this date of birth and this MRN or family name. Raises `Refused`."""
    if not may(user=by, act=Act.OPEN_IN_EMERGENCY):
        raise Refused("Your role does not open records. Ask a nurse.")
    reason = " ".join(reason.split())
    if not LEAST_REASON <= len(reason) <= MOST_REASON:
        raise Refused("Say in a sentence why it cannot wait. It is read by your manager.", field="reason")
    patient = _the_one(by=by, known_as=known_as, birth_date=birth_date)
    now = timezone.now()
    with transaction.atomic(), acting(why=reason):
        access = EmergencyAccess.objects.create(
            patient=patient, by=by, reason=reason, opened_at=now, ends_at=now + LASTS
        )
        Entry.objects.create(what=What.EMERGENCY, patient_id=patient.pk, row_id=access.pk)
    log.warning("Emergency access %s: a record was opened by account %s.", access.pk, by.pk)
    return access


def open_now(*, user: Anyone, patient: Patient) -> EmergencyAccess | None:
    """By what somebody may read this record at this moment; nothing, once the hour or the role is over."""
    if not may(user=user, act=Act.OPEN_IN_EMERGENCY):
        return None
    found = EmergencyAccess.objects.filter(by=user.pk, patient=patient, ends_at__gt=timezone.now())
    return found.order_by("ends_at").last()


def close(*, access: EmergencyAccess) -> None:
    """The emergency is over before the hour is."""
    now = timezone.now()
    open_ones = EmergencyAccess.objects.filter(by=access.by_id, patient=access.patient_id, ends_at__gt=now)
    open_ones.update(ends_at=now)


def review(*, access: EmergencyAccess, by: User) -> None:
    """A manager of the patient's clinic has looked at it. Raises `Refused`."""
    if access.by_id == by.pk:
        raise Refused("You opened this record yourself. Another manager looks at it.")
    EmergencyAccess.objects.filter(pk=access.pk, reviewed_at=None).update(reviewed_at=timezone.now(), reviewed_by=by)


def waiting_for(*, user: Anyone) -> int:
    """How many emergencies of patients of a manager's clinics nobody has looked at. One query, for managers only."""
    clinics = clinic_ids_for(user=user, act=Act.REVIEW_EMERGENCIES)
    if not clinics:
        return 0
    found = EmergencyAccess.objects.filter(reviewed_at=None, patient__home_clinic__in=clinics)
    return found.exclude(by=user.pk).count()


def accesses_at(*, user: User, limit: int) -> Sequence[EmergencyAccess]:
    """The emergencies of the patients of a manager's clinics: those to look at first, then the latest. One query."""
    clinics = clinic_ids_for(user=user, act=Act.REVIEW_EMERGENCIES)
    found = EmergencyAccess.objects.filter(patient__home_clinic__in=clinics)
    whole = found.select_related("patient__home_clinic", "by", "reviewed_by")
    return list(whole.order_by(F("reviewed_at").desc(nulls_first=True), "-opened_at")[:limit])


def _the_one(*, by: User, known_as: str, birth_date: date) -> Patient:
    """The patient with two identifiers as said. Not finding one is in the trail too: nobody fishes unseen."""
    known_as = " ".join(known_as.split())
    born = list(Patient.objects.filter(birth_date=birth_date))
    found = [one for one in born if one.mrn.upper() == known_as.upper()]
    found = found or [one for one in born if fold(one.family_name) == fold(known_as)]
    if len(found) == 1:
        return found[0]
    Entry.objects.create(what=What.REFUSED, after={"account": by.pk})
    if found:
        raise Refused("Several patients have this name and date of birth. Enter the MRN instead.", field="known_as")
    raise Refused("No patient has this date of birth and this MRN or family name.", field="known_as")
