"""Django's sessions in the database, with who, what and when in columns: they can be listed and ended.

Whoever is signed in comes along in the statement that reads the session: one query for every page instead of two or
three. Django still checks everything of the session and the account, as it would for an account read by itself.
"""

from typing import TYPE_CHECKING, Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.base_session import AbstractBaseSession
from django.utils import timezone

if TYPE_CHECKING:
    from clinic.accounts.models import StaffSession
    from clinic.models import User

FACTS = ("device", "address", "began_at", "seen_at", "idle_seconds")


class SessionStore(db.SessionStore):
    """Keeps the columns `FACTS` beside what the session holds. Empty until somebody signs in."""

    def __init__(self, session_key: str | None = None) -> None:
        super().__init__(session_key)
        self._facts: dict[str, Any] = {}
        self._person: User | None = None

    @classmethod
    def get_model_class(cls) -> "type[StaffSession]":
        from clinic.accounts.models import StaffSession

        return StaffSession

    @property
    def facts(self) -> dict[str, Any]:
        """The columns' values. Reads the session if that was not done yet."""
        self._get_session()  # type: ignore[attr-defined]
        return self._facts

    @property
    def person(self) -> "User | None":
        """Whose session it is, with the nurse that they are. Whether they may come in is another question."""
        self._get_session()  # type: ignore[attr-defined]
        return self._person

    def load(self) -> dict[str, Any]:
        kept = self.get_model_class().objects.filter(session_key=self.session_key, expire_date__gt=timezone.now())
        row = kept.select_related("user__nurse").first()
        if row is None:
            self._session_key = None
            return {}
        self._facts = {name: getattr(row, name) for name in FACTS}
        self._person = row.user
        return self.decode(row.session_data)

    def create_model_instance(self, data: dict[str, Any]) -> AbstractBaseSession:
        row = super().create_model_instance(data)
        row.user_id = data.get(SESSION_KEY)  # type: ignore[attr-defined]
        for name, value in self._facts.items():
            setattr(row, name, value)
        return row

    def save(self, must_create: bool = False) -> None:
        """Keep it. A database that is away is one here too; Django would take the session for ended meanwhile."""
        try:
            super().save(must_create)
        except UpdateError as error:
            refused = error.__context__
            if refused is not None and refused.__cause__ is not None:
                raise refused from refused.__cause__
            raise

    def flush(self) -> None:
        self._facts, self._person = {}, None
        super().flush()
