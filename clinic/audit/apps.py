from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "clinic.audit"
    label = "audit"
    verbose_name = "audit trail"
    default_auto_field = "django.db.models.BigAutoField"
    not_audited = {
        "Entry": "the trail itself: rows are added, never changed; sealed in a chain",
        "Seal": "the chain over the trail",
    }

    def ready(self) -> None:
        from celery import signals as celery
        from django.contrib.auth import signals as auth
        from django.db.backends.signals import connection_created

        from clinic.audit import log, origin, sealing
        from clinic.metrics import register_numbers

        register_numbers(sealing.numbers)
        connection_created.connect(origin.attach)
        celery.task_prerun.connect(origin.begin_task)
        celery.task_postrun.connect(origin.end_task)
        auth.user_logged_in.connect(log.signed_in)
        auth.user_logged_out.connect(log.signed_out)
        auth.user_login_failed.connect(log.sign_in_failed)
