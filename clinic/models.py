"""The places and the people who work there: clinics, chairs, nurses, shifts, and staff accounts.

Everything about time is a `period`: a half-open range of UTC moments on quarter hours.
What repeats (opening hours, shift patterns) is kept in the clinic's wall-clock time.
"""

from datetime import date
from zoneinfo import ZoneInfo, available_timezones

from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower, Now

from clinic.accounts.models import Invitation as Invitation
from clinic.accounts.models import StaffEvent as StaffEvent
from clinic.accounts.models import StaffSession as StaffSession
from clinic.once.models import Press as Press
from clinic.periods import by_beginning, on_quarter_hours


def validate_zone(value: str) -> None:
    """Raise `ValidationError` for a name that is no time zone."""
    if value not in available_timezones():
        raise ValidationError("%(value)s is not a time zone. Try America/Chicago.", params={"value": value})


def on_quarter(*names: str) -> Q:
    """Wall-clock times that are quarter hours; an empty one passes."""
    condition = Q()
    for name in names:
        condition &= Q(**{f"{name}__isnull": True}) | Q(
            **{f"{name}__minute__in": [0, 15, 30, 45], f"{name}__second": 0}
        )
    return condition


class User(AbstractUser):
    """A member of staff who signs in. What they may do, and where, is in their memberships."""

    pin = models.CharField(
        max_length=128, blank=True, db_default="", editable=False, help_text="Hashed; opens a locked screen."
    )

    class Meta(AbstractUser.Meta):
        constraints = [
            models.UniqueConstraint(
                Lower("username"),
                name="user_name_once_whatever_its_capitals",
                violation_error_message="Somebody has this user name already.",
            )
        ]

    @property
    def label(self) -> str:
        """The name to show beside what this person did."""
        return self.get_full_name() or self.username


class Weekday(models.IntegerChoices):
    """Days of the week, numbered as `date.weekday()` does."""

    MONDAY = 0, "Monday"
    TUESDAY = 1, "Tuesday"
    WEDNESDAY = 2, "Wednesday"
    THURSDAY = 3, "Thursday"
    FRIDAY = 4, "Friday"
    SATURDAY = 5, "Saturday"
    SUNDAY = 6, "Sunday"


class ChairKind(models.TextChoices):
    """What a place to be infused offers."""

    RECLINER = "recliner", "Recliner"
    BED = "bed", "Bed"
    PRIVATE = "private", "Private room"


class Clinic(models.Model):
    """One of the locations. Its zone is the wall clock that everything in it repeats by."""

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=80)
    timezone = models.CharField(
        max_length=40, default="America/Chicago", db_default="America/Chicago", validators=[validate_zone]
    )
    phone = models.CharField(max_length=20, blank=True, db_default="")
    address = models.CharField(max_length=160, blank=True, db_default="")
    arrival_note = models.CharField(max_length=240, blank=True, db_default="", help_text="Where to park, which door.")
    late_after_minutes = models.PositiveSmallIntegerField(
        db_default=15, help_text="A patient who has not arrived by then is shown as late."
    )

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        """The clinic's wall clock."""
        return ZoneInfo(self.timezone)


ALWAYS = date(2000, 1, 1)
"""From when opening hours hold that were never changed."""


class OpeningHours(models.Model):
    """When a clinic is open on one weekday from a day on, in wall-clock time, until a later row for that weekday.

    Without times it is closed on that weekday. No row: closed too.
    """

    clinic = models.ForeignKey(Clinic, models.CASCADE, related_name="opening_hours")
    weekday = models.PositiveSmallIntegerField(choices=Weekday)
    opens = models.TimeField(null=True, blank=True)
    closes = models.TimeField(null=True, blank=True)
    valid_from = models.DateField(default=ALWAYS, db_default=ALWAYS)

    class Meta:
        ordering = ["clinic", "weekday", "valid_from"]
        verbose_name_plural = "opening hours"
        constraints = [
            models.UniqueConstraint(fields=["clinic", "weekday", "valid_from"], name="one_opening_per_weekday"),
            models.CheckConstraint(condition=Q(opens__lt=F("closes")), name="opens_before_it_closes"),
            models.CheckConstraint(
                condition=Q(opens__isnull=True, closes__isnull=True) | Q(opens__isnull=False, closes__isnull=False),
                name="opens_and_closes_or_neither",
            ),
            models.CheckConstraint(condition=Q(weekday__lte=6), name="weekday_is_0_to_6"),
            models.CheckConstraint(
                condition=on_quarter("opens", "closes"),
                name="opening_hours_on_quarter_hours",
                violation_error_message="A clinic opens and closes on a quarter hour.",
            ),
        ]

    def __str__(self) -> str:
        hours = f"{self.opens:%H:%M}–{self.closes:%H:%M}" if self.opens and self.closes else "closed"
        return f"{self.clinic} {self.get_weekday_display()} {hours}"


