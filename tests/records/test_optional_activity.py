"""Optional columns: brain volume of a scan, breast-feeding after a delivery."""

from __future__ import annotations

import pytest

from tests.records.build import only, read

SCANS = "person,date,gadolinium_lesions,new_t2_lesions,enlarging_t2_lesions"


def volumes(folder, *cells: str, header: str = "brain_volume_change_percent"):
    rows = [f"A,2024-05-{i:02d},0,0,0,{cell}" for i, cell in enumerate(cells, start=1)]
    return read(folder, mri="\n".join((f"{SCANS},{header}", *rows)) + "\n")


def test_brain_volume_is_read_and_may_be_empty_or_absent(tmp_path):
    made = volumes(tmp_path, "-0.35", "", "0.1 %")
    read_back = [s.brain_volume_change_percent for s in made.courses["A"].mri]
    assert read_back == [-0.35, None, 0.1]
    assert not made.rejected
    plain = read(tmp_path, mri=f"{SCANS}\nA,2024-05-01,0,0,0\n")
    assert plain.courses["A"].mri[0].brain_volume_change_percent is None


@pytest.mark.parametrize(("cell", "kept"), [("-10", -10.0), ("-10.1", None), ("10.1", None)])
def test_brain_volume_beyond_what_is_possible_is_listed(tmp_path, cell, kept):
    made = volumes(tmp_path, cell)
    (found,) = made.courses["A"].mri
    assert found.brain_volume_change_percent == kept
    if kept is None:
        problem = only(made.rejected)
        assert (problem.table, problem.line) == ("mri", 2)
        assert problem.column == "brain_volume_change_percent"
        assert "possible: -10 to 10 %/a" in problem.reason


def test_brain_volume_that_is_no_number_is_listed_and_the_scan_used(tmp_path):
    made = volumes(tmp_path, "stable")
    assert len(made.courses["A"].mri) == 1
    assert only(made.rejected).value == "stable"


@pytest.mark.parametrize("header", ["breastfeeding", "Breast-feeding", "lactation"])
@pytest.mark.parametrize(
    ("cell", "expected"), [("yes", "yes"), ("until 2024-07-01", "until 2024-07-01"), ("n/a", "")]
)
def test_breast_feeding_is_kept_as_written(tmp_path, header, cell, expected):
    table = f"person,conception,due,delivery,outcome,{header}\n"
    made = read(tmp_path, pregnancies=f"{table}A,2023-09-01,,2024-05-20,live birth,{cell}\n")
    (found,) = made.courses["A"].pregnancies
    assert found.breastfeeding == expected
    assert not found.extra
