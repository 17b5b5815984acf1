"""How a clinic speaks: who is calling, from where, on which number, in which hours."""

from dataclasses import dataclass

from django.conf import settings

from clinic.models import Clinic
from patients.phones import shown
from reminders.gsm import plain
from reminders.models import Channel, ClinicVoice
from reminders.rules import default_hours
from reminders.timing import Hours

PLACE_LENGTH = 16


@dataclass(frozen=True, slots=True)
class Voice:
    """A clinic's voice. `phone` is written as people in texts read it: 715-555-0100."""

    sender: str
    place: str
    phone: str
    text_hours: Hours

    def hours(self, channel: str) -> Hours | None:
        """When a channel may be used; calls are made when somebody is there."""
        return self.text_hours if channel == Channel.SMS else default_hours().get(channel)


def voice_of(clinic: Clinic) -> Voice:
    """The voice of a clinic. One query."""
    row = ClinicVoice.objects.filter(clinic=clinic).first()
    hours = default_hours()[Channel.SMS]
    return Voice(
        sender=row.sender_name if row else settings.SENDER_NAME,
        place=(row and row.place) or plain(clinic.name)[:PLACE_LENGTH].strip(),
        phone=written((row and row.phone) or clinic.phone),
        text_hours=Hours(row.texts_from, row.texts_until) if row else hours,
    )


def written(phone: str) -> str:
    """A phone number in the twelve characters that texts have for it."""
    return shown(phone).replace("(", "").replace(") ", "-")
