"""The documented contract is the contract, and its limits are facts."""

from __future__ import annotations

from pathlib import Path

import pytest

from openntz.course.vocabulary import CANONICAL_UNITS
from openntz.evidence.registry import registry
from openntz.records.csv import read_folder
from openntz.records.limits import Limits, slug
from openntz.records.reference import tables_page
from tests.records.build import AS_OF, only, result_rows, write

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "tables.md"


def test_reference_page_is_written_from_the_contract():
    assert PAGE.read_text(encoding="utf-8") == tables_page(registry()), (
        "write it again: python -m openntz.records.reference > docs/reference/tables.md"
    )


@pytest.mark.parametrize("test", CANONICAL_UNITS)
@pytest.mark.parametrize("end", ["lowest", "highest"])
def test_every_test_has_bounds_in_its_canonical_unit(test, end):
    fact = registry().fact(f"plausible.{slug(test)}.{end}")

    assert fact.unit == CANONICAL_UNITS[test]
    assert fact.rank == "project default"


@pytest.mark.parametrize("test", CANONICAL_UNITS)
def test_bounds_are_in_order(test):
    bounds = Limits.create(registry(), AS_OF).tests[test]

    assert 0 <= bounds.low < bounds.high


def test_bilirubin_molar_mass_matches_its_formula():
    # C33H36N4O6 with the conventional atomic weights of C, H, N and O.
    weights = {"C": (33, 12.0107), "H": (36, 1.00794), "N": (4, 14.0067), "O": (6, 15.9994)}
    mass = sum(count * weight for count, weight in weights.values())

    # The fact is given to a hundredth of a gram.
    assert registry().fact("bilirubin.molar-mass").number == pytest.approx(mass, abs=0.005)


def test_levels_that_have_been_seen_are_possible():
    bounds = Limits.create(registry(), AS_OF).tests["natalizumab"]

    # Highest routine level in the literature 193.3 ug/mL; label Cmax 110 with SD 52.
    assert bounds.holds(193.3)
    assert bounds.holds(110 + 2 * 52)
    assert not bounds.holds(240.0)  # 24 mg/dL


def test_a_site_s_own_bound_decides_and_is_shown(tmp_path):
    site = tmp_path / "site.toml"
    site.write_text(
        '[override."plausible.weight.highest"]\nvalue = 100\nwho = "Clinic"\nwhen = 2024-01-01\n',
        encoding="utf-8",
    )
    folder = tmp_path / "export"
    folder.mkdir()
    write(folder, measurements=result_rows("A,2024-05-01,weight,120,kg,,,,"))

    assert read_folder(folder, as_of=AS_OF).courses["A"].measurements
    problem = only(read_folder(folder, as_of=AS_OF, evidence=registry().with_site(site)).rejected)
    assert "25 to 100 kg, set by the site" in problem.reason
