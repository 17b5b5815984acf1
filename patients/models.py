"""The people who are treated, how to reach them, and their courses of treatment."""

from datetime import date, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Concat, Now, Upper

from clinic.models import ChairKind, Clinic, User, Weekday, validate_zone
from patients.folding import Folded
from patients.phones import shown
from therapies.models import Therapy


class Patient(models.Model):
    """A person who is treated here. Known by two identifiers: name and date of birth, and the record number."""

    mrn = models.CharField("MRN", max_length=20, unique=True, help_text="Medical record number.")
    family_name = models.CharField(max_length=60)
    given_name = models.CharField(max_length=60)
    birth_date = models.DateField()
    home_clinic = models.ForeignKey(Clinic, models.PROTECT, related_name="patients")
    language = models.CharField(max_length=5, default="en")
    timezone = models.CharField(
        "time zone",
        max_length=40,
        blank=True,
        default="",
        db_default="",
        validators=[validate_zone],
        help_text="Where the patient lives, e.g. America/Denver. Empty: as the home clinic.",
    )
    needs_interpreter = models.BooleanField(default=False)
    extra_minutes = models.PositiveSmallIntegerField(
        default=0, help_text="Time this patient needs on top, e.g. mobility."
    )
    chair_kind = models.CharField(
        max_length=10, choices=ChairKind, blank=True, help_text="Empty: any chair that the therapy allows."
    )
    needs_driver = models.BooleanField(default=False)
    drive_minutes = models.PositiveSmallIntegerField(null=True, blank=True)
    alerts = models.CharField(max_length=240, blank=True, help_text="Allergies, earlier reactions, fall risk.")
    is_active = models.BooleanField(default=True)
    search_name = models.GeneratedField(
        expression=Folded(Concat("family_name", Value(" "), "given_name")),
        output_field=models.CharField(max_length=400),
        db_persist=True,
    )

    class Meta:
        ordering = ["family_name", "given_name", "id"]
        constraints = [
            models.UniqueConstraint(
                Upper("mrn"), name="mrn_once", violation_error_message="Another patient has this MRN."
            ),
            models.CheckConstraint(condition=Q(extra_minutes__lte=480), name="extra_minutes_fit_a_day"),
        ]
        indexes = [
            GinIndex(OpClass("search_name", name="gin_trgm_ops"), name="patient_name_trigrams"),
            models.Index(fields=["birth_date"], name="patient_birth_date"),
        ]

    def __str__(self) -> str:
        return f"{self.family_name}, {self.given_name}"

    def age(self, *, on: date) -> int:
        """Full years on a day."""
        return on.year - self.birth_date.year - ((on.month, on.day) < (self.birth_date.month, self.birth_date.day))

    @property
    def zone(self) -> ZoneInfo:
        """The clock on the patient's wall. Reads the home clinic where none is set."""
        return ZoneInfo(self.timezone or self.home_clinic.timezone)

    @property
    def initials(self) -> str:
        """For screens that face the room."""
        return f"{self.given_name[:1]}{self.family_name[:1]}"


class ContactKind(models.TextChoices):
    """A way to reach a patient."""

    MOBILE = "mobile", "Mobile"
    LANDLINE = "landline", "Landline"
    EMAIL = "email", "E-mail"


class ContactPoint(models.Model):
    """A number or address of a patient. Phone numbers are kept as E.164 (+17155550100), e-mail in lower case."""

    patient = models.ForeignKey(Patient, models.CASCADE, related_name="contact_points")
    kind = models.CharField(max_length=8, choices=ContactKind)
    value = models.CharField(max_length=120)
    is_preferred = models.BooleanField(default=False)

    class Meta:
        ordering = ["patient", "-is_preferred", "kind"]
        constraints = [models.UniqueConstraint(fields=["patient", "value"], name="contact_point_once_per_patient")]
        indexes = [
            GinIndex(OpClass("value", name="gin_trgm_ops"), name="contact_point_trigrams"),
            models.Index(fields=["value"], name="contact_point_value"),
        ]

    def __str__(self) -> str:
        return self.value if self.kind == ContactKind.EMAIL else shown(self.value)


class ContactChange(models.TextChoices):
    """What was learned about a number or address."""

    GIVEN = "given", "Agreed"
    WITHDRAWN = "withdrawn", "Opted out"
    DEAD = "dead", "Does not work"
    ALIVE = "alive", "Works again"


