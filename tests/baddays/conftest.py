"""One database server and one web server for all bad days. What is made there stays: tests count their own."""

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from clinic.models import Clinic, Role, User
from patients.models import TreatmentPlan
from tests.baddays.desk import Desk
from tests.baddays.place import NO_BROKER, Database, Web, in_this_process_too
from tests.clinic.processes import nothing_left
from tests.world import make_clinic, make_nurse, make_patient, make_user, on_floor, therapy

DAYS = 5


@dataclass(frozen=True)
class Ward:
    """A clinic with room for everybody who is booked here, the servers behind it, and the front desk."""

    database: Database
    web: Web
    clinic: Clinic
    user: User

    @property
    def first_day(self) -> date:
        return timezone.localdate() + timedelta(days=14)

    def desk(self) -> Desk:
        return Desk.of(self.user, self.web.url)

    def plans(self, many: int) -> list[TreatmentPlan]:
        """Plans of new patients, whose first dose is due when the nurses are there."""
        return [
            TreatmentPlan.objects.create(
                patient=make_patient(self.clinic), therapy=therapy(), start_on=self.first_day + timedelta(days=2)
            )
            for _ in range(many)
        ]


@pytest.fixture(scope="package")
def ward(django_db_blocker: DjangoDbBlocker) -> Iterator[Ward]:
    data = Path(tempfile.mkdtemp(prefix="chairside-badday-"))
    database = Database(data / "postgres")
    with django_db_blocker.unblock(), in_this_process_too(database):
        clinic = make_clinic("madison", chairs=12)
        team = [make_nurse(clinic) for _ in range(6)]
        web = Web(data, {"DATABASE_URL": database.url, "REDIS_URL": NO_BROKER, "SECRET_KEY": settings.SECRET_KEY})
        ward = Ward(database, web, clinic, make_user("frontdesk", Role.FRONT_DESK, clinic))
        for number in range(DAYS):
            for nurse in team:
                on_floor(clinic, day=ward.first_day + timedelta(days=number), nurse=nurse)
        try:
            web.start()
            yield ward
        finally:
            web.stop()
    assert nothing_left(data)
    shutil.rmtree(data)
