"""Courses out as NONMEM-style data: hand-written rows, and back through the reader."""

from __future__ import annotations

import csv
import math
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from openntz.course.course import Course
from openntz.course.events import Assay, Dose, Measurement, Person, Ref
from openntz.forecast.history import Assumed
from openntz.records.nonmem import read_nonmem
from openntz.records.nonmem_write import COLUMNS, write_nonmem

ASSUMED = Assumed(hour=9.0, infusion_minutes=60.0)


def infusion(at: datetime, line: int, *, hours: float | None = 1.0, mg: float = 300.0) -> Dose:
    end = None if hours is None else at + timedelta(hours=hours)
    ref = Ref("doses", line)
    return Dose(at=at, time_known=True, ref=ref, end=end, amount_mg=mg, route="IV")


def level(at: datetime, line: int, value: float | None, censor="", lloq=None) -> Measurement:
    return Measurement(
        at=at,
        time_known=True,
        ref=Ref("measurements", line),
        test="natalizumab",
        value=value,
        censor=censor,
        unit="ug/mL",
        assay=Assay(lloq=lloq),
    )


def result(test: str, at: datetime, line: int, **what) -> Measurement:
    return Measurement(at=at, time_known=True, ref=Ref("measurements", line), test=test, **what)


START = datetime(2024, 1, 1, 10)
COURSE = Course.create(
    Person(id="Åsa, 1", birth_date=date(1984, 1, 29)),
    doses=[
        infusion(START, 2),
        Dose(
            at=START + timedelta(days=28),
            time_known=True,
            ref=Ref("doses", 3),
            end=None,
            amount_mg=300.0,
            route="SC",
        ),
    ],
    measurements=[
        level(START - timedelta(days=1), 2, 0.5, "<", 0.5),
        level(START + timedelta(days=28), 3, 25.0, "", 0.5),
        level(START + timedelta(days=28.5), 4, 100.0, ">", 0.5),
        level(START + timedelta(days=30), 5, None),
        result("weight", START, 6, value=70.0),
        result("weight", START + timedelta(days=28), 7, value=72.5),
        result("anti-natalizumab antibodies", START + timedelta(days=28), 8, answer="positive"),
    ],
)
# 300 mg in 1/24 day; the 40th birthday lies between the doses; a trough precedes its dose.
EXPECTED = """\
1,-1.0,0,0,2,0,0,0.5,1,0.5,70.0,.,39,1
1,0.0,300.0,7200.0,2,1,1,.,0,.,70.0,.,39,1
1,28.0,0,0,2,0,0,25.0,0,0.5,72.5,1,40,1
1,28.0,300.0,0,1,1,1,.,0,.,72.5,1,40,2
1,28.5,0,0,2,0,0,100.0,-1,0.5,72.5,1,40,2
"""


def test_rows_match_those_written_by_hand(tmp_path):
    export = write_nonmem([COURSE], tmp_path / "out.csv", assumed=ASSUMED)

    assert export.path.read_text(encoding="utf-8") == ",".join(COLUMNS) + "\n" + EXPECTED
    assert (export.people, export.rows) == (1, 5)
    said = {(n.table, n.column): n.lines for n in export.notes}
    assert said[("measurements", "value")] == (5,)
    assert said[("doses", "ADA")] == (2,)


def test_the_key_names_people_and_the_data_do_not(tmp_path):
    named = "=cmd()|'x'!A1"
    other = Course.create(Person(id=named), doses=[infusion(START, 4)])
    export = write_nonmem([COURSE, other], tmp_path / "out.csv", assumed=ASSUMED)

    with export.key_path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.reader(stream))
    assert rows == [["ID", "person"], ["1", "Åsa, 1"], ["2", "'" + named]]
    assert export.key_path.name == "out-key.csv"
    assert "Åsa" not in export.path.read_text(encoding="utf-8")


def test_people_without_doses_are_not_written_and_said(tmp_path):
    nobody = Course.create(Person(id="B"), measurements=[level(START, 2, 5.0)])
    export = write_nonmem([nobody, COURSE], tmp_path / "out.csv", assumed=ASSUMED)

    assert export.people == 1
    assert ["B" in n.value for n in export.notes if n.column == "person"] == [True]


def test_what_is_not_recorded_is_assumed_and_said(tmp_path):
    dose = Dose(at=START, ref=Ref("doses", 7), end=None, amount_mg=300.0, route="IV")
    course = Course.create(Person(id="A"), doses=[dose])
    export = write_nonmem([course], tmp_path / "out.csv", assumed=ASSUMED)

    (person,) = read_nonmem(export.path).subjects
    assert person.rate[0] == 7200.0
    assert np.isnan(person.covariates["WT"][0])
    said = {n.column: n.lines for n in export.notes}
    assert said == {"start": (7,), "end": (7,), "WT": (7,), "ADA": (7,), "AGE": (7,)}


def test_limits_come_back_as_limits(tmp_path):
    export = write_nonmem([COURSE], tmp_path / "out.csv", assumed=ASSUMED)
    data = read_nonmem(export.path)

    (person,) = data.subjects
    np.testing.assert_array_equal(person.censored, [1, 0, 0, 0, -1])
    np.testing.assert_array_equal(person.limit, [0.5, math.nan, math.nan, math.nan, 100])
    np.testing.assert_array_equal(person.mdv, [0, 1, 0, 1, 0])
    np.testing.assert_array_equal(person.occasion, [1, 1, 1, 2, 2])
    assert not data.rejected


DOSES = st.lists(
    st.tuples(
        st.integers(20, 90),
        st.floats(0.25, 3.0),
        st.floats(1.0, 600.0),
        st.one_of(st.none(), st.floats(0.01, 200.0)),
        st.floats(35.0, 150.0),
    ),
    min_size=1,
    max_size=5,
)


@settings(deadline=None, max_examples=60)
@given(planned=DOSES)
def test_any_course_comes_back_as_it_was(tmp_path_factory, planned):
    path: Path = tmp_path_factory.mktemp("trip") / "out.csv"
    doses, levels, weights = [], [], []
    at = START
    for line, (gap, hours, mg, trough, weight) in enumerate(planned, start=2):
        weights.append(result("weight", at, line, value=weight))
        doses.append(infusion(at, line, hours=hours, mg=mg))
        if trough is not None:
            levels.append(level(at + timedelta(days=gap), line, trough))
        at += timedelta(days=gap)
    course = Course.create(Person(id="A"), doses=doses, measurements=[*levels, *weights])

    write_nonmem([course], path, assumed=ASSUMED)
    (person,) = read_nonmem(path).subjects

    dosed = person.evid == 1
    day = timedelta(days=1)
    np.testing.assert_array_equal(person.time[dosed], [(d.at - START) / day for d in doses])
    np.testing.assert_array_equal(person.amt[dosed], [d.amount_mg for d in doses])
    # A division and its inverse round once each; datetime keeps microseconds, which both see.
    ends = [(d.end - d.at) / day for d in doses if d.end is not None]
    np.testing.assert_allclose(person.amt[dosed] / person.rate[dosed], ends, rtol=1e-15)
    np.testing.assert_array_equal(person.time[~dosed], [(m.at - START) / day for m in levels])
    np.testing.assert_array_equal(person.dv[~dosed], [m.value for m in levels])
    np.testing.assert_array_equal(person.covariates["WT"][dosed], [m.value for m in weights])
