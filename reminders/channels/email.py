"""E-mail by Django's mail backend: text and HTML, with the calendar entry."""

from contextlib import suppress
from email.mime.text import MIMEText
from email.utils import formataddr, parseaddr
from smtplib import SMTPDataError, SMTPException, SMTPRecipientsRefused, SMTPResponseException, SMTPSenderRefused
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection

from reminders.addresses import is_no_address
from reminders.channels import Refused, Uncertain
from reminders.letters import Attachment, Letter


class Smtp:
    """One connection to the mail server, kept for a batch and renewed when the server has closed it."""

    name = "smtp"

    def __init__(self) -> None:
        self._connection: Any = get_connection(fail_silently=False)

    def send(self, letter: Letter) -> str:
        """Hand an e-mail to the server; its Message-ID is the same at every try."""
        message = composed(letter)
        try:
            self._be_connected()
        except (SMTPException, OSError) as error:
            self.close()
            raise Refused(f"The mail server cannot be reached: {_said(error)}", unreachable=True) from error
        try:
            self._connection.send_messages([message])
        except SMTPRecipientsRefused as error:
            code, said = next(iter(error.recipients.values()))
            why = f"The mail server refused the address: {code} {_text(said)}"
            raise Refused(why, permanent=code >= 500, dead=is_no_address(f"{code} {_text(said)}") is True) from error
        except (SMTPSenderRefused, SMTPDataError) as error:
            why = f"The mail server refused the message: {_said(error)}"
            raise Refused(why, permanent=error.smtp_code >= 500) from error
        except (SMTPException, OSError) as error:
            self.close()
            raise Uncertain(f"The mail server went silent: {_said(error)}") from error
        return str(message.extra_headers["Message-ID"])

    def close(self) -> None:
        """Say goodbye to the server, if it still listens."""
        with suppress(SMTPException, OSError):
            self._connection.close()
        self._connection = get_connection(fail_silently=False)

    def _be_connected(self) -> None:
        """Connect, and make sure that a kept connection still lives: a failure here is certain, one later is not."""
        server = getattr(self._connection, "connection", None)
        if server is not None:
            try:
                if server.noop()[0] == 250:
                    return
            except (SMTPException, OSError):
                pass
            self.close()
        self._connection.open()


def composed(letter: Letter) -> EmailMultiAlternatives:
    """A letter as an e-mail; its Message-ID is the same at every try."""
    address = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    host = address.rpartition("@")[2]
    message = EmailMultiAlternatives(
        subject=letter.subject,
        body=letter.body,
        from_email=formataddr((letter.sender, address)),
        to=[letter.recipient],
        headers={
            "Message-ID": f"<{letter.key}@{host}>",
            "Auto-Submitted": "auto-generated",
            "X-Auto-Response-Suppress": "All",
        },
    )
    message.attach_alternative(letter.html, "text/html")
    for attachment in letter.attachments:
        message.attach(_calendar_part(attachment))
    return message


def _calendar_part(attachment: Attachment) -> MIMEText:
    """A part that calendars recognise: its type says what to do with it."""
    part = MIMEText(attachment.content.decode(), "calendar", "utf-8")
    part.set_param("method", attachment.method)
    part.add_header("Content-Disposition", "attachment", filename=attachment.name)
    return part


def _said(error: Exception) -> str:
    if isinstance(error, SMTPResponseException):
        return f"{error.smtp_code} {_text(error.smtp_error)}"
    return str(error) or type(error).__name__


def _text(said: bytes | str) -> str:
    return said.decode(errors="replace") if isinstance(said, bytes) else said
