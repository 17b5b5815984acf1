from django.apps import AppConfig


class PatientsConfig(AppConfig):
    name = "patients"
    default_auto_field = "django.db.models.BigAutoField"
    not_audited = {"ImportDraft": "an uploaded file, kept for an hour; what is imported from it is in the trail"}
