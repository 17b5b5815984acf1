"""What is due to be told: the rules, the outbox, the words that staff changed, the links that patients hold.

The rows of `Message` are the queue. They are written in the transaction of the booking (`reminders.outbox`) and
sent by the workers (`reminders.dispatch`); nothing else writes them.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone

from clinic.models import Clinic, User
from patients.models import ContactPoint, Patient
from scheduling.models import Appointment
from therapies.models import Therapy


class Channel(models.TextChoices):
    """How a message travels. A call is made by people: its row waits on their list and is never sent."""

    SMS = "sms", "Text"
    EMAIL = "email", "E-mail"
    CALL = "call", "Phone call"


class Moment(models.TextChoices):
    """What a rule counts from."""

    BOOKED = "booked", "When it is booked"
    MOVED = "moved", "When it is moved"
    CANCELLED = "cancelled", "When it is cancelled"
    BEFORE = "before", "Days before the visit"
    OPEN_DAY_BEFORE = "open_day_before", "The last open day before the visit"
    AFTER = "after", "Days after a visit that took place"
    NO_SHOW = "no_show", "When the patient did not come"


class ReminderRule(models.Model):
    """Who is told when, and by which channels. The defaults come from `rules.toml`.

    A row with a clinic, a therapy or both stands in place of the default with the same code there; switched off,
    it silences that rule there. Times are the clinic's wall clock.
    """

    code = models.SlugField(max_length=20)
    clinic = models.ForeignKey(Clinic, models.CASCADE, null=True, blank=True, related_name="reminder_rules")
    therapy = models.ForeignKey(Therapy, models.CASCADE, null=True, blank=True, related_name="reminder_rules")
    is_active = models.BooleanField(default=True)
    moment = models.CharField(max_length=16, choices=Moment)
    days = models.PositiveSmallIntegerField(default=0)
    at = models.TimeField(null=True, blank=True, help_text="Empty: right after what it counts from.")
    channels = ArrayField(models.CharField(max_length=5, choices=Channel), help_text="sms, email or call.")
    cut_off_hours = models.PositiveSmallIntegerField(
        help_text="Not sent so many hours after it was due: missed, and listed for people."
    )
    min_interval_days = models.PositiveSmallIntegerField(
        default=0, help_text="Only for doses at least so many days after the one before."
    )
    rest_hours = models.PositiveSmallIntegerField(
        default=0, help_text="Left out when the patient was told of the visit fewer than so many hours before."
    )
    only_unconfirmed = models.BooleanField(default=False)
    asks_to_confirm = models.BooleanField(
        default=False, help_text="Its text asks for C or R, so whoever has confirmed gets no text."
    )
    keeps_place = models.BooleanField(
        default=False, help_text="When a number may get no more texts this week, other texts give way to this one."
    )

    class Meta:
        ordering = ["code", "clinic", "therapy"]
        constraints = [
            models.UniqueConstraint(
                fields=["code", "clinic", "therapy"], name="reminder_rule_once_per_place", nulls_distinct=False
            ),
            models.CheckConstraint(condition=Q(channels__len__gte=1), name="reminder_rule_has_a_channel"),
        ]

    def __str__(self) -> str:
        return " ".join(str(part) for part in (self.code, self.clinic, self.therapy) if part)


class MessageStatus(models.TextChoices):
    """Where a message stands."""

    PENDING = "pending", "Planned"
    CLAIMED = "claimed", "About to be sent"
    SENDING = "sending", "Being sent"
    SENT = "sent", "Sent"
    DELIVERED = "delivered", "Delivered"
    UNKNOWN = "unknown", "Perhaps sent"
    FAILED = "failed", "Failed"
    MISSED = "missed", "Missed"
    WITHHELD = "withheld", "Withheld"
    RETIRED = "retired", "Not needed any more"
    LISTED = "listed", "To be called"


WAITING = (MessageStatus.PENDING, MessageStatus.CLAIMED)
"""Statuses of messages that have not left and may still be taken back."""

TOLD = (MessageStatus.SENDING, MessageStatus.SENT, MessageStatus.DELIVERED, MessageStatus.UNKNOWN)
"""Statuses of messages that the patient has, or may have."""

FOR_PEOPLE = (MessageStatus.FAILED, MessageStatus.MISSED, MessageStatus.UNKNOWN, MessageStatus.LISTED)
"""Statuses that put a message on the front desk's list until somebody has handled it."""