class Closure(models.Model):
    """A stretch of time when a clinic that would be open is closed: a holiday, snow, a burst pipe."""

    clinic = models.ForeignKey(Clinic, models.CASCADE, related_name="closures")
    period = DateTimeRangeField()
    reason = models.CharField(max_length=120)

    class Meta:
        ordering = ["period"]
        constraints = [on_quarter_hours(name="closure_on_quarter_hours")]

    def __str__(self) -> str:
        return f"{self.clinic} closed: {self.reason}"


class OpenHoliday(models.Model):
    """A holiday on which a clinic stays open, decided: closing is not proposed for it again."""

    clinic = models.ForeignKey(Clinic, models.CASCADE, related_name="open_holidays")
    day = models.DateField()
    name = models.CharField(max_length=120)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["day"]
        constraints = [models.UniqueConstraint(fields=["clinic", "day"], name="a_holiday_is_decided_once")]

    def __str__(self) -> str:
        return f"{self.clinic} open on {self.name}"


class Chair(models.Model):
    """A place to be infused."""

    clinic = models.ForeignKey(Clinic, models.PROTECT, related_name="chairs")
    name = models.CharField(max_length=20)
    kind = models.CharField(max_length=10, choices=ChairKind, default=ChairKind.RECLINER, db_default=ChairKind.RECLINER)
    position = models.PositiveSmallIntegerField(db_default=0, help_text="Order on the board.")
    is_active = models.BooleanField(db_default=True)

    class Meta:
        ordering = ["clinic", "position", "id"]
        constraints = [models.UniqueConstraint(fields=["clinic", "name"], name="chair_name_once_per_clinic")]

    def __str__(self) -> str:
        return self.name


class ChairOutage(models.Model):
    """A stretch of time when a chair is out of service."""

    chair = models.ForeignKey(Chair, models.CASCADE, related_name="outages")
    period = DateTimeRangeField()
    reason = models.CharField(max_length=120)

    class Meta:
        ordering = ["period"]
        constraints = [on_quarter_hours(name="chair_outage_on_quarter_hours")]

    def __str__(self) -> str:
        return f"{self.chair} out of service: {self.reason}"


