"""How a clinic speaks: who is calling, from where, on which number, in which hours."""

from dataclasses import dataclass

from django.conf import settings

from clinic.models import Clinic
from clinic.sql import fetch
from patients.phones import shown
from reminders.gsm import plain
from reminders.models import Channel
from reminders.rules import default_hours
from reminders.timing import Hours

PLACE_LENGTH = 16

OF_CLINIC = """
    select sender_name, place, phone, texts_from, texts_until from reminders_clinicvoice where clinic_id = %s
"""


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
    hours = default_hours()[Channel.SMS]
    unset = settings.SENDER_NAME, "", "", hours.opens, hours.closes
    sender, place, phone, texts_from, texts_until = next(iter(fetch(OF_CLINIC, [clinic.pk])), unset)
    return Voice(
        sender=sender,
        place=place or plain(clinic.name)[:PLACE_LENGTH].strip(),
        phone=written(phone or clinic.phone),
        text_hours=Hours(texts_from, texts_until),
    )


def written(phone: str) -> str:
    """A phone number in the twelve characters that texts have for it."""
    return shown(phone).replace("(", "").replace(") ", "-")
