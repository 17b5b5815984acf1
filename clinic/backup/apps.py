from django.apps import AppConfig


class BackupConfig(AppConfig):
    name = "clinic.backup"
    label = "backup"
    verbose_name = "backups"
    default_auto_field = "django.db.models.BigAutoField"
    not_audited = {"BackupRun": "when backups were made; each is in the trail as taken out"}

    def ready(self) -> None:
        from clinic.backup import regular
        from clinic.health import register_report
        from clinic.metrics import register_numbers

        register_report("backups", regular.in_words)
        register_numbers(regular.numbers)
