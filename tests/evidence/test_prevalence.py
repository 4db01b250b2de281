"""No frequency of antibodies without assay, cut-off, sampling and denominator (conflict C4)."""

from __future__ import annotations

from importlib import resources

import pytest
import tomli

from openntz.errors import EvidenceError
from openntz.evidence.prevalence import prevalence
from openntz.evidence.registry import registry

FILE = resources.files("openntz.evidence") / "prevalences.toml"
ENTRIES = tomli.loads(FILE.read_text(encoding="utf-8"))
WHOLE = {"assay": "ELISA", "threshold": "500 ng/mL", "sampling": "monthly", "denominator": "of 9"}


def test_affirm_says_all_that_calabresi_2007_states():
    shown = prevalence(registry().fact("ada.affirm.persistent")).shown
    assert shown == (
        "6 % of 625 people in AFFIRM "
        "(bridging ELISA, positive from 500 ng/mL, samples every 12 weeks)"
    )


def test_denominator_is_all_people_not_the_positives_matches_calabresi_2007_counts():
    count = {k: registry().fact(f"ada.affirm.{k}-count").number for k in ("any", "persistent")}
    people = registry().fact("ada.affirm.people").number
    assert round(100 * count["persistent"] / people) == 6
    assert round(100 * count["persistent"] / count["any"]) == 65
    assert f"of {people:g} people" in ENTRIES["ada.affirm.persistent"]["denominator"]


def test_same_drug_is_6_or_55_per_cent_by_the_cut_off():
    at_500 = prevalence(registry().fact("ada.p1978.persistent-at-500")).shown
    at_4 = prevalence(registry().fact("ada.p1978.persistent-at-4")).shown
    assert at_500.startswith("6 %")
    assert "positive from 500 ng/mL" in at_500
    assert at_4.startswith("55 %")
    assert "positive from 4 ng/mL" in at_4


def test_what_was_not_read_is_said():
    shown = prevalence(registry().fact("ada.strata.any-after-1-2-doses")).shown
    assert "cut-off not read" in shown
    assert "assay not read" in shown


@pytest.mark.parametrize("missing", sorted(WHOLE))
@pytest.mark.parametrize("empty", [True, False])
def test_frequency_that_lacks_one_of_the_four_is_refused(missing, empty):
    fact = registry().fact("ada.affirm.any")
    entry = {k: v for k, v in WHOLE.items() if k != missing}
    if empty:
        entry[missing] = ""
    with pytest.raises(EvidenceError, match=missing):
        prevalence(fact, on_file={fact.id: entry})
    assert prevalence(fact, on_file={fact.id: WHOLE}).shown.startswith("9 % of 9 (ELISA")


@pytest.mark.parametrize("name", ["ada.p1978.any", "ada.p1978.any-repeated-dosing"])
def test_range_over_all_assays_is_refused(name):
    with pytest.raises(EvidenceError, match="assay"):
        prevalence(registry().fact(name))


@pytest.mark.parametrize("name", sorted(ENTRIES))
def test_every_entry_belongs_to_a_fact_and_can_be_shown(name):
    shown = prevalence(registry().fact(name)).shown
    assert "(" in shown
    assert "ada." not in shown


def test_site_number_does_not_borrow_the_assay_of_the_published_one(tmp_path):
    file = tmp_path / "site.toml"
    file.write_text(
        '[override."ada.affirm.persistent"]\nvalue = 12\nwho = "Dr Adams"\nwhen = 2024-05-02\n',
        encoding="utf-8",
    )
    shown = prevalence(registry().with_site(file).fact("ada.affirm.persistent")).shown
    assert shown.startswith("12 % (set by Dr Adams, 2024-05-02), in place of 6 % of 625 people")
