"""Versions in the database: loaded once, never rewritten, found by day."""

from copy import deepcopy
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from io import StringIO
from pathlib import Path

import pytest
import time_machine
from django.apps import apps
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from clinic.models import Chair, Clinic
from patients.models import Patient, TreatmentPlan
from scheduling.models import Appointment
from therapies import catalog as catalog_rules
from therapies.catalog import Loaded, current_phase, is_frozen, load_catalog, new_version_from, phases_of
from therapies.models import DosePhase, Prerequisite, Therapy, TherapyVersion
from therapies.series import NoPhase, due_dose
from therapies.shipped import CATALOG, Catalog, read_catalog

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 22)


def load(catalog: Catalog, today: date = TODAY) -> dict[str, Loaded]:
    return {loaded.name: loaded for loaded in load_catalog(catalog=catalog, apps=apps, today=today)}


def with_change(slug: str, **phase_facts) -> Catalog:
    """The shipped catalog, with facts of one therapy's first phase changed."""
    catalog = deepcopy(read_catalog())
    next(therapy for therapy in catalog.therapies if therapy.slug == slug).phases[0].update(phase_facts)
    return catalog


def book_with(phase: DosePhase) -> None:
    """Whatever another room books: one row that points at the phase, its other columns as they come."""
    clinic = Clinic.objects.create(slug="elsewhere", name="Elsewhere")
    chair = Chair.objects.create(clinic=clinic, name="1")
    patient = Patient.objects.create(
        mrn="1", family_name="Doe", given_name="Jo", birth_date=date(1980, 1, 1), home_clinic=clinic
    )
    plan = TreatmentPlan.objects.create(patient=patient, therapy=phase.version.therapy, start_on=TODAY)
    period = DateTimeTZRange(datetime(2027, 1, 4, 15, tzinfo=UTC), datetime(2027, 1, 4, 20, tzinfo=UTC))
    Appointment.objects.create(
        plan=plan,
        patient=patient,
        dose_number=1,
        dose_phase=phase,
        clinic=clinic,
        chair=chair,
        period=period,
        planned_period=period,
        short_staffed=True,
    )


@pytest.fixture
def ocrevus() -> Therapy:
    return Therapy.objects.get(slug="ocrevus")


class TestLoading:
    def test_a_new_database_holds_the_shipped_therapies(self):
        assert Therapy.objects.count() == TherapyVersion.objects.count() == len(read_catalog().therapies)
        assert DosePhase.objects.get(version__therapy__slug="ocrevus", variant="fast").stay_minutes() == 240
        assert Prerequisite.objects.get(version__therapy__slug="tysabri", code="touch-status").is_hard

    def test_loading_again_changes_nothing(self):
        before = list(DosePhase.objects.order_by("pk").values())
        assert {loaded.outcome for loaded in load(read_catalog()).values()} == {"unchanged"}
        assert list(DosePhase.objects.order_by("pk").values()) == before

    def test_a_therapy_whose_facts_changed_gets_a_new_version_and_the_others_none(self, ocrevus):
        old = list(DosePhase.objects.filter(version__therapy=ocrevus).values())
        loaded = load(with_change("ocrevus", infusion_minutes=180))
        assert loaded["Ocrevus"] == Loaded("Ocrevus", "changed", 2, TODAY)
        assert {row.outcome for name, row in loaded.items() if name != "Ocrevus"} == {"unchanged"}
        assert list(DosePhase.objects.filter(version__number=1, version__therapy=ocrevus).values()) == old
        assert TherapyVersion.objects.count() == len(loaded) + 1

    def test_a_changed_prerequisite_makes_a_new_version_too(self):
        catalog = read_catalog()
        next(therapy for therapy in catalog.therapies if therapy.slug == "briumvi").prerequisites.pop()
        assert load(catalog)["Briumvi"].outcome == "changed"

    def test_a_new_version_waits_for_the_files_day_when_that_is_to_come(self):
        catalog = with_change("ocrevus", infusion_minutes=180)
        coming = [replace(therapy, effective_from=date(2027, 1, 1)) for therapy in catalog.therapies]
        assert load(replace(catalog, therapies=coming))["Ocrevus"].effective_from == date(2027, 1, 1)

    def test_another_source_alone_makes_no_new_version(self):
        catalog = read_catalog()
        cited = [replace(therapy, source="elsewhere") for therapy in catalog.therapies]
        assert {row.outcome for row in load(replace(catalog, therapies=cited)).values()} == {"unchanged"}

    def test_what_a_clinic_changed_for_itself_stays(self, ocrevus):
        ocrevus.preparation = "Park behind the house."
        ocrevus.save()
        own = new_version_from(version=ocrevus.versions.get(), effective_from=TODAY)
        own.phases.update(turnover_minutes=30)
        assert load(read_catalog())["Ocrevus"].outcome == "superseded"
        ocrevus.refresh_from_db()
        assert ocrevus.preparation == "Park behind the house."
        assert ocrevus.versions.count() == 2

    def test_a_therapy_that_is_not_there_is_made(self):
        version = TherapyVersion.objects.get(therapy__slug="ivig")
        version.phases.all().delete()
        version.delete()
        Therapy.objects.get(slug="ivig").delete()
        assert load(read_catalog())["IVIG"] == Loaded("IVIG", "new", 1, date(2024, 1, 1))

    def test_the_command_says_what_it_did(self, monkeypatch):
        changed = with_change("ocrevus", infusion_minutes=180)
        monkeypatch.setattr("therapies.management.commands.load_therapies.read_catalog", lambda: changed)
        said = StringIO()
        with time_machine.travel(f"{TODAY}T18:00Z"):
            call_command("load_therapies", stdout=said)
        assert "Ocrevus: facts changed, version 2 from 2026-11-22." in said.getvalue()
        assert "Tysabri: unchanged, version 1." in said.getvalue()

    def test_the_command_loads_nothing_from_a_file_it_cannot_read(self, monkeypatch, tmp_path: Path):
        slipped = tmp_path / "catalog.toml"
        slipped.write_text(CATALOG.read_text(encoding="utf-8").replace("infusion = 60", "infuson = 60"), "utf-8")
        monkeypatch.setattr("therapies.management.commands.load_therapies.read_catalog", lambda: read_catalog(slipped))
        with pytest.raises(CommandError, match="Nothing was loaded"):
            call_command("load_therapies")


