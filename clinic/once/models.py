"""Which buttons were pressed, and what was answered."""

from django.db import models
from django.db.models.functions import Now


class Press(models.Model):
    """A press of a button that has written something, in the same transaction, and the answer that was given to it.

    `mark` is a digest of who pressed, on which page, and all that was sent: the same press again has the same mark.
    """

    mark = models.CharField(max_length=64, unique=True)
    at = models.DateTimeField(db_default=Now(), db_index=True)
    answer = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"press at {self.at:%Y-%m-%d %H:%M}"
