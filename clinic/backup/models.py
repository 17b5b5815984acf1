"""The record of the regular backups, for whoever watches over them."""

from django.db import models
from django.db.models import F


class BackupRun(models.Model):
    """One regular backup that was made, or could not be. Without `error` its file stood at the end, and was checked."""

    started_at = models.DateTimeField()
    ended_at = models.DateTimeField()
    file = models.CharField(max_length=80, blank=True)
    bytes = models.BigIntegerField(default=0)
    rows = models.BigIntegerField(default=0)
    error = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["-ended_at"]
        indexes = [models.Index(F("ended_at").desc(), name="backup_runs_newest")]

    def __str__(self) -> str:
        return self.file or self.error