class ContactSource(models.TextChoices):
    """Where we know it from."""

    REGISTRATION = "registration", "At registration"
    STAFF = "staff", "Told to staff"
    REPLY = "reply", "Reply to a text"
    PAGE = "page", "The patient's page"
    PROVIDER = "provider", "The provider's report"
    IMPORTED = "imported", "Imported"


class ContactEntry(models.Model):
    """One line of the ledger of a number or address: consent, opt-out, dead or alive again. Never changed or deleted.

    It belongs to the number or address itself, not to the row that says whose it is: an opt-out holds for everybody
    who shares the number, and outlives the number's removal from a patient. Written only by `patients.consent`.
    """

    value = models.CharField(max_length=120, help_text="E.164 number, or e-mail address in lower case.")
    channel = models.CharField(max_length=5, help_text="sms, email or call.")
    change = models.CharField(max_length=9, choices=ContactChange)
    source = models.CharField(max_length=12, choices=ContactSource)
    words = models.CharField(max_length=240, blank=True, db_default="", help_text="What was said or reported.")
    patient = models.ForeignKey(
        Patient, models.SET_NULL, null=True, related_name="contact_entries", help_text="Whose record it was entered on."
    )
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["value", "channel", "id"]
        verbose_name_plural = "contact entries"
        indexes = [models.Index(fields=["value", "channel", "-id"], name="contact_entries_of_a_value")]
        constraints = [
            models.CheckConstraint(condition=Q(channel__in=["sms", "email", "call"]), name="contact_channel_is_known"),
            models.CheckConstraint(condition=Q(change__in=ContactChange.values), name="contact_change_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.value} {self.channel}: {self.get_change_display()}"


class PlanStatus(models.TextChoices):
    """Where a course of treatment stands."""

    ACTIVE = "active", "Active"
    PAUSED = "paused", "Paused"
    ENDED = "ended", "Ended"


class TreatmentPlan(models.Model):
    """One patient's course of one therapy: what was ordered, and the habits to keep to."""

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="plans")
    therapy = models.ForeignKey(Therapy, models.PROTECT, related_name="plans")
    status = models.CharField(max_length=8, choices=PlanStatus, default=PlanStatus.ACTIVE)
    variant = models.CharField(max_length=20, blank=True, help_text="The ordered variant of the course, e.g. fast.")
    start_on = models.DateField(help_text="The day that dose 1 is ordered for.")
    interval_days = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="An ordered interval in place of the therapy's own, e.g. 42."
    )
    infusion_minutes = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="An ordered infusion time in place of the therapy's own (dose by weight)."
    )
    doses_ordered = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Empty: until stopped.")
    prescriber = models.CharField(max_length=80, blank=True)
    usual_weekday = models.PositiveSmallIntegerField(choices=Weekday, null=True, blank=True)
    usual_time = models.TimeField(null=True, blank=True, help_text="Wall-clock time at the clinic.")
    had_reaction = models.BooleanField(
        default=False,
        db_default=False,
        help_text="An infusion reaction or hypersensitivity to this drug: no shortened stays.",
    )

    class Meta:
        ordering = ["patient", "id"]
        constraints = [
            models.UniqueConstraint(fields=["id", "patient"], name="plan_and_its_patient"),
            models.UniqueConstraint(
                fields=["patient", "therapy"], condition=Q(status="active"), name="one_active_plan_per_therapy"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.therapy} for {self.patient}"


class DoseSource(models.TextChoices):
    """How we know that a dose was given."""

    HERE = "here", "Given here"
    IMPORTED = "imported", "Imported"
    ENTERED = "entered", "Entered by staff"


class DoseGiven(models.Model):
    """A dose of a plan that was really given, on a local date. Due dates follow from these rows."""

    plan = models.ForeignKey(TreatmentPlan, models.PROTECT, related_name="doses_given")
    dose_number = models.PositiveSmallIntegerField()
    given_on = models.DateField()
    source = models.CharField(max_length=8, choices=DoseSource)
    recorded_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["plan", "dose_number"]
        verbose_name_plural = "doses given"
        constraints = [
            models.UniqueConstraint(fields=["plan", "dose_number"], name="a_dose_is_given_once"),
            models.CheckConstraint(condition=Q(dose_number__gte=1), name="given_doses_count_from_one"),
        ]

    def __str__(self) -> str:
        return f"dose {self.dose_number} on {self.given_on}"


class Clearance(models.Model):
    """Something that a dose asks for was found in order: a lab came back, a programme enrolled, a check was made.

    With a `plan` it holds for that course, without for every course of the patient. `expires_on` is the last day that
    it holds; empty for good. A check of one visit has `for_day`, the visit's local date, and holds for that day alone.
    Never changed or deleted: what was wrong is withdrawn. Written only by `patients.clearances`.
    """

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="clearances")
    plan = models.ForeignKey(TreatmentPlan, models.PROTECT, null=True, related_name="clearances")
    code = models.SlugField(max_length=30, help_text="The code of the prerequisite.")
    cleared_on = models.DateField(help_text="The day of the result, or of the check.")
    expires_on = models.DateField(null=True, blank=True)
    for_day = models.DateField(null=True, blank=True)
    note = models.CharField(max_length=240, blank=True, db_default="")
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    recorded_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["patient", "cleared_on", "id"]
        indexes = [models.Index(fields=["patient", "code"], name="clearances_of_a_patient")]
        constraints = [
            models.UniqueConstraint(
                fields=["plan", "code", "for_day"],
                condition=Q(for_day__isnull=False, withdrawn_at__isnull=True),
                name="a_visit_is_checked_once",
            ),
            models.CheckConstraint(
                condition=Q(for_day__isnull=True) | Q(plan__isnull=False, expires_on__isnull=True),
                name="checks_of_a_visit_belong_to_its_plan",
            ),
            models.CheckConstraint(
                condition=Q(expires_on__isnull=True) | Q(expires_on__gte=F("cleared_on")),
                name="clearance_does_not_end_before_it_begins",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_by__isnull=True) | Q(withdrawn_at__isnull=False), name="clearance_withdrawn_when"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} on {self.cleared_on}"


