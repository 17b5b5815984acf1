"""How a request's account is found: it came along with the session."""

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from allauth.core import context

from clinic.accounts.sessions import SessionStore
from clinic.models import User


class Backend(AuthenticationBackend):
    """allauth's, without another query for an account that was read with the session of this request."""

    def get_user(self, user_id: Any) -> User | None:
        session = getattr(context.request, "session", None)
        person = session.person if isinstance(session, SessionStore) else None
        if person is None or person.pk != user_id:
            return super().get_user(user_id)
        return person if self.user_can_authenticate(person) else None
