"""Appointments, the nurses who care for them, the lock of a clinic day; who waits for a time, and worklists.

What must never be is refused by the database: see migration `0002_guarantees` for the temporal foreign key,
the composite keys and the tiling trigger, and `Meta.constraints` here for the rest. DESIGN calls them G1 to G9.
Written only by the rule modules of this room.
"""

from datetime import datetime

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import Deferrable, F, Q
from django.db.models.functions import Now

from clinic.models import Chair, Clinic, Nurse, User, Weekday
from clinic.periods import by_beginning, on_quarter_hours
from patients.models import Patient, TreatmentPlan
from therapies.models import DosePhase


class ClinicDay(models.Model):
    """One clinic on one local date: the lock that every change of that day takes, and the version it bumps.

    A row is made by the first change of its day. `version` is the board's ETag.
    """

    clinic = models.ForeignKey(Clinic, models.CASCADE, related_name="days")
    date = models.DateField()
    version = models.PositiveIntegerField(db_default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["clinic", "date"], name="clinic_day_once")]

    def __str__(self) -> str:
        return f"{self.clinic} {self.date}"


class Status(models.TextChoices):
    """Where an appointment stands. Confirmation is a moment, not a status."""

    BOOKED = "booked", "Booked"
    ARRIVED = "arrived", "Arrived"
    SEATED = "seated", "Seated"
    INFUSING = "infusing", "Infusing"
    OBSERVING = "observing", "Observing"
    DONE = "done", "Done"
    CANCELLED = "cancelled", "Cancelled"
    NO_SHOW = "no_show", "No-show"
    LEFT = "left", "Left untreated"


LIVE = (Status.BOOKED, Status.ARRIVED, Status.SEATED, Status.INFUSING, Status.OBSERVING)
"""Statuses that hold a chair and a nurse now or later."""

IN_CHAIR = (Status.SEATED, Status.INFUSING, Status.OBSERVING)
"""Statuses of a patient who sits in the chair."""

HELD = (*LIVE, Status.DONE)
"""Statuses whose period stands in the record as chair and nurse time."""

MISSED = (Status.NO_SHOW, Status.LEFT)
"""Statuses of a visit that did not take place although nobody cancelled it."""


class Reason(models.TextChoices):
    """Why an appointment was cancelled, missed or left: coded, so that it can be counted and followed up."""

    PATIENT_ILL = "patient_ill", "Patient is ill"
    PATIENT_WORK = "patient_work", "Work, school or family"
    TRANSPORT = "transport", "No transport"
    WEATHER = "weather", "Weather"
    ADMITTED = "admitted", "Admitted to hospital"
    PLAN_CHANGED = "plan_changed", "Treatment changed or stopped"
    NOT_READY = "not_ready", "Order, authorization, lab or drug missing"
    NOT_WELL_TODAY = "not_well_today", "Infection or not fit for infusion today"
    CLINIC = "clinic", "Clinic could not treat"
    UNREACHED = "unreached", "Not reached, reason unknown"
    OTHER = "other", "Other"


_held = Q(status__in=HELD)


