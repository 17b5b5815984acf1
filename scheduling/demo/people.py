"""Invented people: names as heard in Wisconsin, telephone numbers reserved for fiction, e-mail that goes nowhere."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from random import Random

from clinic.models import ChairKind, Clinic
from patients.registering import Contacts, Person

MRN_PREFIX = "SI1"
"""Every invented patient's record number begins with this, followed by four digits."""

WOMEN = {
    1950: "Barbara Carol Diane Donna Elaine Janet Joan Judith Karen Linda Marlene Nancy Patricia Sandra Sharon",
    1965: "Brenda Cynthia Debra Jill Julie Kim Laura Lisa Lori Mary Michelle Pamela Susan Tammy Teresa",
    1980: "Amanda Amy Angela Becky Crystal Erin Heather Jennifer Jessica Kelly Melissa Nicole Sarah Stacy Tiffany",
    1993: "Abigail Alexis Alyssa Brianna Emily Hannah Kayla Kaitlyn Megan Morgan Paige Rachel Samantha Taylor",
}
MEN = {
    1950: "Dale David Dennis Gary Gerald James Jerome Kenneth Larry Richard Robert Roger Ronald Thomas Wayne",
    1965: "Brian Craig Daniel Gregory Jeffrey John Keith Kevin Mark Michael Patrick Paul Scott Steven Timothy Todd",
    1980: "Adam Andrew Benjamin Chad Christopher Eric Jason Jeremy Joshua Justin Matthew Nathan Ryan Travis",
    1993: "Austin Brandon Cody Dylan Ethan Hunter Jacob Jordan Kyle Logan Tanner Trevor Tyler Zachary",
}
FAMILIES = (
    "Anderson Johnson Olson Larson Peterson Nelson Hanson Schmidt Mueller Schultz Krueger Becker Wagner Weber Koch "
    "Schroeder Zimmerman Hoffman Meyer Krause Lange Braun Vogel Gruber Neumann Zastrow Radtke Buchholz Manthei Klug "
    "Kowalski Nowak Wisniewski Kaminski Lewandowski Zielinski Jankowski Piotrowski Gorski Szymanski Dombrowski "
    "Halvorson Thorson Gunderson Knutson Amundson Torgerson Ellingson Sorenson Bjornstad Haugen Lien Moen Rasmussen "
    "Christensen Jorgensen Vandenberg Van_Dyke Vander_Loop Dufresne LaPointe Beauprey Charbonneau Thibodeaux O'Brien "
    "Murphy Sullivan McCarthy Fitzgerald Doyle Smith Miller Brown Davis Wilson Moore Taylor Clark Lewis Hall Young "
    "King Wright Baker Carlson Swanson Lindquist Engstrom Bergstrom Nygaard Heikkinen Maki Koski Novak Svoboda Kovacic "
    "Garcia Martinez Hernandez Lopez Ramirez Washington Robinson Jackson Coleman Patel Nguyen Yang Vang Xiong Lor "
    "Thao Moua Her Whitehorse Decorah Funmaker Corn Skenandore Metoxen Cornelius Bearheart Cloud Two_Crow Webster"
)
HMONG_WOMEN = "Mai Pa_Nhia Bao Kia Yer Gao_Nou Chee See"
HMONG_MEN = "Tou Chue Kong Pheng Xeng Fue Nhia Cher"
HMONG_FAMILIES = frozenset({"Yang", "Vang", "Xiong", "Lor", "Thao", "Moua", "Her"})
SPANISH_WOMEN = "Maria Guadalupe Rosa Ana Lucia Carmen"
SPANISH_MEN = "Jose Luis Carlos Miguel Juan Jorge"
SPANISH_FAMILIES = frozenset({"Garcia", "Martinez", "Hernandez", "Lopez", "Ramirez"})
ALERTS = (
    "Allergy: penicillin",
    "Allergy: latex",
    "Fall risk: uses a walker",
    "Fall risk: transfers with one assist",
    "Mild rash at an earlier infusion, settled with diphenhydramine",
    "Hard stick: warm the arm, try the left forearm",
    "Faints at needles: recline first",
    "Allergy: sulfa",
    "Diabetes: check sugar before steroids",
)
AREA_CODES = {
    "madison": ("608", "353", "920", "815", "779", "563", "847"),
    "eau-claire": ("715", "651", "612", "763", "952"),
    "wausau": ("534", "906", "218"),
}
"""Those of home first, then those of the neighbours: people keep their numbers when they move."""