class Message(models.Model):
    """One message about one appointment by one channel: planned, then sent once, or on record why not.

    `due_at` is when it should leave, `try_after` when to look at it again (after a failure or outside quiet hours),
    `cut_off_at` when it is too late. `visit_start` and `clinic` are what the patient is told; an appointment that
    no longer agrees with them has moved, and the message is retired.
    A worker claims a row (`claim`, `claimed_at`), commits, reads the appointment again, marks the row `sending`,
    commits, and only then calls the provider. So a row still `claimed` was never sent and may be claimed again; one
    still `sending` may have been, becomes `unknown`, and is never sent again.
    """

    appointment = models.ForeignKey(Appointment, models.CASCADE, related_name="messages")
    appointment_version = models.PositiveIntegerField()
    clinic = models.ForeignKey(Clinic, models.PROTECT, related_name="messages")
    visit_start = models.DateTimeField()
    rule = models.CharField(max_length=20)
    channel = models.CharField(max_length=5, choices=Channel)
    contact_point = models.ForeignKey(ContactPoint, models.SET_NULL, null=True, related_name="messages")
    again = models.PositiveSmallIntegerField(
        default=0, db_default=0, help_text="How often people decided to send it anew after it failed."
    )
    language = models.CharField(max_length=5, default="en")
    only_unconfirmed = models.BooleanField(default=False, help_text="Retired when the patient confirms.")
    keeps_place = models.BooleanField(default=False, help_text="Other texts to the number give way to this one.")

    status = models.CharField(max_length=9, choices=MessageStatus, default=MessageStatus.PENDING, db_default="pending")
    due_at = models.DateTimeField()
    cut_off_at = models.DateTimeField()
    try_after = models.DateTimeField(null=True, blank=True)
    claim = models.UUIDField(null=True, blank=True)
    claimed_at = models.DateTimeField(null=True, blank=True)
    sending_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)
    objected_at = models.DateTimeField(
        null=True, blank=True, help_text="When its reader called it spam or unsubscribed, as the provider reports."
    )
    attempts = models.PositiveSmallIntegerField(default=0, db_default=0)
    error = models.CharField(
        max_length=300, blank=True, default="", db_default="", help_text="Why it stands as it does."
    )

    recipient = models.CharField(max_length=120, blank=True, default="", db_default="", help_text="Where it was sent.")
    subject = models.CharField(max_length=200, blank=True, default="", db_default="")
    body = models.TextField(blank=True, default="", db_default="", help_text="The words as sent.")
    also_told = models.JSONField(
        default=dict, help_text="Other visits of the course that the words speak of: their ids and when they begin."
    )
    wire = models.CharField(
        max_length=10,
        blank=True,
        default="",
        db_default="",
        help_text="smtp, twilio or the e-mail provider; outbox: not really sent.",
    )
    provider_id = models.CharField(max_length=200, blank=True, default="", db_default="")

    handled_at = models.DateTimeField(null=True, blank=True)
    handled_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, db_default=Now())

    class Meta:
        ordering = ["due_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["appointment", "appointment_version", "rule", "channel", "again"],
                name="message_once_per_version",
            ),
            models.CheckConstraint(condition=Q(status__in=MessageStatus.values), name="message_status_is_known"),
            models.CheckConstraint(condition=Q(channel__in=Channel.values), name="message_channel_is_known"),
            models.CheckConstraint(
                condition=~Q(status__in=["sending", "unknown"]) | Q(sending_at__isnull=False),
                name="message_in_flight_says_since_when",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["sent", "delivered"]) | Q(sent_at__isnull=False),
                name="sent_message_says_when",
            ),
            models.CheckConstraint(
                condition=~Q(status="claimed") | Q(claim__isnull=False, claimed_at__isnull=False),
                name="claimed_message_says_by_whom",
            ),
            models.CheckConstraint(
                condition=~Q(channel="call", status__in=["sending", "sent"]), name="calls_are_not_sent"
            ),
        ]
        indexes = [
            models.Index(F("due_at"), name="messages_waiting", condition=Q(status="pending")),
            models.Index(F("claimed_at"), name="messages_in_hand", condition=Q(status__in=["claimed", "sending"])),
            models.Index(fields=["recipient", "sending_at"], name="messages_to_a_number", condition=~Q(recipient="")),
            models.Index(fields=["provider_id"], name="messages_by_provider_id", condition=~Q(provider_id="")),
            models.Index(
                fields=["clinic", "status"],
                name="messages_for_people",
                condition=Q(status__in=["failed", "missed", "unknown", "listed"], handled_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rule} by {self.channel} for appointment {self.appointment_id} v{self.appointment_version}"


class ClinicVoice(models.Model):
    """How a clinic speaks in messages: a neutral name that betrays no illness, its place, its number, its hours.

    A clinic without a row speaks with the name in the setting `SENDER_NAME`, and with its own name and phone.
    """

    clinic = models.OneToOneField(Clinic, models.CASCADE, related_name="voice")
    sender_name = models.CharField(
        max_length=20, help_text="Who is calling: neutral, without an illness, drug or treatment in it."
    )
    place = models.CharField(
        max_length=16, blank=True, help_text="The town, as texts say it. Empty: the clinic's name."
    )
    phone = models.CharField(max_length=20, blank=True, help_text="Empty: the clinic's phone.")
    texts_from = models.TimeField(default="09:00", help_text="The law allows 8:00 to 21:00.")
    texts_until = models.TimeField(default="19:00")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(texts_from__gte="08:00", texts_until__lte="21:00", texts_from__lt=F("texts_until")),
                name="texts_keep_lawful_hours",
            )
        ]

    def __str__(self) -> str:
        return f"{self.sender_name}, {self.clinic}"