class Appointment(models.Model):
    """One dose for one patient in one chair for one period.

    `period` is the stay as it stands: it shrinks when the infusion ends early and grows when it runs late.
    `planned_period` is the stay as it was booked or last moved, kept for the record.
    """

    plan = models.ForeignKey(TreatmentPlan, models.PROTECT, related_name="appointments")
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="appointments")
    dose_number = models.PositiveSmallIntegerField()
    dose_phase = models.ForeignKey(DosePhase, models.PROTECT, related_name="appointments")
    clinic = models.ForeignKey(Clinic, models.PROTECT, related_name="appointments", db_index=False)
    chair = models.ForeignKey(Chair, models.PROTECT, related_name="appointments")
    period = DateTimeRangeField()
    planned_period = DateTimeRangeField()
    status = models.CharField(max_length=10, choices=Status, default=Status.BOOKED, db_default=Status.BOOKED)
    short_staffed = models.BooleanField(db_default=False)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=16, choices=Reason, blank=True, db_default="")
    note = models.CharField(max_length=240, blank=True, db_default="")
    override_reason = models.CharField(
        max_length=240, blank=True, db_default="", help_text="Why a manager booked past a rule."
    )
    version = models.PositiveIntegerField(db_default=1, help_text="Counts every change of when and where.")
    booked_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    booked_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["period"]
        indexes = [
            by_beginning("clinic", name="appointments_of_a_day"),
            by_beginning("clinic", name="visits_not_over", condition=Q(status__in=LIVE)),
            by_beginning("clinic", name="visits_missed", condition=Q(status__in=MISSED)),
            models.Index(fields=["clinic"], name="short_staffed_visits", condition=Q(short_staffed=True)),
        ]
        constraints = [
            on_quarter_hours(name="appointment_on_quarter_hours"),
            on_quarter_hours(name="planned_period_on_quarter_hours", field="planned_period"),
            models.CheckConstraint(condition=Q(status__in=Status.values), name="appointment_status_is_known"),
            models.CheckConstraint(condition=Q(dose_number__gte=1), name="doses_of_appointments_count_from_one"),
            models.CheckConstraint(condition=Q(short_staffed=False) | _held, name="only_held_ones_are_short_staffed"),
            ExclusionConstraint(
                name="chair_holds_one_patient_at_a_time",
                expressions=[("chair", RangeOperators.EQUAL), ("period", RangeOperators.OVERLAPS)],
                condition=_held,
                deferrable=Deferrable.IMMEDIATE,
            ),
            ExclusionConstraint(
                name="patient_in_one_chair_at_a_time",
                expressions=[("patient", RangeOperators.EQUAL), ("period", RangeOperators.OVERLAPS)],
                condition=_held,
                deferrable=Deferrable.IMMEDIATE,
            ),
            models.UniqueConstraint(fields=["plan", "dose_number"], condition=_held, name="a_dose_is_booked_once"),
        ]

    def __str__(self) -> str:
        return f"{self.patient} {self.start:%Y-%m-%d %H:%M}"

    @property
    def start(self) -> datetime:
        """When the stay begins, UTC."""
        return self.period.lower

    @property
    def end(self) -> datetime:
        """When the stay ends, UTC."""
        return self.period.upper

    @property
    def is_live(self) -> bool:
        """Whether it still holds a chair and a nurse."""
        return self.status in LIVE


