"""Texts by Twilio's own client."""

from http import HTTPStatus
from typing import Any

from django.conf import settings
from requests import RequestException
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client

from reminders.channels import Refused, Uncertain
from reminders.channels.connecting import never_connected
from reminders.letters import Letter

API = "https://api.twilio.com"
STATUS_PATH = "/hooks/sms/status/"

# https://www.twilio.com/docs/api/errors
OPTED_OUT = {21610}
DEAD_NUMBER = {21211, 21214, 21217, 21401, 21612, 21614}
TRY_AGAIN = {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}


class Twilio:
    """One client for a batch. `account` holds account, token, from and url."""

    name = "twilio"

    def __init__(self, account: dict[str, str], *, timeout: float) -> None:
        self._from = account["from"]
        self._http = _Http(account["url"], timeout)
        self._client = Client(account["account"], account["token"], http_client=self._http)

    def send(self, letter: Letter) -> str:
        """Hand a text to Twilio, which tells its id."""
        self._http.key = letter.key
        sender = "messaging_service_sid" if self._from.startswith("MG") else "from_"
        values: dict[str, Any] = {"to": letter.recipient, "body": letter.body, sender: self._from}
        if settings.PUBLIC_URL.startswith("https:"):
            values["status_callback"] = f"{settings.PUBLIC_URL}{STATUS_PATH}?message={letter.key.rpartition('-')[2]}"
        try:
            return str(self._client.messages.create(**values).sid)
        except TwilioRestException as error:
            raise _judged(error) from error
        except RequestException as error:
            if never_connected(error):
                raise Refused("The text service cannot be reached", unreachable=True) from error
            raise Uncertain(f"The text service went silent: {type(error).__name__}") from error
        except (TwilioException, ValueError, KeyError) as error:
            raise Uncertain(f"The text service gave an answer that we cannot read: {type(error).__name__}") from error

    def close(self) -> None:
        """Close the connection kept for the batch."""
        self._http.close()


class _Http(TwilioHttpClient):
    """Twilio's transport: one connection for a batch, our time-out, our key, and elsewhere when tests say so."""

    def __init__(self, url: str, timeout: float) -> None:
        super().__init__(pool_connections=True, timeout=timeout)
        self.url, self.key = url, ""

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Response:
        """As Twilio's own, with the key of the message: a provider or a proxy can tell a repetition by it."""
        headers = {**(kwargs.pop("headers", None) or {}), "Idempotency-Key": self.key}
        return super().request(method, url.replace(API, self.url, 1), *args, headers=headers, **kwargs)

    def close(self) -> None:
        if self.session is not None:
            self.session.close()


def _judged(error: TwilioRestException) -> Refused | Uncertain:
    said = f"The text service refused: {error.status}, code {error.code}: {error.msg}"
    if error.status in TRY_AGAIN:
        return Refused(said, unreachable=True)
    if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Uncertain(f"The text service failed and may have sent it: {error.status}")
    return Refused(said, permanent=True, dead=error.code in DEAD_NUMBER, opted_out=error.code in OPTED_OUT)
