"""Drugs as data: what each dose takes in minutes, when it is due, and what must be in order before it.

A therapy's facts are versioned. Appointments point at the dose phase they were booked with, so a new label
becomes a new version and never rewrites what was already made.
"""

from datetime import date

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from clinic.models import ChairKind
from clinic.quarters import quarters_in


class Therapy(models.Model):
    """A product that is infused or injected here. Two brands of one substance are two therapies."""

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=60, help_text="The brand, as staff say it.")
    substance = models.CharField(max_length=60)
    preparation = models.TextField(blank=True, help_text="What the patient should do before coming.")
    aftercare = models.TextField(blank=True, help_text="What the patient should watch for afterwards.")
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "therapies"

    def __str__(self) -> str:
        return self.name


class TherapyVersion(models.Model):
    """The facts of a therapy from a day on. The newest version in force is used for new bookings."""

    therapy = models.ForeignKey(Therapy, models.PROTECT, related_name="versions")
    number = models.PositiveSmallIntegerField()
    effective_from = models.DateField()
    source = models.TextField(help_text="The label or paper that the minutes and days come from.")

    class Meta:
        ordering = ["therapy", "-number"]
        constraints = [models.UniqueConstraint(fields=["therapy", "number"], name="therapy_version_once")]

    def __str__(self) -> str:
        return f"{self.therapy} v{self.number}"


class DosePhase(models.Model):
    """The doses of a therapy that share minutes, interval and window (Tysabri 1–12, Tysabri 13+).

    Minutes: nurse set-up, premedication, infusion, observation, turnover; the stay is their sum, rounded up to
    the quarter hour. Days: the target of the first dose of the phase counts from dose `anchor_dose`, or from the
    dose before when it is empty; each further dose of the phase counts from the dose before.
    `min_gap_days` counts from the dose last given and is never broken. Windows are days around the target.
    The arithmetic is in `therapies.series`.
    """

    version = models.ForeignKey(TherapyVersion, models.PROTECT, related_name="phases")
    first_dose = models.PositiveSmallIntegerField()
    last_dose = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Empty: this dose and all after.")
    variant = models.CharField(
        max_length=20, blank=True, help_text="Empty for the standard course; a plan may order another, e.g. fast."
    )
    dose = models.CharField(max_length=40, help_text="What is given, e.g. 300 mg.")
    acuity = models.PositiveSmallIntegerField(default=1, help_text="1 light, 2 usual, 3 watch closely.")

    setup_minutes = models.PositiveSmallIntegerField(default=15, help_text="The nurse is with this patient alone.")
    premedication_minutes = models.PositiveSmallIntegerField(default=0)
    infusion_minutes = models.PositiveSmallIntegerField()
    observation_minutes = models.PositiveSmallIntegerField(default=0)
    turnover_minutes = models.PositiveSmallIntegerField(default=10, help_text="Discharge and cleaning the chair.")

    target_days = models.PositiveSmallIntegerField(help_text="Days from the anchor to the target day.")
    anchor_dose = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="What the first dose of these counts from. Empty: the dose before."
    )
    min_gap_days = models.PositiveSmallIntegerField(default=0)
    green_before = models.PositiveSmallIntegerField(default=0)
    green_after = models.PositiveSmallIntegerField(default=0)
    amber_before = models.PositiveSmallIntegerField(default=0)
    amber_after = models.PositiveSmallIntegerField(default=0)
    is_consecutive = models.BooleanField(default=False, help_text="The day after the dose before, same clinic.")
    needs_prior_tolerance = models.BooleanField(default=False)
    chair_kinds = ArrayField(
        models.CharField(max_length=10, choices=ChairKind), default=list, blank=True, help_text="Empty: any chair."
    )

    class Meta:
        ordering = ["version", "first_dose", "variant"]
        constraints = [
            models.UniqueConstraint(fields=["version", "first_dose", "variant"], name="dose_phase_once"),
            models.CheckConstraint(condition=Q(first_dose__gte=1), name="doses_count_from_one"),
            models.CheckConstraint(
                condition=Q(last_dose__isnull=True) | Q(last_dose__gte=F("first_dose")),
                name="last_dose_not_before_first",
            ),
            models.CheckConstraint(
                condition=Q(anchor_dose__isnull=True) | Q(anchor_dose__lt=F("first_dose")),
                name="anchor_comes_before",
            ),
            models.CheckConstraint(
                condition=Q(amber_before__gte=F("green_before"), amber_after__gte=F("green_after")),
                name="amber_window_holds_the_green",
            ),
            models.CheckConstraint(condition=Q(acuity__range=(1, 3)), name="acuity_is_1_to_3"),
            models.CheckConstraint(condition=Q(infusion_minutes__gte=1), name="infusion_takes_time"),
        ]

    def __str__(self) -> str:
        doses = f"{self.first_dose}–{self.last_dose}" if self.last_dose else f"{self.first_dose}+"
        if self.last_dose == self.first_dose:
            doses = f"{self.first_dose}"
        return f"{self.version.therapy} dose {doses} {self.variant}".rstrip()

    def stay_minutes(self, *, infusion_minutes: int | None = None, extra_minutes: int = 0) -> int:
        """Minutes in the chair, rounded up to the quarter hour.

        `infusion_minutes` replaces the phase's own where the order sets it (dose by weight);
        `extra_minutes` is what this patient needs on top (mobility).
        """
        minutes = (
            self.setup_minutes
            + self.premedication_minutes
            + (infusion_minutes or self.infusion_minutes)
            + self.observation_minutes
            + self.turnover_minutes
            + extra_minutes
        )
        return 15 * quarters_in(minutes)


class PrerequisiteLife(models.TextChoices):
    """How long a prerequisite stays fulfilled."""

    ONCE = "once", "Once, before the first dose"
    PERIODIC = "periodic", "Renewed every so many days"
    EACH_VISIT = "each_visit", "Checked at every visit"


class Prerequisite(models.Model):
    """Something that must be in order before a dose: a lab, an enrolment, a checklist."""

    version = models.ForeignKey(TherapyVersion, models.CASCADE, related_name="prerequisites")
    code = models.SlugField(max_length=30)
    name = models.CharField(max_length=80)
    life = models.CharField(max_length=10, choices=PrerequisiteLife)
    valid_days = models.PositiveSmallIntegerField(null=True, blank=True, help_text="For periodic ones.")
    is_hard = models.BooleanField(default=False, help_text="Without it the patient may not be seated.")

    class Meta:
        ordering = ["version", "life", "code"]
        constraints = [
            models.UniqueConstraint(fields=["version", "code"], name="prerequisite_once_per_version"),
            models.CheckConstraint(
                condition=Q(life="periodic", valid_days__isnull=False)
                | Q(~Q(life="periodic"), valid_days__isnull=True),
                name="periodic_prerequisites_have_days",
            ),
        ]

    def __str__(self) -> str:
        return self.name


def version_in_force(*, therapy: Therapy, on: date) -> TherapyVersion:
    """The newest version whose effective day has come. Raises `TherapyVersion.DoesNotExist` when there is none."""
    return therapy.versions.filter(effective_from__lte=on).latest("number")