class NurseAssignment(models.Model):
    """Nurse N, in place p of 3, cares for an appointment during a period. One row per hand-over."""

    appointment = models.ForeignKey(Appointment, models.CASCADE, related_name="assignments")
    clinic = models.ForeignKey(Clinic, models.PROTECT, related_name="+")
    nurse = models.ForeignKey(Nurse, models.PROTECT, related_name="assignments")
    place = models.PositiveSmallIntegerField()
    period = DateTimeRangeField()
    is_start = models.BooleanField(db_default=False, help_text="This nurse starts the infusion.")

    class Meta:
        ordering = ["period"]
        constraints = [
            on_quarter_hours(name="assignment_on_quarter_hours"),
            models.CheckConstraint(condition=Q(place__range=(1, 3)), name="a_nurse_has_three_places"),
            ExclusionConstraint(
                name="nurse_place_holds_one_patient_at_a_time",
                expressions=[
                    ("nurse", RangeOperators.EQUAL),
                    ("place", RangeOperators.EQUAL),
                    ("period", RangeOperators.OVERLAPS),
                ],
                deferrable=Deferrable.DEFERRED,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.nurse} cares for appointment {self.appointment_id}"


class NextDose(models.Model):
    """Where a course stands: the first dose, after those given, that is neither given nor booked.

    `day` is that of the dose before it, `latest` the last day of any dose before it: the local days on which they were
    given or are booked. A plan with no dose before its next has no row. Kept by the database itself: `next_dose.sql`
    beside the migrations.
    """

    plan = models.OneToOneField(TreatmentPlan, models.CASCADE, primary_key=True, related_name="+")
    dose_number = models.PositiveSmallIntegerField()
    day = models.DateField()
    latest = models.DateField()

    def __str__(self) -> str:
        return f"dose {self.dose_number} of plan {self.plan_id} is next"


class StatusChange(models.Model):
    """An appointment took a status: who, when. Every waiting time and utilization figure falls out of these."""

    appointment = models.ForeignKey(Appointment, models.CASCADE, related_name="status_changes")
    status = models.CharField(max_length=10, choices=Status)
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["appointment", "at", "id"]

    def __str__(self) -> str:
        return f"{self.status} at {self.at:%H:%M}"


class PartOfDay(models.TextChoices):
    """A half of the day, by the start of the stay."""

    MORNING = "morning", "Mornings"
    AFTERNOON = "afternoon", "Afternoons"


class WaitlistEntry(models.Model):
    """A patient who waits for a time: for a dose that is not booked, or earlier than the appointment it has.

    Empty wishes mean any. An entry waits while nobody has closed it and its dose is still to be had: not given, and
    not booked (or, with an `appointment`, still booked there). That follows from the other rows and is not kept here.
    Written only by `scheduling.waitlist`.
    """

    plan = models.ForeignKey(TreatmentPlan, models.PROTECT, related_name="waitlist_entries")
    dose_number = models.PositiveSmallIntegerField()
    appointment = models.ForeignKey(
        Appointment, models.CASCADE, null=True, related_name="waitlist_entries", help_text="Wants earlier than this."
    )
    clinics = models.ManyToManyField(Clinic, related_name="+", blank=True)
    weekdays = ArrayField(models.PositiveSmallIntegerField(choices=Weekday), default=list, blank=True)
    part = models.CharField(max_length=9, choices=PartOfDay, blank=True)
    first_day = models.DateField(null=True, blank=True)
    last_day = models.DateField(null=True, blank=True)
    note = models.CharField(max_length=240, blank=True)
    added_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    added_at = models.DateTimeField()
    closed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["added_at", "id"]
        verbose_name_plural = "waitlist entries"
        constraints = [
            models.UniqueConstraint(
                fields=["plan", "dose_number"], condition=Q(closed_at__isnull=True), name="a_dose_waits_once"
            ),
            models.CheckConstraint(
                condition=Q(last_day__isnull=True) | Q(first_day__isnull=True) | Q(last_day__gte=F("first_day")),
                name="waiting_does_not_end_before_it_begins",
            ),
            models.CheckConstraint(condition=Q(part__in=["", *PartOfDay.values]), name="part_of_day_is_known"),
            models.CheckConstraint(
                condition=Q(closed_by__isnull=True) | Q(closed_at__isnull=False), name="waitlist_entry_closed_when"
            ),
        ]

    def __str__(self) -> str:
        return f"dose {self.dose_number} of plan {self.plan_id} waits"


class OfferOutcome(models.TextChoices):
    """What became of an offer. While it is open, it is none of these."""

    ACCEPTED = "accepted", "Accepted"
    LET_GO = "let_go", "Let go"
    LAPSED = "lapsed", "Lapsed"


class WaitlistOffer(models.Model):
    """A time offered to a patient who waits. Until it is settled or `held_until` has passed, it holds the chair.

    Why it is a row of its own and what guards it: see `scheduling.waitlist`, the only writer.
    """

    entry = models.ForeignKey(WaitlistEntry, models.CASCADE, related_name="offers")
    chair = models.ForeignKey(Chair, models.PROTECT, related_name="offers")
    period = DateTimeRangeField()
    held_until = models.DateTimeField()
    offered_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    offered_at = models.DateTimeField()
    outcome = models.CharField(max_length=8, choices=OfferOutcome, blank=True, db_default="")
    settled_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["held_until", "id"]
        constraints = [
            on_quarter_hours(name="offer_on_quarter_hours"),
            models.UniqueConstraint(fields=["entry"], condition=Q(outcome=""), name="one_open_offer_at_a_time"),
            models.CheckConstraint(
                condition=Q(outcome="", settled_at__isnull=True)
                | Q(outcome__in=OfferOutcome.values, settled_at__isnull=False),
                name="a_settled_offer_has_its_moment",
            ),
            ExclusionConstraint(
                name="chair_is_offered_to_one_patient_at_a_time",
                expressions=[("chair", RangeOperators.EQUAL), ("period", RangeOperators.OVERLAPS)],
                condition=Q(outcome=""),
            ),
        ]

    def __str__(self) -> str:
        return f"offer of {self.start:%Y-%m-%d %H:%M}"

    @property
    def start(self) -> datetime:
        """When the stay would begin, UTC."""
        return self.period.lower

    @property
    def end(self) -> datetime:
        """When the stay would end, UTC."""
        return self.period.upper


class PatientClaim(models.Model):
    """Somebody works on a patient's rows in the worklists, so nobody else calls the same person.

    A claim lapses by itself: see `scheduling.worklists.marks`, the only writer.
    """

    patient = models.OneToOneField(Patient, models.CASCADE, related_name="claim")
    by = models.ForeignKey(User, models.CASCADE, related_name="+")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.by.label} works on {self.patient}"


