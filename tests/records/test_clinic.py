"""The example clinic, read as a user reads it."""

from __future__ import annotations

import csv
import subprocess
import sys
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from openntz.course.course import TABLES
from openntz.records.csv import read_folder
from openntz.records.summary import by_kind, check_lines, overview
from tests.records.build import AS_OF

CLINIC = Path(__file__).parents[2] / "examples" / "clinic"


def lines(table):
    with (CLINIC / f"{table}.csv").open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def records():
    return read_folder(CLINIC, as_of=AS_OF)


@pytest.mark.parametrize("table", TABLES)
def test_every_row_that_is_not_repeated_is_used(records, table):
    rows = [tuple(row.values()) for row in lines(table)]
    summary = records.tables[table]

    assert summary.read == len(rows)
    assert summary.used == len(set(rows))
    assert summary.duplicate == len(rows) - len(set(rows))
    assert summary.rejected == 0


def test_people_come_in_the_order_of_their_table(records):
    assert list(records.courses) == [row["person"] for row in lines("people")]


def test_nothing_is_set_aside_but_repeated_rows(records):
    assert records.rejected == ()
    assert set(by_kind(records)) == {"duplicate", "assumed", "read as"}
    assert records.incomplete == {}


def test_doses_hold_what_the_table_holds(records):
    for row in lines("doses"):
        (dose,) = (
            d
            for d in records.courses[row["person"]].doses
            if d.at.isoformat(timespec="minutes") == row["start"]
        )
        assert dose.amount_mg == float(row["dose_mg"])
        assert dose.route == row["route"]
        assert dose.batch == row["batch"]
        assert (dose.end.isoformat(timespec="minutes") if dose.end else "") == row["end"]


# Written out here once more so that a wrong conversion in the package cannot hide itself.
FACTORS = {
    ("lymphocytes", "cells/uL"): 0.001,
    ("weight", "lb"): 0.45359237,
}


def test_results_hold_what_the_table_holds(records):
    rows = lines("measurements")
    for name, course in records.courses.items():
        for measured in course.measurements:
            row = rows[measured.ref.line - 2]
            assert row["person"] == name
            assert row["test"] == measured.test
            assert row["taken"][:10] == measured.day.isoformat()
            if measured.value is None:
                assert measured.answer == row["value"]
                continue
            factor = FACTORS.get((row["test"], row["unit"]), 1.0)
            assert measured.value == pytest.approx(float(row["value"].lstrip("<")) * factor)
            assert measured.censor == ("<" if row["value"].startswith("<") else "")


def test_answers_of_numeric_antibodies_follow_their_cut_off(records):
    rows = lines("measurements")
    for course in records.courses.values():
        for measured in course.results("anti-natalizumab antibodies"):
            row = rows[measured.ref.line - 2]
            cut_off = float(row["threshold"].split()[0])
            assert measured.assay.threshold == cut_off
            if row["unit"]:
                number = float(row["value"].lstrip("<"))
                below = row["value"].startswith("<") or number < cut_off
                assert measured.answer == ("negative" if below else "positive")


def test_overview_counts_what_is_in_the_courses(records):
    seen = overview(records)
    levels = Counter(
        row["test"] for row in {tuple(r.items()): r for r in lines("measurements")}.values()
    )

    assert seen.people == 62
    assert seen.doses == len(lines("doses"))
    assert seen.levels == levels["natalizumab"]
    assert seen.last == AS_OF
    assert seen.missing == ()


def test_a_review_of_an_earlier_day_keeps_what_came_later_without_setting_it_aside():
    records = read_folder(CLINIC, as_of=date(2020, 6, 30))

    assert records.rejected == ()
    assert {n.kind for n in records.notes if n.table == "doses"} == {"assumed", "later"}
    assert records.courses["N026"].person.ms_onset is None  # 2021-09-07, not known in 2020
    assert records.tables["doses"].used == len(lines("doses"))
    assert overview(records).doses < len(lines("doses"))


def test_the_report_of_the_check_is_plain_text(records):
    text = "\n".join(check_lines(records))

    assert text.startswith("62 people, 1735 doses, 213 natalizumab levels.")
    assert "set aside" in text
    assert text.isprintable() or {c for c in text if not c.isprintable()} == {"\n"}


def test_the_example_loads_no_unit_parser():
    code = (
        "import sys; from pathlib import Path; from datetime import date;"
        "from openntz.records.csv import read_folder;"
        f"read_folder(Path({str(CLINIC)!r}), as_of=date(2024, 6, 30));"
        "names = {'pint', 'ucumvert', 'pandas', 'pyarrow', 'pydantic', 'numba', 'scipy'};"
        "sys.exit(' '.join(sorted(names & set(sys.modules))) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)

    assert (done.returncode, done.stderr) == (0, "")
