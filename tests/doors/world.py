"""A world with two clinics, each with a patient whose name must not be read in the other, and everybody who asks."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Any

from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from clinic import closing, patterns, staffing
from clinic.models import Clinic, Role, User
from clinic.quarters import QUARTER
from patients import drafts
from patients.emergency import open_record
from patients.models import Authorization, ContactKind, ContactPoint, DoseGiven, DoseSource, Patient
from reminders.links import token_of
from reminders.models import Channel, Meaning, Message, Reply, Via
from scheduling import waitlist
from scheduling.models import Appointment
from scheduling.reports.metrics import SECTIONS
from tests.doors.table import LETTERS, SEES_PATIENTS
from tests.reminders.desk import texted
from tests.world import DAY, at, booked, make_clinic, make_patient, make_plan, make_user, on_floor

BORN = date(1961, 7, 19)


@dataclass(frozen=True, slots=True)
class Address:
    """One pattern of the resolver."""

    name: str
    route: str
    view: Any

    @property
    def key(self) -> str:
        """The row's name in the table."""
        return "admin" if self.route.startswith("admin/") else self.name

    def path(self, args: dict[str, Any]) -> str:
        """Where it is in the world. Raises `KeyError` for a part that the world has nothing for."""
        route = re.sub(r"\^?\(\?P<(\w+)>[^)]*\)(/?)\$", r"<\1>\2", self.route)
        return "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda part: str(args[part[1]]), route)


def addresses(resolver: URLResolver | None = None, route: str = "", space: str = "") -> Iterator[Address]:
    """Every address of the program, includes and all."""
    for one in (resolver or get_resolver()).url_patterns:
        further = route + str(one.pattern)
        if isinstance(one, URLResolver):
            yield from addresses(one, further, f"{space}{one.namespace}:" if one.namespace else space)
        else:
            assert isinstance(one, URLPattern)
            yield Address(f"{space}{one.name or ''}", further, one.callback)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who asks: what they are, where, and the browser."""

    label: str
    letter: str
    """Of the role, or nothing."""
    at_home: bool
    """Works in Madison, whose things the addresses are about."""
    is_signed_in: bool
    is_superuser: bool
    browser: Client

    @property
    def sees(self) -> set[str]:
        """The clinics whose patients they may see."""
        if self.is_superuser:
            return {"madison", "wausau"}
        return {"madison" if self.at_home else "wausau"} if self.letter and self.letter in SEES_PATIENTS else set()


@dataclass(frozen=True, slots=True)
class World:
    """All there is: for the addresses, and who asks."""

    args: dict[str, Any]
    people: tuple[Person, ...]
    secrets: Mapping[str, tuple[str, str, str]]
    """What names the patient of each clinic."""
    manager: User

    def args_for(self, address: Address) -> dict[str, Any]:
        """Where parts of addresses of the same name mean different things."""
        others = {"dose_given_remove": {"plan_id": self.args["earlier_plan_id"]}}
        others["outbox_letter"] = {"message_id": self.args["letter_id"]}
        return self.args | OTHERS.get(address.key, {}) | others.get(address.key, {})


OTHERS: dict[str, dict[str, Any]] = {
    "mfa_remove_webauthn": {"pk": 0},
    "outbox_wording": {"wording": "week", "channel": "sms", "code": "en"},
    "holiday": {"day": "2026-12-25"},
    "report_csv": {"section": SECTIONS[0].key},
    "admin": {"pk": 1},
}


def build() -> World:
    """Make it. The caller undoes it."""
    madison, wausau = make_clinic("madison"), make_clinic("wausau")
    manager = make_user("manager-madison", Role.MANAGER, madison)
    secrets = {
        "madison": ("Quillfeather", "Ottoline", "ZQ70441"),
        "wausau": ("Thistlewood", "Barnaby", "ZQ80552"),
    }
    colleague = make_user("colleague", Role.NURSE, madison)
    args = {"pk": colleague.pk, "app_label": "patients", **_facts(madison, *secrets["madison"], manager)}
    _facts(wausau, *secrets["wausau"], colleague)
    rescuer = make_user("rescuer", Role.NURSE, wausau)
    access = open_record(by=rescuer, known_as=secrets["madison"][2], birth_date=BORN, reason="Reacts to the drug")
    args["access_id"] = access.pk
    return World(args, tuple(_people(madison, wausau, manager)), secrets, manager)


def _facts(clinic: Clinic, family: str, given: str, mrn: str, manager: User) -> dict[str, Any]:
    """A clinic's day with one patient who is in everything, and what the addresses call all of it."""
    shift = on_floor(clinic, breaks=[("12:00", "12:30")])
    on_floor(clinic)
    patient = make_patient(clinic, family, given, mrn=mrn, birth_date=BORN)
    mobile = "+1715555" + mrn[-4:]
    point = ContactPoint.objects.create(patient=patient, kind=ContactKind.MOBILE, value=mobile)
    visit = booked(clinic, plan=make_plan(patient))
    visit.refresh_from_db()
    return {
        "clinic": clinic.slug,
        "day": DAY.isoformat(),
        "month": f"{DAY:%Y-%m}",
        "clock": "13:00",
        "mrn": mrn[:-1],
        "born": f"{BORN:%-m/%-d/%Y}",
        "shift_id": shift.pk,
        "patient_id": patient.pk,
        "plan_id": visit.plan_id,
        "dose": 2,
        "appointment_id": visit.pk,
        "point_id": point.pk,
        "token": token_of(visit),
        "name": "waitlist",
        "key": "1-1",
        "url": "nowhere",
        "object_id": patient.pk,
        "content_type_id": 1,
        **_places(clinic, visit),
        **_papers(patient, visit, manager),
        **_told(visit, mobile),
    }


