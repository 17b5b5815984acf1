from django.apps import AppConfig


class SchedulingConfig(AppConfig):
    name = "scheduling"
    default_auto_field = "django.db.models.BigAutoField"
    not_audited = {
        "ClinicDay": "a lock and a counter",
        "NextDose": "follows from doses given and appointments, which are watched",
        "PatientClaim": "who is calling whom just now; lapses by itself",
    }

    def ready(self) -> None:
        from clinic.guarantees import register
        from clinic.metrics import register_numbers
        from scheduling import guarantees, numbers, readying  # noqa: F401  (readying's receiver hears of every clearance)
        from scheduling.worklists.own import register_own

        register_numbers(numbers.numbers)
        register(*guarantees.GUARANTEES)
        register_own()
