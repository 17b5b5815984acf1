"""Where somebody is signed in, who was invited, and what was done to an account."""

from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models.functions import Now


class StaffSession(AbstractBaseSession):
    """One browser. Who is signed in with it, with what device, from where, and when they last did something."""

    user = models.ForeignKey("clinic.User", models.CASCADE, null=True, related_name="sessions")
    device = models.CharField(max_length=200, blank=True, db_default="")
    address = models.GenericIPAddressField(null=True)
    began_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True, help_text="Empty: locked by hand.")
    idle_seconds = models.PositiveIntegerField(null=True, help_text="Without anything done for so long it locks.")

    class Meta:
        ordering = ["-seen_at"]


class Invitation(models.Model):
    """A link that sets somebody's password, once, until it runs out. Only the link's digest is kept."""

    user = models.OneToOneField("clinic.User", models.CASCADE, related_name="invitation")
    digest = models.CharField(max_length=64, unique=True)
    made_by = models.ForeignKey("clinic.User", models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"link for {self.user}"


class StaffEvent(models.Model):
    """Something that was done to a member of staff's account: what, by whom, why. Never changed."""

    class What(models.TextChoices):
        INVITED = "invited", "Invited"
        LINK = "link", "New link given"
        ACCEPTED = "accepted", "Password set by the link"
        ROLES = "roles", "Roles changed"
        RESET = "reset", "Second step reset"
        REMOVED = "removed", "Removed"
        BACK = "back", "Brought back"
        PASSWORD = "password", "Password changed"

    person = models.ForeignKey("clinic.User", models.PROTECT, related_name="events")
    what = models.CharField(max_length=8, choices=What)
    by = models.ForeignKey("clinic.User", models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(db_default=Now())
    note = models.CharField(max_length=300, blank=True, db_default="")

    class Meta:
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return f"{self.get_what_display()}: {self.person}"