class MessageTemplate(models.Model):
    """Words that staff wrote in place of those in the file `words/<language>.toml`. Checked by `reminders.wording`."""

    wording = models.SlugField(max_length=24, help_text="The rule, or rule-confirmed.")
    channel = models.CharField(max_length=5, choices=[("sms", "Text"), ("email", "E-mail")])
    language = models.CharField(max_length=5)
    subject = models.CharField(max_length=120, blank=True)
    body = models.TextField()
    changed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    changed_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["wording", "channel", "language"]
        constraints = [models.UniqueConstraint(fields=["wording", "channel", "language"], name="message_template_once")]

    def __str__(self) -> str:
        return f"{self.wording} {self.channel} {self.language}"


class PatientLink(models.Model):
    """The secret of one appointment's page. The address carries it signed; it expires with the visit or is revoked."""

    appointment = models.ForeignKey(Appointment, models.CASCADE, related_name="links")
    key = models.CharField(max_length=32, unique=True)
    created_at = models.DateTimeField(db_default=Now())
    revoked_at = models.DateTimeField(null=True, blank=True)
    wrong_tries = models.PositiveSmallIntegerField(
        default=0, db_default=0, help_text="Wrong dates of birth in a row. Too many lock the page."
    )

    class Meta:
        ordering = ["appointment", "-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["appointment"], condition=Q(revoked_at__isnull=True), name="one_live_link_per_appointment"
            )
        ]

    def __str__(self) -> str:
        return f"link to appointment {self.appointment_id}"


class Pulse(models.Model):
    """When a part of the background work last showed that it lives: `dispatch` proves beat, broker and a worker."""

    name = models.CharField(max_length=20, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} at {self.at:%H:%M:%S}"


class Via(models.TextChoices):
    """How a patient spoke to us."""

    SMS = "sms", "Text"
    PAGE = "page", "The patient's page"


class Meaning(models.TextChoices):
    """What we took a patient's words for."""

    CONFIRM = "confirm", "Will come"
    ANOTHER_TIME = "another", "Wants another time"
    MOVED = "moved", "Chose another time"
    STOP = "stop", "No more messages"
    START = "start", "Messages again"
    HELP = "help", "Asked who we are"
    OTHER = "other", "To be read"


class Reply(models.Model):
    """Something a patient told us, by text or on their page, what we took it for, and what came of it.

    `for_people` puts it on the front desk's list until somebody has handled it. It is true from the first moment and
    taken back once the program has done all there is to do, so nothing that breaks in between is lost.
    """

    via = models.CharField(max_length=4, choices=Via)
    provider_id = models.CharField(max_length=64, blank=True, default="", db_default="")
    number = models.CharField(max_length=20, blank=True, default="", db_default="", help_text="E.164.")
    words = models.CharField(max_length=1600, blank=True, help_text="What the patient wrote.")
    meaning = models.CharField(max_length=7, choices=Meaning, default=Meaning.OTHER)
    patient = models.ForeignKey(Patient, models.SET_NULL, null=True, related_name="replies")
    appointment = models.ForeignKey(Appointment, models.SET_NULL, null=True, related_name="replies")
    clinic = models.ForeignKey(
        Clinic, models.PROTECT, null=True, related_name="replies", help_text="Empty: a number that we do not know."
    )
    outcome = models.CharField(max_length=200, blank=True, default="", db_default="", help_text="What came of it.")
    answer = models.CharField(max_length=320, blank=True, default="", db_default="", help_text="What we texted back.")
    received_at = models.DateTimeField()
    for_people = models.BooleanField(default=True, db_default=True)
    handled_at = models.DateTimeField(null=True, blank=True)
    handled_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["-received_at", "-id"]
        verbose_name_plural = "replies"
        constraints = [
            models.UniqueConstraint(fields=["provider_id"], condition=~Q(provider_id=""), name="reply_taken_once"),
            models.CheckConstraint(condition=Q(meaning__in=Meaning.values), name="reply_meaning_is_known"),
        ]
        indexes = [
            models.Index(
                fields=["clinic", "received_at"],
                name="replies_for_people",
                condition=Q(for_people=True, handled_at__isnull=True),
            ),
            models.Index(fields=["number", "received_at"], name="replies_of_a_number"),
        ]

    def __str__(self) -> str:
        return f"{self.get_meaning_display()}, {self.received_at:%Y-%m-%d %H:%M}"
