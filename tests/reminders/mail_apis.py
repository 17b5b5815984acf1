"""Servers that speak the interfaces of e-mail providers, and the reports that these send, signed as they sign them."""

import hashlib
import hmac
import json
import time
from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any
from uuid import uuid4

from django.test import Client
from pytest_django import Settings

from clinic.mail import provider_from_environment
from tests.reminders.servers import Api, Received

KEY, SIGNING_KEY, HOOK_PASSWORD = "key-0123456789abcdef", "signing-0123456789", "reports:a-long-password"
SECRETS = {"mailgun": SIGNING_KEY, "postmark": HOOK_PASSWORD}


@dataclass
class Posted(Received):
    """An e-mail as a provider was given it."""

    sender: str = ""
    subject: str = ""
    html: str = ""
    number: str = ""
    """Our number of the message, which reports repeat."""
    tracked: bool = True
    provider_id: str = ""
    files: list[tuple[str, str, bytes]] = field(default_factory=list)
    """Name, type and content of each attachment."""


class Mailgun(Api):
    """https://documentation.mailgun.com/docs/mailgun/api-reference/send/mailgun/messages"""

    def do_POST(self) -> None:  # noqa: N802
        body = self.rfile.read(int(self.headers["Content-Length"]))
        assert b64decode(self.headers["Authorization"].split()[1]).decode() == f"api:{KEY}"
        assert self.path == "/v3/clinics.example.org/messages"
        head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
        form = message_from_bytes(head + body, policy=policy.HTTP)
        assert isinstance(form, EmailMessage)
        values: dict[str, str] = {}
        files = []
        for part in form.iter_parts():
            assert isinstance(part, EmailMessage)
            name, content = part.get_param("name", header="content-disposition"), part.get_payload(decode=True)
            assert isinstance(content, bytes)
            if filename := part.get_filename():
                files.append((filename, str(part["Content-Type"]), content))
            else:
                values[str(name)] = content.decode()
        posted = Posted(
            key=values["h:Message-Id"].strip("<>").split("@")[0],
            to=values["to"],
            body=values["text"],
            at=time.time(),
            sender=values["from"],
            subject=values["subject"],
            html=values["html"],
            number=values["v:message"],
            tracked={values["o:tracking-clicks"], values["o:tracking-opens"]} != {"no"},
            provider_id=f"<{uuid4()}@clinics.example.org>",
            files=files,
        )
        answer_or_take(self, posted, {"id": posted.provider_id, "message": "Queued. Thank you."})


class Postmark(Api):
    """https://postmarkapp.com/developer/api/email-api"""

    def do_POST(self) -> None:  # noqa: N802
        mail = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        assert self.headers["X-Postmark-Server-Token"] == KEY
        assert self.path == "/email"
        headers = {each["Name"]: each["Value"] for each in mail["Headers"]}
        posted = Posted(
            key=headers["Message-ID"].strip("<>").split("@")[0],
            to=mail["To"],
            body=mail["TextBody"],
            at=time.time(),
            sender=mail["From"],
            subject=mail["Subject"],
            html=mail["HtmlBody"],
            number=mail["Metadata"]["message"],
            tracked=mail["TrackOpens"] or mail["TrackLinks"] != "None",
            provider_id=str(uuid4()),
            files=[(one["Name"], one["ContentType"], b64decode(one["Content"])) for one in mail["Attachments"]],
        )
        taken = {"ErrorCode": 0, "Message": "OK", "MessageID": posted.provider_id, "To": posted.to}
        answer_or_take(self, posted, taken)


def answer_or_take(api: Api, posted: Posted, taken: dict[str, Any]) -> None:
    """Take a message, or give the answer that the test wants: status, answer, seconds to wait."""
    if api.server.inbox.answer and (answer := api.server.inbox.answer(posted.to)):
        status, said, pause = answer
        time.sleep(pause)
        api.say(status, said)
        return
    api.server.inbox.take(posted)
    api.say(200, taken)


SPEAKS: dict[str, type[Api]] = {"mailgun": Mailgun, "postmark": Postmark}


def set_up(settings: Settings, monkeypatch: Any, provider: str, url: str) -> None:
    """The settings as the environment would make them."""
    for name, value in (
        ("EMAIL_PROVIDER", provider),
        ("EMAIL_API_KEY", KEY),
        ("EMAIL_HOOK_SECRET", SECRETS[provider]),
        ("EMAIL_API_URL", url),
    ):
        monkeypatch.setenv(name, value)
    settings.EMAIL_PROVIDER, settings.ANYMAIL = provider_from_environment(timeout=1)
    settings.EMAIL_BACKEND = f"anymail.backends.{provider}.EmailBackend"
    settings.DEFAULT_FROM_EMAIL = "Smart Clinics <no-reply@clinics.example.org>"


def mailgun_report(client: Client, event: dict[str, Any], *, key: str = SIGNING_KEY) -> Any:
    """What Mailgun posts: https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/"""
    token, timestamp = "a" * 50, "1790000000"
    signature = hmac.new(key.encode(), f"{timestamp}{token}".encode(), hashlib.sha256).hexdigest()
    body = {"signature": {"token": token, "timestamp": timestamp, "signature": signature}, "event-data": event}
    return client.post("/hooks/email/", json.dumps(body), content_type="application/json")


def postmark_report(client: Client, event: dict[str, Any], *, secret: str = HOOK_PASSWORD) -> Any:
    """What Postmark posts: https://postmarkapp.com/developer/webhooks/bounce-webhook"""
    login = {"Authorization": f"Basic {b64encode(secret.encode()).decode()}"} if secret else {}
    return client.post("/hooks/email/", json.dumps(event), content_type="application/json", headers=login)
