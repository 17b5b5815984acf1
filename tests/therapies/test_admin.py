"""Therapies in the admin: what is in force is looked at, copies are edited."""

from datetime import date, timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.models import User
from therapies.catalog import new_version_from
from therapies.models import TherapyVersion

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 22)
CHANGELIST = reverse("admin:therapies_therapyversion_changelist")


@pytest.fixture(autouse=True)
def at_noon():
    with time_machine.travel(f"{TODAY}T18:00Z", tick=False):
        yield


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(User.objects.create_superuser(username="boss", password="x"))
    return client


@pytest.fixture
def shipped() -> TherapyVersion:
    return TherapyVersion.objects.get(therapy__slug="ocrevus")


@pytest.fixture
def draft(shipped: TherapyVersion) -> TherapyVersion:
    return new_version_from(version=shipped, effective_from=TODAY + timedelta(days=14))


def page_of(version: TherapyVersion) -> str:
    return reverse("admin:therapies_therapyversion_change", args=[version.pk])


def as_entered(client: Client, version: TherapyVersion) -> dict[str, object]:
    """What the browser would send when nothing was changed on a version's page."""
    page = client.get(page_of(version)).context
    forms = [page["adminform"].form]
    for inline in page["inline_admin_formsets"]:
        forms += [inline.formset.management_form, *inline.formset.forms]
    entered: dict[str, object] = {}
    for form in forms:
        for bound in form:
            value = bound.value()
            entered[bound.html_name] = "" if value is None else value
    return {name: value for name, value in entered.items() if value is not False}


def test_a_version_in_force_is_shown_and_cannot_be_changed(admin, shipped):
    page = admin.get(page_of(shipped))
    assert page.status_code == 200
    assert not page.context["has_change_permission"]
    assert b'name="_save"' not in page.content
    assert b"330" in page.content
    assert "choose “New version from this one”" in page.content.decode()
    assert admin.post(page_of(shipped), {"source": "elsewhere"}).status_code == 403
    assert admin.post(reverse("admin:therapies_therapyversion_delete", args=[shipped.pk])).status_code == 403


def test_a_page_with_many_phases_asks_the_database_no_more_than_one_with_few(admin):
    def queries(slug: str) -> int:
        with CaptureQueriesContext(connection) as asked:
            admin.get(page_of(TherapyVersion.objects.get(therapy__slug=slug)))
        return len(asked)

    queries("lemtrada")  # what Django asks once and keeps
    assert queries("lemtrada") == queries("ferric-carboxymaltose")


def test_a_version_in_force_is_copied_by_one_action_that_opens_the_copy(admin, shipped):
    answer = admin.post(CHANGELIST, {"action": "copy_as_new_version", "_selected_action": [shipped.pk]}, follow=True)
    copy = shipped.therapy.versions.get(number=2)
    assert answer.redirect_chain[-1][0] == page_of(copy)
    assert copy.effective_from == TODAY + timedelta(days=14)
    assert copy.phases.count() == shipped.phases.count()
    assert b"It takes effect on December 6, 2026" in answer.content


def test_a_version_to_come_is_edited(admin, draft):
    entered = as_entered(admin, draft)
    entered |= {"phases-0-infusion_minutes": 180, "phases-0-chair_kinds": ["bed"], "effective_from": "2026-12-01"}
    answer = admin.post(page_of(draft), entered)
    assert answer.status_code == 302, answer.context["errors"]
    draft.refresh_from_db()
    first = draft.phases.get(first_dose=1)
    assert (first.infusion_minutes, first.chair_kinds, draft.effective_from) == (180, ["bed"], date(2026, 12, 1))


def test_phases_that_overlap_are_refused_in_words(admin, draft):
    answer = admin.post(page_of(draft), as_entered(admin, draft) | {"phases-1-last_dose": 3})
    assert "The standard course covers dose 3 twice." in answer.content.decode()


def test_a_day_that_has_passed_is_refused_in_words(admin, draft):
    answer = admin.post(page_of(draft), as_entered(admin, draft) | {"effective_from": "2026-11-21"})
    assert "A version takes effect today or later." in answer.content.decode()


def test_a_version_made_from_nothing_gets_the_next_number(admin, shipped):
    entered = {
        "therapy": shipped.therapy_id,
        "effective_from": "2026-12-24",
        "source": "a new label",
        "phases-TOTAL_FORMS": 1,
        "phases-INITIAL_FORMS": 0,
        "phases-0-first_dose": 1,
        "phases-0-dose": "600 mg",
        "phases-0-acuity": 2,
        "phases-0-setup_minutes": 15,
        "phases-0-premedication_minutes": 0,
        "phases-0-infusion_minutes": 60,
        "phases-0-observation_minutes": 0,
        "phases-0-turnover_minutes": 10,
        "phases-0-target_days": 168,
        "phases-0-min_gap_days": 140,
        "phases-0-green_before": 0,
        "phases-0-green_after": 0,
        "phases-0-amber_before": 0,
        "phases-0-amber_after": 0,
        "prerequisites-TOTAL_FORMS": 0,
        "prerequisites-INITIAL_FORMS": 0,
    }
    answer = admin.post(reverse("admin:therapies_therapyversion_add"), entered)
    assert answer.status_code == 302, answer.context["errors"]
    assert shipped.therapy.versions.get(number=2).phases.get().infusion_minutes == 60


def test_the_list_of_versions_tells_which_are_to_come(admin, draft):
    page = admin.get(CHANGELIST).content.decode()
    assert page.count("takes effect later") == 1
    assert "in force or replaced" in page


def test_a_therapy_leads_to_its_versions(admin, draft):
    page = admin.get(reverse("admin:therapies_therapy_change", args=[draft.therapy_id])).content.decode()
    assert page_of(draft) in page
    assert "Version 2" in page


def test_a_therapys_notes_are_edited(admin, draft):
    url = reverse("admin:therapies_therapy_change", args=[draft.therapy_id])
    entered = {
        "slug": "ocrevus",
        "name": "Ocrevus",
        "substance": "ocrelizumab",
        "preparation": "Park behind the house.",
        "aftercare": "",
        "is_active": "on",
        "versions-TOTAL_FORMS": 0,
        "versions-INITIAL_FORMS": 0,
    }
    answer = admin.post(url, entered)
    assert answer.status_code == 302, answer.context["errors"]
    draft.therapy.refresh_from_db()
    assert draft.therapy.preparation == "Park behind the house."
