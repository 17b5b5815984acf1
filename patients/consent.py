"""The ledger of numbers and addresses: who agreed, who opted out, what does not work. The only writer of it.

Reminders of a visit are part of the treatment, so a number or address that the patient gave may be used until the
patient says no (HIPAA). Express consent is put on record all the same, since the law on texts asks for it where its
exemption for health care does not hold. A "no" counts from the moment it is written, for everybody who shares the
number, whoever said it; `lock` keeps a text from leaving at that very moment.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.db import connection, transaction
from django.utils import timezone

from clinic.models import User
from patients.models import ContactChange, ContactEntry, ContactKind, ContactPoint, Patient

CHANNEL_OF: dict[str, str] = {ContactKind.MOBILE: "sms", ContactKind.EMAIL: "email"}
"""What a kind of contact point carries besides calls."""

_CONSENT = (ContactChange.GIVEN, ContactChange.WITHDRAWN)


@dataclass(frozen=True, slots=True)
class Standing:
    """How a number or address stands for one channel. Without an entry: allowed, and taken to work."""

    consent: ContactEntry | None = None
    """The last word on consent."""
    works: ContactEntry | None = None
    """The last report on whether messages arrive."""

    @property
    def is_allowed(self) -> bool:
        """Whether nobody has said no since it was last agreed."""
        return self.consent is None or self.consent.change == ContactChange.GIVEN

    @property
    def is_dead(self) -> bool:
        """Whether messages do not arrive there."""
        return self.works is not None and self.works.change == ContactChange.DEAD

    @property
    def is_usable(self) -> bool:
        """Whether a message may and can be sent."""
        return self.is_allowed and not self.is_dead


_NOTHING_KNOWN = Standing()


def give(
    *, value: str, channel: str, source: str, words: str = "", patient: Patient | None = None, by: User | None = None
) -> ContactEntry:
    """Record that the person agreed to messages. Agreeing also lifts an earlier opt-out."""
    return _enter(value, channel, ContactChange.GIVEN, source, words, patient, by)


def withdraw(
    *, value: str, channel: str, source: str, words: str = "", patient: Patient | None = None, by: User | None = None
) -> bool:
    """Record an opt-out, effective at once. False when the number or address had opted out already."""
    with transaction.atomic():
        lock(value)
        if not standing_of(value=value, channel=channel).is_allowed:
            return False
        _enter(value, channel, ContactChange.WITHDRAWN, source, words, patient, by)
    return True


def mark_dead(*, value: str, channel: str, source: str, words: str = "") -> None:
    """Record that messages do not arrive: a number out of service, an address that bounces."""
    if not standing_of(value=value, channel=channel).is_dead:
        _enter(value, channel, ContactChange.DEAD, source, words, None, None)


def mark_alive(*, value: str, channel: str, source: str, words: str = "", by: User | None = None) -> None:
    """Record that messages arrive again."""
    if standing_of(value=value, channel=channel).is_dead:
        _enter(value, channel, ContactChange.ALIVE, source, words, None, by)


def is_allowed(*, contact_point: ContactPoint, channel: str) -> bool:
    """Whether a contact point may be used for a channel (sms, email, call). One query."""
    return standing_of(value=contact_point.value, channel=channel).is_allowed


def standing_of(*, value: str, channel: str) -> Standing:
    """How one number or address stands. One query."""
    return standings(values=[value])[value, channel]


class Standings(dict[tuple[str, str], Standing]):
    """Standings by value and channel; what nobody spoke of is allowed."""

    def __missing__(self, key: tuple[str, str]) -> Standing:
        return _NOTHING_KNOWN


def standings(*, values: Collection[str]) -> Standings:
    """How many numbers and addresses stand. One query."""
    return _standings(ContactEntry.objects.filter(value__in=values).order_by("id"))


def _standings(entries: Iterable[ContactEntry]) -> Standings:
    """Standings by the ledger's entries, the oldest first."""
    found: dict[tuple[str, str], dict[str, ContactEntry]] = {}
    for entry in entries:
        kind = "consent" if entry.change in _CONSENT else "works"
        found.setdefault((entry.value, entry.channel), {})[kind] = entry
    return Standings({key: Standing(**entries) for key, entries in found.items()})


@dataclass(frozen=True, slots=True)
class Way:
    """A number or address of a patient, how it stands for messages, and all that was entered about it, newest first."""

    point: ContactPoint
    channel: str
    """Empty for a landline: nothing but calls."""
    standing: Standing
    history: list[ContactEntry]


def ways_of(*, patient: Patient) -> list[Way]:
    """A patient's numbers and addresses, preferred ones first. Two queries."""
    points = list(patient.contact_points.all())
    entries = list(
        ContactEntry.objects.filter(value__in=[point.value for point in points]).select_related("by").order_by("-id")
    )
    found = _standings(reversed(entries))
    return [
        Way(
            point=point,
            channel=(channel := CHANNEL_OF.get(point.kind, "")),
            standing=found[point.value, channel],
            history=[entry for entry in entries if entry.value == point.value],
        )
        for point in points
    ]


def lock(value: str) -> None:
    """Let nobody else decide about a number or address until this transaction ends. Call inside one."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtextextended(%s, 715))", [value])


def _enter(
    value: str,
    channel: str,
    change: ContactChange,
    source: str,
    words: str,
    patient: Patient | None,
    by: User | None,
) -> ContactEntry:
    with transaction.atomic():
        lock(value)
        return ContactEntry.objects.create(
            value=value,
            channel=channel,
            change=change,
            source=source,
            words=words[:240],
            patient=patient,
            by=by,
            at=timezone.now(),
        )