class Nurse(models.Model):
    """A nurse who cares for patients on the floor. May have an account to sign in with."""

    name = models.CharField(max_length=80)
    home_clinic = models.ForeignKey(
        Clinic, models.PROTECT, null=True, blank=True, related_name="nurses", help_text="Empty: works anywhere."
    )
    user = models.OneToOneField(User, models.SET_NULL, null=True, blank=True, related_name="nurse")
    is_active = models.BooleanField(db_default=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class ShiftPattern(models.Model):
    """A nurse's shift on one weekday, repeated every week in wall-clock time while it is in force."""

    nurse = models.ForeignKey(Nurse, models.CASCADE, related_name="patterns")
    clinic = models.ForeignKey(Clinic, models.CASCADE, related_name="shift_patterns")
    weekday = models.PositiveSmallIntegerField(choices=Weekday)
    starts = models.TimeField()
    ends = models.TimeField()
    break_starts = models.TimeField(null=True, blank=True)
    break_minutes = models.PositiveSmallIntegerField(default=30)
    valid_from = models.DateField()
    valid_until = models.DateField(null=True, blank=True, help_text="The last day it is in force.")
    rostered_until = models.DateField(
        null=True, blank=True, editable=False, help_text="Shifts were made from this pattern up to this day."
    )

    class Meta:
        ordering = ["nurse", "weekday", "starts"]
        constraints = [
            models.CheckConstraint(condition=Q(starts__lt=F("ends")), name="pattern_starts_before_it_ends"),
            models.CheckConstraint(condition=Q(weekday__lte=6), name="pattern_weekday_is_0_to_6"),
            models.CheckConstraint(
                condition=on_quarter("starts", "ends", "break_starts"),
                name="pattern_on_quarter_hours",
                violation_error_message="Shifts and breaks start and end on a quarter hour.",
            ),
            models.CheckConstraint(
                condition=Q(break_minutes__in=[15, 30, 45, 60, 75, 90]),
                name="pattern_break_in_quarter_hours",
                violation_error_message="A break takes 15, 30, 45, 60, 75 or 90 minutes.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.nurse} {self.get_weekday_display()} {self.starts:%H:%M}–{self.ends:%H:%M}"


class Shift(models.Model):
    """A nurse's rostered hours at one clinic on one day. What is left after breaks and absences is floor time."""

    nurse = models.ForeignKey(Nurse, models.PROTECT, related_name="shifts")
    clinic = models.ForeignKey(Clinic, models.PROTECT, related_name="shifts", db_index=False)
    period = DateTimeRangeField()
    pattern = models.ForeignKey(ShiftPattern, models.SET_NULL, null=True, blank=True, related_name="shifts")

    class Meta:
        ordering = ["period"]
        indexes = [by_beginning("clinic", name="shifts_of_a_day")]
        constraints = [
            on_quarter_hours(name="shift_on_quarter_hours"),
            ExclusionConstraint(
                name="nurse_has_one_shift_at_a_time",
                expressions=[("nurse", RangeOperators.EQUAL), ("period", RangeOperators.OVERLAPS)],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.nurse} at {self.clinic}"


class ShiftBreak(models.Model):
    """A stretch of a shift when the nurse is off the floor."""

    shift = models.ForeignKey(Shift, models.CASCADE, related_name="breaks")
    period = DateTimeRangeField()

    class Meta:
        ordering = ["period"]
        constraints = [
            on_quarter_hours(name="break_on_quarter_hours"),
            ExclusionConstraint(
                name="breaks_of_a_shift_do_not_overlap",
                expressions=[("shift", RangeOperators.EQUAL), ("period", RangeOperators.OVERLAPS)],
            ),
        ]

    def __str__(self) -> str:
        return f"break of {self.shift}"


class Absence(models.Model):
    """A stretch of time when a rostered nurse is not there: a sick call, leaving early."""

    nurse = models.ForeignKey(Nurse, models.CASCADE, related_name="absences")
    period = DateTimeRangeField()
    reason = models.CharField(max_length=120)
    recorded_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["period"]
        constraints = [on_quarter_hours(name="absence_on_quarter_hours")]

    def __str__(self) -> str:
        return f"{self.nurse} away: {self.reason}"


class FloorPeriod(models.Model):
    """A stretch of a shift when the nurse is on the floor: the shift minus breaks and absences.

    Nurse assignments may lie only inside floor periods (guarantee G4, a temporal foreign key),
    and a nurse is on one floor at a time (G7). Written only by `clinic.staffing`.
    """

    shift = models.ForeignKey(Shift, models.CASCADE, related_name="floor_periods")
    nurse = models.ForeignKey(Nurse, models.PROTECT, related_name="floor_periods")
    clinic = models.ForeignKey(Clinic, models.PROTECT, related_name="floor_periods", db_index=False)
    period = DateTimeRangeField()

    class Meta:
        ordering = ["period"]
        indexes = [by_beginning("clinic", name="floor_periods_of_a_day")]
        constraints = [
            on_quarter_hours(name="floor_period_on_quarter_hours"),
            ExclusionConstraint(
                name="nurse_on_one_floor_at_a_time",
                expressions=[("nurse", RangeOperators.EQUAL), ("period", RangeOperators.OVERLAPS)],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.nurse} on the floor at {self.clinic}"


class Role(models.TextChoices):
    """What a member of staff is at a clinic. What each role may do is in `clinic.access`."""

    FRONT_DESK = "front_desk", "Front desk"
    NURSE = "nurse", "Nurse"
    CHARGE_NURSE = "charge_nurse", "Charge nurse"
    MANAGER = "manager", "Manager"
    ADMINISTRATOR = "administrator", "Administrator"


class Membership(models.Model):
    """A member of staff works at a clinic in a role."""

    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    clinic = models.ForeignKey(Clinic, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=16, choices=Role)

    class Meta:
        ordering = ["clinic", "role"]
        constraints = [models.UniqueConstraint(fields=["user", "clinic"], name="one_role_per_clinic")]

    def __str__(self) -> str:
        return f"{self.user}: {self.get_role_display()} at {self.clinic}"
