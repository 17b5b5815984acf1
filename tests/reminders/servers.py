"""Real servers at the other end of the wire: one for mail, one that speaks the text provider's API. They count."""

import json
import threading
import time
from base64 import b64decode
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.clinic.processes import free_port

ACCOUNT, TOKEN, NUMBER = f"AC{'0' * 32}", "a-token", "+17155550199"


@dataclass
class Received:
    """One message that a server has taken."""

    key: str
    to: str
    body: str
    at: float
    mail: EmailMessage | None = None


@dataclass
class Inbox:
    """All that a server was given. `meanwhile` runs when a message is taken, before the sender hears of it."""

    taken: list[Received] = field(default_factory=list)
    meanwhile: Callable[[Received], None] | None = None
    answer: Callable[[str], Any] | None = None
    """What to answer instead of yes, by recipient."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, received: Received) -> None:
        with self._lock:
            self.taken.append(received)
        if self.meanwhile:
            self.meanwhile(received)

    @property
    def times(self) -> Counter[str]:
        """How often each message came."""
        return Counter(each.key for each in self.taken)

    @property
    def twice(self) -> list[str]:
        return [key for key, times in self.times.items() if times > 1]

    def to(self, recipient: str) -> list[Received]:
        return [each for each in self.taken if each.to == recipient]


class _Mail:
    def __init__(self, inbox: Inbox) -> None:
        self.inbox = inbox

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.inbox.answer and (answer := self.inbox.answer(address)):
            return str(answer)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        mail = message_from_bytes(envelope.content or b"", policy=policy.default)  # type: ignore[arg-type]
        assert isinstance(mail, EmailMessage)
        text = mail.get_body(("plain",))
        key = str(mail["Message-ID"]).strip("<>").split("@")[0]
        self.inbox.take(Received(key, envelope.rcpt_tos[0], text.get_content() if text else "", time.time(), mail))
        return "250 taken"


@contextmanager
def mail_server(port: int = 0) -> Iterator[tuple[Inbox, int]]:
    """A mail server, its inbox and its port."""
    inbox = Inbox()
    controller = Controller(_Mail(inbox), hostname="127.0.0.1", port=port or free_port())
    controller.start()
    try:
        yield inbox, controller.port
    finally:
        controller.stop()


class Api(BaseHTTPRequestHandler):
    """What every provider's interface does: answer in JSON, on a connection that stays."""

    protocol_version = "HTTP/1.1"
    server: "ApiServer"

    def say(self, status: int, what: dict[str, Any]) -> None:
        body = json.dumps(what).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


class _Texts(Api):
    def do_POST(self) -> None:
        values = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        user = b64decode(self.headers["Authorization"].split()[1]).decode()
        assert user == f"{ACCOUNT}:{TOKEN}"
        assert self.path == f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
        to = values["To"][0]
        if self.server.inbox.answer and (answer := self.server.inbox.answer(to)):
            status, code, pause = answer
            time.sleep(pause)
            self.say(status, {"code": code, "message": "no", "status": status})
            return
        self.server.inbox.take(Received(self.headers["Idempotency-Key"], to, values["Body"][0], time.time()))
        self.say(201, {"sid": f"SM{len(self.server.inbox.taken):032}", "status": "queued"})


class ApiServer(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, inbox: Inbox, speaks: type[Api]) -> None:
        super().__init__(("127.0.0.1", 0), speaks)
        self.inbox = inbox

    def handle_error(self, *args: Any) -> None:
        """The other side was killed: that is what we do to it."""


@contextmanager
def api_server(speaks: type[Api]) -> Iterator[tuple[Inbox, int]]:
    """A server that speaks a provider's API, its inbox and its port."""
    inbox = Inbox()
    server = ApiServer(inbox, speaks)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield inbox, server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


def text_server() -> AbstractContextManager[tuple[Inbox, int]]:
    """A server that speaks the text provider's API, its inbox and its port."""
    return api_server(_Texts)
