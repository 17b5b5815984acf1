from django.apps import AppConfig
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from reminders.wording import betraying


class RemindersConfig(AppConfig):
    name = "reminders"
    default_auto_field = "django.db.models.BigAutoField"
    not_audited = {"Pulse": "when the background work last showed that it lives"}

    def ready(self) -> None:
        from clinic import guarantees
        from clinic.backup import aftermath
        from clinic.health import register_report
        from clinic.metrics import register_numbers
        from reminders import demo, health, outbox, replies, restored, worklists  # noqa: F401  (receivers hear of what changes)
        from reminders import guarantees as own
        from scheduling.worklists import register

        register_report("messages", health.in_words)
        register_numbers(health.numbers)
        guarantees.register(*own.GUARANTEES)
        aftermath.register(restored.doubt_what_was_due)
        for each in worklists.LISTS:
            register(each)
        if words := betraying(settings.SENDER_NAME, ()):
            raise ImproperlyConfigured(
                f"SENDER_NAME must not say “{words[0]}”: whoever sees a text would know what the patient has or gets."
            )