LANDLINE_CODES = ("262", "414", "274", "224", "331", "630", "708")
CLINIC_LINES = 2
"""The first numbers of each area code belong to the clinics."""


def invent(*, homes: Sequence[Clinic], rng: Random) -> list[tuple[Person, Contacts]]:
    """One person per home clinic given, each with ways to be reached. The first two share their name."""
    mobiles = {slug: _numbers(codes) for slug, codes in AREA_CODES.items()}
    landlines = _numbers(LANDLINE_CODES)
    people: list[tuple[Person, Contacts]] = []
    addresses: dict[str, int] = {}
    for index, home in enumerate(homes):
        family, given, born, language = ("Johnson", "Karen", _birth_date(rng, 1965), "en") if index < 2 else _name(rng)
        has_walker = rng.random() < 0.06
        far = rng.random() < 0.25
        person = Person(
            mrn=f"{MRN_PREFIX}{index + 1:04}",
            family_name=family,
            given_name=given,
            birth_date=born,
            home_clinic=home,
            language=language,
            needs_interpreter=language != "en",
            extra_minutes=15 if has_walker else 0,
            chair_kind=rng.choice((ChairKind.BED, ChairKind.PRIVATE)) if rng.random() < 0.03 else "",
            needs_driver=rng.random() < 0.3,
            drive_minutes=rng.randrange(50, 125, 5) if far else rng.randrange(5, 50, 5),
            alerts=ALERTS[2] if has_walker else rng.choice(ALERTS) if rng.random() < 0.1 else "",
        )
        contacts = Contacts(
            mobile=next(mobiles[home.slug], "") if rng.random() < 0.93 else "",
            landline=next(landlines, "") if born.year < 1962 or rng.random() < 0.1 else "",
            email=_email(person, addresses) if rng.random() < 0.85 else "",
        )
        people.append((person, contacts if contacts != Contacts() else Contacts(email=_email(person, addresses))))
    return people


def _name(rng: Random) -> tuple[str, str, date, str]:
    """Family name, given name, date of birth and language. Three of four are women, as among people with MS."""
    family = rng.choice(FAMILIES.split()).replace("_", " ")
    is_woman = rng.random() < 0.74
    decade = rng.choices((1950, 1965, 1980, 1993), weights=(16, 34, 34, 16))[0]
    names, language = (WOMEN if is_woman else MEN)[decade], "en"
    if family in HMONG_FAMILIES and decade < 1993:
        names, language = HMONG_WOMEN if is_woman else HMONG_MEN, "hmn" if decade < 1980 else "en"
    elif family in SPANISH_FAMILIES and rng.random() < 0.7:
        names, language = SPANISH_WOMEN if is_woman else SPANISH_MEN, "es" if rng.random() < 0.5 else "en"
    return family, rng.choice(names.split()).replace("_", " "), _birth_date(rng, decade), language


def _birth_date(rng: Random, decade: int) -> date:
    return date(decade - 5, 1, 1) + timedelta(days=rng.randrange(13 * 365))


def _numbers(codes: Sequence[str]) -> Iterator[str]:
    """555-0100 to 555-0199 are never given to anybody, in any area code."""
    return (f"+1{code}55501{line:02}" for code in codes for line in range(CLINIC_LINES, 100))


def _email(person: Person, taken: dict[str, int]) -> str:
    plain = "".join(
        letter for letter in f"{person.given_name}.{person.family_name}".lower() if letter.isalpha() or letter == "."
    )
    taken[plain] = taken.get(plain, 0) + 1
    return f"{plain}{taken[plain] if taken[plain] > 1 else ''}@example.com"
