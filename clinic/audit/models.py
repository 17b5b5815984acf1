"""The trail and the seals over it. Rows are only ever added: the database refuses all else (migration `0001_trail`)."""

from django.db import models
from django.db.models import F, Func, Q


class ClockTimestamp(Func):
    """The moment of the write itself, not of the transaction's beginning."""

    template = "clock_timestamp()"
    arity = 0
    allowed_default = True


class ThisTransaction(Func):
    """The number of the transaction that writes: what belongs together."""

    template = "(pg_current_xact_id()::text::bigint)"
    arity = 0
    allowed_default = True


class SessionRole(Func):
    """The database role that is connected."""

    template = "session_user"
    arity = 0
    allowed_default = True


class StatementOrigin(Func):
    """What `clinic.audit.origin` sent along with the statement; nothing for SQL typed by hand."""

    template = "(nullif(current_setting('chairside.origin', true), '')::jsonb)"
    arity = 0
    allowed_default = True


class What(models.TextChoices):
    """What happened."""

    INSERT = "insert", "Added"
    UPDATE = "update", "Changed"
    DELETE = "delete", "Removed"
    SEEN = "seen", "Looked at"
    LISTED = "listed", "Opened a list"
    REFUSED = "refused", "Refused"
    EXPORTED = "exported", "Downloaded"
    RESTORED = "restored", "Restored from a backup"
    EMERGENCY = "emergency", "Opened in an emergency"
    SIGNED_IN = "signed_in", "Signed in"
    SIGNED_OUT = "signed_out", "Signed out"
    SIGN_IN_FAILED = "sign_in_failed", "Failed to sign in"


CHANGES = (What.INSERT, What.UPDATE, What.DELETE)
"""What the triggers write."""

LOOKS = (What.SEEN, What.REFUSED, What.EXPORTED, What.EMERGENCY)
"""What is written of a patient that changes nothing."""


class Entry(models.Model):
    """One line of the trail.

    A change names its table and row and keeps the columns that changed, before and after; an added or removed row is
    kept whole. `patient_id` is whom it is about; no foreign key, so the line outlives the row. `origin` is who and
    where from: see `clinic.audit.origin`. `seal_number` and `digest` are set once, by the sealing.
    """

    at = models.DateTimeField(db_default=ClockTimestamp())
    transaction = models.BigIntegerField(db_default=ThisTransaction())
    what = models.CharField(max_length=14, choices=What)
    table_name = models.CharField(max_length=63, db_default="")
    row_id = models.BigIntegerField(null=True)
    patient_id = models.BigIntegerField(null=True)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    origin = models.JSONField(null=True, db_default=StatementOrigin())
    role = models.CharField(max_length=63, db_default=SessionRole())
    seal_number = models.BigIntegerField(null=True)
    digest = models.BinaryField(null=True)

    class Meta:
        ordering = ["id"]
        verbose_name_plural = "entries"
        indexes = [
            models.Index(
                F("patient_id"), F("id").desc(), name="entries_of_a_patient", condition=Q(patient_id__isnull=False)
            ),
            models.Index(F("id"), name="entries_to_seal", condition=Q(seal_number__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.what} {self.table_name} {self.row_id or ''}".rstrip()


class Seal(models.Model):
    """One link of the chain: which entries it holds, the hash of their digests, and the head that follows from all.

    `ids` is PostgreSQL's text of an int8multirange, `content` and `head` are SHA-256.
    """

    number = models.BigIntegerField(primary_key=True)
    sealed_at = models.DateTimeField()
    entries = models.PositiveIntegerField()
    ids = models.TextField()
    content = models.BinaryField()
    head = models.BinaryField()

    class Meta:
        ordering = ["number"]

    def __str__(self) -> str:
        return f"{self.number}:{bytes(self.head).hex()}"