def _places(clinic: Clinic, visit: Appointment) -> dict[str, Any]:
    """Chairs, what is closed, and who is away: on another day, so that the visit stays as it is."""
    later = DAY + timedelta(days=1)
    chairs = list(clinic.chairs.order_by("position"))
    start, end = at(clinic, "15:00", later), at(clinic, "17:00", later)
    other = on_floor(clinic, day=later)
    made = patterns.begin(
        nurse=other.nurse,
        clinic=clinic,
        weekdays=[5],
        times=patterns.Times(time(9), time(15), None, 30),
        first_day=DAY,
        last_day=None,
        rostered_until=DAY,
        today=DAY,
    )
    assert made is not None
    return {
        "chair_id": next(chair.pk for chair in chairs if chair != visit.chair),
        "other_chair_id": chairs[-1].pk,
        "pattern_id": other.nurse.patterns.get().pk,
        "absence_id": staffing.record_absence(nurse=other.nurse, start=start, end=end, reason="Sick", by=None).pk,
        "closure_id": closing.close_clinic(clinic=clinic, start=start, end=end, reason="Snow").pk,
        "outage_id": closing.put_chair_out(chair=chairs[-1], start=start, end=end, reason="Broken").pk,
    }


def _papers(patient: Patient, visit: Appointment, manager: User) -> dict[str, Any]:
    """What hangs on the plan; a second course that waits for a time; a file that was uploaded."""
    waits = make_plan(patient, "ocrevus")
    entry = waitlist.add(plan=waits, dose_number=1, by=None)
    clinic, later = visit.clinic, DAY + timedelta(days=2)
    on_floor(clinic, day=later)
    offer = waitlist.offer(entry=entry, clinic=clinic, start=at(clinic, "9:00", later), by=None, hold=QUARTER)
    earlier = make_plan(patient, "briumvi")
    DoseGiven.objects.create(plan=earlier, dose_number=1, given_on=date(2025, 1, 6), source=DoseSource.ENTERED)
    authorization = Authorization.objects.create(
        plan=visit.plan,
        payer="Acme",
        number=f"A{patient.pk}",
        valid_from=DAY,
        valid_until=DAY + timedelta(days=90),
        recorded_at=timezone.now(),
    )
    header = "mrn,family_name,given_name,birth_date,clinic\n"
    line = f"{patient.mrn},{patient.family_name}-Long,{patient.given_name},1961-07-19,{visit.clinic.slug}\n"
    return {
        "entry_id": entry.pk,
        "offer_id": offer.pk,
        "clearance_id": visit.plan.clearances.order_by("pk")[0].pk,
        "authorization_id": authorization.pk,
        "dose_number": 1,
        "earlier_plan_id": earlier.pk,
        "draft_id": drafts.keep(content=(header + line).encode(), name="patients.csv", owner=manager).pk,
    }


def _told(visit: Appointment, mobile: str) -> dict[str, Any]:
    message = texted(visit, recipient=mobile, body=f"Smart Clinics: {visit.patient.given_name}, your visit")
    letter = Message.objects.filter(appointment=visit, channel=Channel.EMAIL).earliest("due_at")
    reply = Reply.objects.create(
        via=Via.SMS,
        number=mobile,
        words=f"This is {visit.patient.family_name}",
        meaning=Meaning.OTHER,
        patient=visit.patient,
        appointment=visit,
        clinic=visit.clinic,
        received_at=timezone.now(),
    )
    return {"message_id": message.pk, "letter_id": letter.pk, "reply_id": reply.pk}


def _people(madison: Clinic, wausau: Clinic, manager: User) -> Iterator[Person]:
    yield Person("nobody signed in", "", False, False, False, Client())
    left = make_user("left", Role.MANAGER, madison)
    browser = _signed_in(left)
    left.is_active = False
    left.save()
    yield Person("removed manager of madison", "", True, False, False, browser)
    yield Person("no role anywhere", "", False, True, False, _signed_in(make_user("new", Role.NURSE)))
    for clinic in (madison, wausau):
        for letter, role in LETTERS.items():
            is_manager = role == Role.MANAGER and clinic == madison
            user = manager if is_manager else make_user(f"{role}-{clinic.slug}", role, clinic)
            yield Person(f"{role} of {clinic.slug}", letter, clinic == madison, True, False, _signed_in(user))
    owner = User.objects.create_superuser("owner", password="chairside-demo")
    yield Person("superuser", "M", True, True, True, _signed_in(owner))


def _signed_in(user: User) -> Client:
    browser = Client()
    browser.force_login(user)
    return browser
