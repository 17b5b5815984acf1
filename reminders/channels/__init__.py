"""How a message travels: one small interface, and the ways to be chosen by what the settings name."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Protocol

from django.conf import settings

from reminders.letters import Letter
from reminders.models import Channel

MOST_TROUBLES = 2
"""So many failures of a provider in a row, and the rest of a batch waits for the next one."""


class Refused(Exception):
    """The provider has certainly not taken the message.

    `permanent`: another try would change nothing. `dead`: the number or address does not work.
    `opted_out`: the provider knows that this number wants no texts. `unreachable`: no message can be sent now.
    """

    def __init__(
        self,
        why: str,
        *,
        permanent: bool = False,
        dead: bool = False,
        opted_out: bool = False,
        unreachable: bool = False,
    ) -> None:
        super().__init__(why)
        self.permanent = permanent or dead or opted_out
        self.dead, self.opted_out, self.unreachable = dead, opted_out, unreachable


class Uncertain(Exception):
    """The provider may have taken the message: the line went dead at the wrong moment. Never send it again."""


class Wire(Protocol):
    """A way to send letters. `name` is kept with each message."""

    name: str

    def send(self, letter: Letter) -> str:
        """Hand a letter to the provider, and return its id there. Raises `Refused` or `Uncertain`."""
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...


class OutboxOnly:
    """The demonstration's way: the message can be read on the outbox page, and nobody gets it."""

    name = "outbox"

    def send(self, letter: Letter) -> str:
        """Nothing to do: the row keeps the words."""
        return ""

    def close(self) -> None:
        """Nothing to let go of."""


class Wires:
    """The ways that are open during one batch; each is opened when it is first needed."""

    def __init__(self) -> None:
        self._open: dict[str, Wire] = {}
        self._stack = ExitStack()
        self._troubles: dict[str, int] = {}

    def by(self, channel: str) -> Wire:
        """The way for a channel. Ask `is_open` first."""
        if channel not in self._open:
            self._open[channel] = wire = _make(channel)
            self._stack.callback(wire.close)
        return self._open[channel]

    def note(self, channel: str, *, trouble: bool) -> None:
        """Remember how the last try by a channel went."""
        self._troubles[channel] = self._troubles.get(channel, 0) + 1 if trouble else 0

    def is_down(self, channel: str) -> bool:
        """Whether a channel failed so often in a row that the rest of the batch should wait, unharmed."""
        return self._troubles.get(channel, 0) >= MOST_TROUBLES

    def close(self) -> None:
        """Close all of them."""
        self._stack.close()


@contextmanager
def opened() -> Iterator[Wires]:
    """The ways to send, for the time of a block."""
    wires = Wires()
    try:
        yield wires
    finally:
        wires.close()


def is_open(channel: str) -> bool:
    """Whether there is a way to send by a channel. Production without a provider has none."""
    return has_provider(channel) or not settings.PRODUCTION


def has_provider(channel: str) -> bool:
    """Whether messages of a channel really leave."""
    if channel == Channel.SMS:
        return settings.TWILIO is not None
    return bool(settings.EMAIL_HOST or settings.EMAIL_PROVIDER)


def _make(channel: str) -> Wire:
    if not has_provider(channel):
        return OutboxOnly()
    # Imported when first needed: the web never sends, and the provider's client is slow to load.
    if channel == Channel.SMS:
        from reminders.channels.sms import Twilio

        return Twilio(settings.TWILIO or {}, timeout=settings.SEND_TIMEOUT)
    if settings.EMAIL_PROVIDER:
        from reminders.channels.email_provider import EmailProvider

        return EmailProvider(settings.EMAIL_PROVIDER)
    from reminders.channels.email import Smtp

    return Smtp()
