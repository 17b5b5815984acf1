"""Who works on which patient, and until when a row need not be shown. The only writer of claims and snoozes.

A claim keeps two people from calling the same patient, whichever list they found them in: one row for each patient,
taken by insert or by compare and swap. It lapses by the clock, so nobody has to give back what they forgot.
"""

from datetime import date, datetime, time, timedelta

from django.db.models import Q
from django.utils import timezone

from clinic.models import User
from patients.errors import Refused
from patients.models import Patient
from scheduling.models import PatientClaim, Snooze
from scheduling.refusals import NotAvailable

CLAIM = timedelta(minutes=30)
LONGEST_SNOOZE = timedelta(days=90)


def claim(*, patient: Patient, by: User) -> None:
    """Work on a patient from now on. Claiming again prolongs. Raises `NotAvailable` when a colleague does already."""
    now = timezone.now()
    one, is_new = PatientClaim.objects.get_or_create(patient=patient, defaults={"by": by, "at": now})
    mine_or_lapsed = PatientClaim.objects.filter(Q(by=by) | Q(at__lte=now - CLAIM), pk=one.pk)
    if not is_new and not mine_or_lapsed.update(by=by, at=now):
        refuse_claimed(patient=patient, by=by)


def release(*, patient: Patient, by: User) -> None:
    """Work on a patient no more. What a colleague has claimed stays hers."""
    PatientClaim.objects.filter(patient=patient, by=by).delete()


def refuse_claimed(*, patient: Patient, by: User) -> None:
    """Raise `NotAvailable` while a colleague works on a patient."""
    one = PatientClaim.objects.filter(patient=patient, at__gt=timezone.now() - CLAIM).exclude(by=by)
    if found := one.select_related("by").first():
        raise NotAvailable(f"{found.by.label} works on this patient {since_words(found.at)}.", code="claimed")


def snooze(*, worklist: str, subject: str, until: date, by: User, note: str = "") -> None:
    """Show a row again on a day, by the program's clock, with a note for whoever sees it then. Raises `Refused`."""
    today = timezone.localdate()
    if not today < until <= today + LONGEST_SNOOZE:
        raise Refused("Choose a day from tomorrow on, within 90 days.", field="until_day")
    if len(note) > 240:
        raise Refused("This is too long: 240 letters at most.", field="note")
    Snooze.objects.update_or_create(
        worklist=worklist,
        subject=subject,
        defaults={
            "until": datetime.combine(until, time.min, tzinfo=timezone.get_default_timezone()),
            "note": " ".join(note.split()),
            "by": by,
        },
    )


def wake(*, worklist: str, subject: str) -> None:
    """Show a row again now. Its note stays."""
    Snooze.objects.filter(worklist=worklist, subject=subject).update(until=timezone.now())


def since_words(moment: datetime) -> str:
    """Since when, by the program's clock: since 9:12 AM."""
    return f"since {timezone.localtime(moment):%-I:%M %p}"
