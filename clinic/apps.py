from django.apps import AppConfig


class ClinicConfig(AppConfig):
    name = "clinic"
    default_auto_field = "django.db.models.BigAutoField"
    not_audited = {
        "StaffSession": "who is signed in just now; signing in and out is in the trail",
        "Press": "answers kept for a day, in case the button is pressed again; what they tell of is in the trail",
    }

    def ready(self) -> None:
        from django.db.backends.signals import connection_created

        from . import celery, floor_guarantees, guarantees  # noqa: F401  (celery: so that @shared_task finds its app)
        from .accounts import idle, second_step  # noqa: F401  (they listen to who signs in)
        from .logs import statements, tasks

        connection_created.connect(statements.attach)
        tasks.listen()
        guarantees.register(*floor_guarantees.GUARANTEES)
