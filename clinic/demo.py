"""The log-ins of the demonstration: made by `seed_demo`, printed by `up`, shown on the log-in page."""

from django.conf import settings

from clinic.models import User

DEMO_PEOPLE = ("frontdesk", "nurse", "charge", "manager")
DEMO_PASSWORD = "chairside-demo"  # noqa: S105  (shown to everybody who runs the demonstration)


def demo_logins() -> list[tuple[str, str]]:
    """User names and passwords to try, if the demonstration was loaded; never in production. One query."""
    if settings.PRODUCTION:
        return []
    made = set(User.objects.filter(username__in=DEMO_PEOPLE).values_list("username", flat=True))
    return [(name, DEMO_PASSWORD) for name in DEMO_PEOPLE if name in made]