class Snooze(models.Model):
    """A row of a worklist need not be shown until a moment; the note stays for whoever sees it then.

    `subject` is the row's key within its list. Written only by `scheduling.worklists.marks`.
    """

    worklist = models.CharField(max_length=30)
    subject = models.CharField(max_length=40)
    until = models.DateTimeField()
    note = models.CharField(max_length=240, blank=True)
    by = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["worklist", "subject"], name="a_row_sleeps_once")]

    def __str__(self) -> str:
        return f"{self.worklist} {self.subject} until {self.until:%Y-%m-%d}"


class CallOutcome(models.TextChoices):
    """What came of calling a patient who missed a visit."""

    REBOOKED = "rebooked", "Reached, booked again"
    DECLINED = "declined", "Reached, does not want a time now"
    LEFT_MESSAGE = "left_message", "Left a message"
    NO_ANSWER = "no_answer", "No answer"
    STOPPED = "stopped", "Treatment stopped"
    ADMITTED = "admitted", "In hospital"
    OTHER = "other", "Other"


class FollowUpCall(models.Model):
    """Somebody called a patient who missed a visit or left untreated, and this came of it. Never changed."""

    appointment = models.ForeignKey(Appointment, models.CASCADE, related_name="follow_up_calls")
    outcome = models.CharField(max_length=12, choices=CallOutcome)
    note = models.CharField(max_length=240, blank=True)
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["appointment", "at", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(outcome__in=CallOutcome.values), name="call_outcome_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.get_outcome_display()} at {self.at:%Y-%m-%d %H:%M}"


class CallToMake(models.Model):
    """A patient whose visit a new plan of the day moved is to be called about it, and later: was called.

    `old_period` and `old_clinic` say where the visit stood before. Written only by `scheduling.replanning`.
    """

    appointment = models.ForeignKey(Appointment, models.CASCADE, related_name="calls_to_make")
    old_period = DateTimeRangeField()
    old_clinic = models.ForeignKey(Clinic, models.PROTECT, related_name="+")
    why = models.CharField(max_length=240)
    asked_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    asked_at = models.DateTimeField()
    called_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    called_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["asked_at", "id"]
        verbose_name_plural = "calls to make"
        constraints = [
            models.UniqueConstraint(
                fields=["appointment"], condition=Q(called_at__isnull=True), name="one_open_call_about_a_visit"
            ),
            models.CheckConstraint(
                condition=Q(called_by__isnull=True) | Q(called_at__isnull=False), name="call_was_made_when"
            ),
        ]

    def __str__(self) -> str:
        return f"call about appointment {self.appointment_id}"