class TestTheMigration:
    migration = import_module("therapies.migrations.0002_catalog")

    def test_it_leaves_a_file_of_another_shape_to_a_later_migration(self, monkeypatch, tmp_path: Path):
        later = tmp_path / "catalog.toml"
        later.write_text('shape = 2\n[cures]\nocrevus = "quite another form"\n', encoding="utf-8")
        monkeypatch.setattr(self.migration, "CATALOG", later)
        self.migration.load(apps, None)
        assert TherapyVersion.objects.count() == len(read_catalog().therapies)

    def test_it_loads_the_file_that_is_shipped_now(self):
        DosePhase.objects.all().delete()
        TherapyVersion.objects.all().delete()
        Therapy.objects.all().delete()
        self.migration.load(apps, None)
        assert Therapy.objects.count() == len(read_catalog().therapies)


class TestTheFactsOfADay:
    def test_a_new_booking_takes_the_newest_version_in_force(self, ocrevus):
        load(with_change("ocrevus", infusion_minutes=180))

        def infusion(on: date) -> int:
            return current_phase(therapy=ocrevus, dose_number=1, variant="", on=on).infusion_minutes

        assert infusion(TODAY - timedelta(days=1)) == 150
        assert infusion(TODAY) == 180

    def test_a_variant_is_used_where_the_therapy_has_it(self, ocrevus):
        def stay(dose_number: int) -> int:
            phase = current_phase(therapy=ocrevus, dose_number=dose_number, variant="fast", on=TODAY)
            return phase.stay_minutes()

        assert [stay(number) for number in (1, 2, 3, 9)] == [270, 270, 240, 240]

    def test_a_dose_beyond_the_course_is_refused_in_words(self):
        iron = Therapy.objects.get(slug="iron-sucrose")
        with pytest.raises(NoPhase, match="Iron sucrose has no dose 6"):
            current_phase(therapy=iron, dose_number=6, variant="", on=TODAY)

    def test_a_day_before_the_first_version_is_refused_in_words(self, ocrevus):
        with pytest.raises(NoPhase, match="Ocrevus has no version in force on 2019-01-01"):
            current_phase(therapy=ocrevus, dose_number=1, variant="", on=date(2019, 1, 1))

    def test_it_asks_the_database_twice_however_many_phases(self, django_assert_num_queries):
        lemtrada = Therapy.objects.get(slug="lemtrada")
        with django_assert_num_queries(2):
            current_phase(therapy=lemtrada, dose_number=7, variant="", on=TODAY)

    def test_the_stored_phases_give_the_published_days(self, ocrevus):
        third = due_dose(
            phases=phases_of(ocrevus.versions.get()),
            dose_number=3,
            dates={1: date(2026, 1, 5), 2: date(2026, 1, 19)},
            start_on=date(2026, 1, 5),
        )
        assert third.target == date(2026, 1, 5) + timedelta(days=168)


class TestFreezing:
    def test_a_version_in_force_is_frozen_and_one_to_come_is_not(self, ocrevus):
        assert is_frozen(version=ocrevus.versions.get(), today=TODAY)
        coming = new_version_from(version=ocrevus.versions.get(), effective_from=TODAY + timedelta(days=1))
        assert not is_frozen(version=coming, today=TODAY)
        assert is_frozen(version=coming, today=TODAY + timedelta(days=1))

    def test_a_version_to_come_that_something_was_booked_with_is_frozen(self, ocrevus):
        coming = new_version_from(version=ocrevus.versions.get(), effective_from=TODAY + timedelta(days=30))
        book_with(phase=coming.phases.get(first_dose=1))
        assert is_frozen(version=coming, today=TODAY)

    def test_a_copy_has_the_same_facts_and_the_next_number(self, ocrevus):
        original = ocrevus.versions.get()
        copy = new_version_from(version=original, effective_from=TODAY)
        assert (copy.number, copy.source) == (2, original.source)
        for model in (DosePhase, Prerequisite):
            assert catalog_rules._rows(model, copy) == catalog_rules._rows(model, original)
        assert phases_of(copy) == phases_of(original)


@pytest.mark.parametrize(
    ("slug", "first_dose", "variant", "name"),
    [
        ("tysabri", 1, "", "Tysabri dose 1–12"),
        ("tysabri", 13, "", "Tysabri dose 13+"),
        ("ocrevus", 2, "", "Ocrevus dose 2"),
        ("ocrevus", 3, "fast", "Ocrevus dose 3+ fast"),
    ],
)
def test_a_phase_is_called_by_its_doses(slug, first_dose, variant, name):
    phase = DosePhase.objects.get(version__therapy__slug=slug, first_dose=first_dose, variant=variant)
    assert str(phase) == name