class Authorization(models.Model):
    """A payer agreed to pay for doses of a plan, from day to day, both included: `doses_allowed`, or any number.

    What was wrong is withdrawn and entered anew. Written only by `patients.authorizations`.
    """

    plan = models.ForeignKey(TreatmentPlan, models.PROTECT, related_name="authorizations")
    payer = models.CharField(max_length=80)
    number = models.CharField(max_length=40)
    valid_from = models.DateField()
    valid_until = models.DateField()
    doses_allowed = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Empty: any number.")
    note = models.CharField(max_length=240, blank=True, db_default="")
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    recorded_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["plan", "valid_until", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["plan", "number"], condition=Q(withdrawn_at__isnull=True), name="authorization_once_per_plan"
            ),
            models.CheckConstraint(
                condition=Q(valid_until__gte=F("valid_from")), name="authorization_does_not_end_before_it_begins"
            ),
            models.CheckConstraint(
                condition=Q(doses_allowed__isnull=True) | Q(doses_allowed__gte=1), name="authorization_allows_a_dose"
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_by__isnull=True) | Q(withdrawn_at__isnull=False),
                name="authorization_withdrawn_when",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.payer} {self.number}"


class EmergencyAccess(models.Model):
    """Somebody opened the record of a patient whom they may not see, in an emergency: whose, why, and until when.

    One patient, for one hour at most, to read. A manager of the patient's clinic looks at it afterwards. Written only
    by `patients.emergency`.
    """

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="emergency_accesses")
    by = models.ForeignKey(User, models.PROTECT, related_name="emergency_accesses")
    reason = models.CharField(max_length=240)
    opened_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    reviewed_at = models.DateTimeField(null=True, blank=True)
    reviewed_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["-opened_at", "-id"]
        verbose_name_plural = "emergency accesses"
        indexes = [models.Index(fields=["by", "patient", "ends_at"], name="emergencies_of_somebody")]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gte=F("opened_at"), ends_at__lte=F("opened_at") + timedelta(hours=1)),
                name="an_emergency_lasts_an_hour_at_most",
            ),
            models.CheckConstraint(condition=Q(reason__regex=r"\S.{8,}\S"), name="an_emergency_has_a_reason"),
            models.CheckConstraint(
                condition=Q(reviewed_at__isnull=True, reviewed_by__isnull=True)
                | Q(Q(reviewed_at__isnull=False, reviewed_by__isnull=False), ~Q(reviewed_by=F("by"))),
                name="an_emergency_is_reviewed_by_another",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.by.label}, {self.opened_at:%Y-%m-%d %H:%M}"


class ImportDraft(models.Model):
    """A file of patients that a member of staff has uploaded and looks at before importing it. Kept for an hour."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    owner = models.ForeignKey(User, models.CASCADE, related_name="import_drafts")
    name = models.CharField(max_length=120)
    content = models.BinaryField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.name
