"""The shipped file: minutes that make the blocks, facts that fit together, words that patients may read."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from therapies.models import DosePhase, PrerequisiteLife
from therapies.shipped import CATALOG, CatalogError, Row, read_catalog

THERAPIES = {therapy.slug: therapy for therapy in read_catalog().therapies}
PHASES = [(slug, phase) for slug, therapy in THERAPIES.items() for phase in therapy.phases]

BLOCKS = [
    ("tysabri", 1, "", 150),
    ("tysabri", 13, "", 90),
    ("tyruko", 1, "", 150),
    ("tyruko", 13, "", 90),
    ("ocrevus", 1, "", 270),
    ("ocrevus", 2, "", 270),
    ("ocrevus", 3, "", 330),
    ("ocrevus", 3, "fast", 240),
    ("ocrevus-zunovo", 1, "", 135),
    ("ocrevus-zunovo", 2, "", 90),
    ("briumvi", 1, "", 360),
    ("briumvi", 2, "", 180),
    ("briumvi", 3, "", 120),
    ("lemtrada", 1, "", 480),
    ("lemtrada", 2, "", 480),
    ("lemtrada", 6, "", 480),
    ("lemtrada", 7, "", 480),
    ("methylprednisolone", 1, "", 90),
    ("methylprednisolone", 2, "", 90),
    ("infliximab", 1, "", 180),
    ("infliximab", 4, "", 180),
    ("vedolizumab", 1, "", 60),
    ("vedolizumab", 4, "", 60),
    ("ferric-carboxymaltose", 1, "", 75),
    ("iron-sucrose", 1, "", 75),
    ("ivig", 1, "", 300),
    ("ivig", 2, "", 300),
    ("ivig", 6, "", 240),
]


def phase_of(slug: str, first_dose: int, variant: str = "") -> Row:
    (phase,) = [row for row in THERAPIES[slug].phases if (row["first_dose"], row["variant"]) == (first_dose, variant)]
    return phase


def needs(slug: str) -> dict[str, Row]:
    return {row["code"]: row for row in THERAPIES[slug].prerequisites}


@pytest.mark.parametrize(("slug", "first_dose", "variant", "block"), BLOCKS)
def test_the_minutes_of_a_phase_make_the_published_block(slug, first_dose, variant, block):
    assert DosePhase(**phase_of(slug, first_dose, variant)).stay_minutes() == block


@pytest.mark.parametrize(
    ("slug", "first_dose", "infusion", "observation"),
    [
        ("tysabri", 1, 60, 60),
        ("tysabri", 13, 60, 0),
        ("ocrevus", 1, 150, 60),
        ("ocrevus", 3, 210, 60),
        ("ocrevus-zunovo", 1, 10, 60),
        ("ocrevus-zunovo", 2, 10, 15),
        ("briumvi", 1, 240, 60),
        ("briumvi", 3, 60, 0),
        ("lemtrada", 1, 240, 120),
        ("vedolizumab", 1, 30, 0),
    ],
)
def test_infusion_and_observation_are_those_of_the_label(slug, first_dose, infusion, observation):
    phase = phase_of(slug, first_dose)
    assert (phase["infusion_minutes"], phase["observation_minutes"]) == (infusion, observation)


@pytest.mark.parametrize(
    ("slug", "first_dose", "days"),
    [
        ("ocrevus", 3, 140),
        ("briumvi", 3, 150),
        ("tysabri", 1, 21),
        ("tysabri", 13, 21),
        ("ferric-carboxymaltose", 1, 7),
    ],
)
def test_minimum_gaps(slug, first_dose, days):
    assert phase_of(slug, first_dose)["min_gap_days"] == days


def test_only_the_fast_ocrelizumab_and_the_unobserved_natalizumab_need_earlier_tolerance():
    asking = {(slug, row["first_dose"], row["variant"]) for slug, row in PHASES if row["needs_prior_tolerance"]}
    assert asking == {("tysabri", 13, ""), ("tyruko", 13, ""), ("ocrevus", 3, "fast")}


@pytest.mark.parametrize(
    ("slug", "first_dose", "acuity"),
    [
        ("tysabri", 1, 2),
        ("tysabri", 13, 1),
        ("ocrevus", 2, 3),
        ("ocrevus", 3, 2),
        ("lemtrada", 7, 3),
        ("briumvi", 1, 3),
    ],
)
def test_acuity_follows_the_risk_of_a_reaction(slug, first_dose, acuity):
    assert phase_of(slug, first_dose)["acuity"] == acuity


def test_the_days_of_a_block_are_consecutive_and_its_first_day_is_not():
    block = {(slug, row["first_dose"]) for slug, row in PHASES if row["is_consecutive"]}
    assert block == {
        ("lemtrada", 2),
        ("lemtrada", 7),
        ("lemtrada", 10),
        ("lemtrada", 13),
        ("methylprednisolone", 2),
        ("ivig", 2),
    }


@pytest.mark.parametrize(("slug", "phase"), PHASES)
def test_every_phase_can_be_stored(slug, phase):
    assert phase["amber_before"] >= phase["green_before"] >= 0
    assert phase["amber_after"] >= phase["green_after"] >= 0
    assert phase["min_gap_days"] <= phase["target_days"] or phase["anchor_dose"]
    DosePhase(**phase).clean_fields(exclude=["version"])


def test_tysabri_and_tyruko_have_each_their_own_program():
    tysabri, tyruko = ({code for code, row in needs(slug).items() if row["is_hard"]} for slug in ("tysabri", "tyruko"))
    assert tysabri == {"touch-enrollment", "touch-status", "touch-checklist"}
    assert tyruko == {"tyruko-enrollment", "tyruko-status", "tyruko-checklist"}


@pytest.mark.parametrize("slug", ["ocrevus", "ocrevus-zunovo", "briumvi"])
def test_no_anti_cd20_dose_without_a_hepatitis_b_screen(slug):
    row = needs(slug)["hepatitis-b"]
    assert (row["is_hard"], row["life"]) == (True, "once")


def test_the_jcv_antibody_is_renewed_every_six_months():
    assert needs("tysabri")["jcv-antibody"]["valid_days"] == 182


@pytest.mark.parametrize("slug", THERAPIES)
def test_every_prerequisite_has_a_life_and_periodic_ones_days(slug):
    for row in THERAPIES[slug].prerequisites:
        assert row["life"] in PrerequisiteLife.values
        assert (row["life"] == "periodic") == (row["valid_days"] is not None)
    assert "order" in needs(slug)


@pytest.mark.parametrize("slug", THERAPIES)
def test_every_therapy_says_where_its_facts_come_from(slug):
    source = THERAPIES[slug].source
    assert "http" in source
    assert "[proposed]" in source


@pytest.mark.parametrize("slug", THERAPIES)
def test_what_patients_read_names_no_drug_and_no_diagnosis(slug):
    words = {"MS", "sclerosis", "Crohn", "TOUCH", "REMS", "iron", "steroid", "antihistamine", "infliximab"}
    for therapy in THERAPIES.values():
        words |= {therapy.name, therapy.substance, *therapy.name.split()}
    text = f"{THERAPIES[slug].preparation}\n{THERAPIES[slug].aftercare}"
    found = [word for word in words if re.search(rf"\b{re.escape(word)}\b", text, re.IGNORECASE)]
    assert found == []


@pytest.mark.parametrize("slug", THERAPIES)
def test_patients_are_told_to_drink_and_whom_to_call(slug):
    assert "Drink plenty of water" in THERAPIES[slug].preparation
    assert "911" in THERAPIES[slug].aftercare
    assert "call the clinic" in THERAPIES[slug].aftercare.lower()


@pytest.mark.parametrize("slug", ["ocrevus", "ocrevus-zunovo", "briumvi", "lemtrada"])
def test_who_gets_a_sedating_premedication_is_told_to_bring_a_driver(slug):
    assert "drive you home" in THERAPIES[slug].preparation


def test_no_two_therapies_share_a_slug():
    assert len(THERAPIES) == len(read_catalog().therapies) == 12


@pytest.mark.parametrize(
    ("written", "instead", "named"),
    [
        ('"water", "sleeves", "short-day", "well", "changes"', '"watter"', "watter"),
        ("infusion = 60,", "infuson = 60,", "infusion"),
        ("acuity = 2", "acuity = 2\ncolour = 1", "colour"),
    ],
)
def test_a_slip_in_the_file_names_the_therapy_and_the_word(tmp_path: Path, written, instead, named):
    slipped = tmp_path / "catalog.toml"
    slipped.write_text(CATALOG.read_text(encoding="utf-8").replace(written, instead, 1), encoding="utf-8")
    with pytest.raises(CatalogError, match=f"tysabri.*{named}"):
        read_catalog(slipped)


@pytest.mark.parametrize("module", ["therapies.series", "therapies.shipped"])
def test_the_arithmetic_and_the_reader_do_without_django(module):
    code = f"import sys, {module}; sys.exit('django' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=CATALOG.parents[1])
