"""NONMEM-style data in: hand-written arrays, an independent reader, accounting of rows."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openntz.errors import InputError
from openntz.records.nonmem import read_nonmem
from openntz.records.nonmem_data import NonmemData, NonmemSubject
from openntz.records.problems import Problem

REFERENCE = Path(__file__).parents[1] / "reference"


def read(folder: Path, text: str | bytes, **options) -> NonmemData:
    path = folder / "data.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_nonmem(path, **options)


def one(data: NonmemData) -> NonmemSubject:
    (person,) = data.subjects
    return person


def fault(folder: Path, *rows: str, header: str = "ID,TIME,AMT,RATE,II,ADDL,SS,EVID,DV") -> Problem:
    """The one reason why person 1 is set aside; person 2 is always usable."""
    good = ["2", "0", *(["."] * (header.count(",") - 1))]
    names = header.split(",")
    if "EVID" in names:
        good[names.index("EVID")] = "2"
    data = read(folder, "\n".join((header, *rows, ",".join(good))) + "\n")
    assert [s.id for s in data.subjects] == ["2"]
    (aside,) = data.set_aside
    assert aside.id == "1"
    (problem,) = aside.problems
    assert problem in data.rejected
    assert problem.remedy
    return problem


EVERYTHING = """\
id,time,amt,rate,ii,addl,ss,evid,cmt,mdv,dv,occ,wt,SEX
1,0,100,50,12,3,0,1,1,1,.,1,70,0
1,1.5,0,0,0,0,0,0,2,0,8.25,1,70,0
1,6,0,0,0,0,0,2,2,1,7,1,71.5,0
1,24,.,.,.,.,.,3,.,1,.,2,72,0
1,0,200,-2,24,0,1,4,1,1,.,2,72,0
1,3,0,0,0,0,0,0,2,1,9,2,72,0
2,0,0,10,0,0,1,1,1,1,.,1,80,1
2,2,0,0,0,0,0,0,2,0,1e1,1,80,1
"""


def test_arrays_match_those_written_by_hand(tmp_path):
    data = read(tmp_path, EVERYTHING)

    first, second = data.subjects
    expected = {
        "line": [2, 3, 4, 5, 6, 7],
        "time": [0, 1.5, 6, 24, 0, 3],
        "evid": [1, 0, 2, 3, 4, 0],
        "amt": [100, 0, 0, 0, 200, 0],
        "rate": [50, 0, 0, 0, -2, 0],
        "ii": [12, 0, 0, 0, 24, 0],
        "addl": [3, 0, 0, 0, 0, 0],
        "ss": [0, 0, 0, 0, 1, 0],
        "cmt": [1, 2, 2, 0, 1, 2],
        "dv": [math.nan, 8.25, 7, math.nan, math.nan, 9],
        "mdv": [1, 0, 1, 1, 1, 1],
        "censored": [0] * 6,
        "limit": [math.nan] * 6,
        "occasion": [1, 1, 1, 2, 2, 2],
    }
    for name, values in expected.items():
        np.testing.assert_array_equal(getattr(first, name), values, err_msg=name)
    np.testing.assert_array_equal(first.covariates["wt"], [70, 70, 71.5, 72, 72, 72])
    np.testing.assert_array_equal(second.covariates["SEX"], [1, 1])
    np.testing.assert_array_equal(second.rate, [10, 0])
    np.testing.assert_array_equal(second.dv, [math.nan, 10])
    assert data.covariate_names == ("wt", "SEX")
    assert data.covariate("WT") == "wt"
    assert data.has_occasions
    assert not data.rejected
    assert not data.notes


@pytest.mark.parametrize(
    "file",
    [
        "nonmem-oral-1cpt/data.csv",
        "vancomycin-rolling-forecast/data.csv",
        *(f"monolix-posteriors/run{run}_data.csv" for run in ("001", "003", "101", "201", "207")),
    ],
)
def test_reference_files_match_numpy_genfromtxt(file):
    data = read_nonmem(REFERENCE / file)
    table = np.genfromtxt(REFERENCE / file, delimiter=",", names=True, missing_values=".")
    names = {name.lower(): name for name in table.dtype.names}

    def column(name: str) -> np.ndarray:
        return np.concatenate([getattr(s, name) for s in data.subjects])

    for name in {"time", "evid", "amt", "rate", "ii", "addl", "cmt", "mdv", "dv"} & set(names):
        np.testing.assert_array_equal(column(name), table[names[name]], err_msg=name)
    for name in data.covariate_names:
        ours = np.concatenate([s.covariates[name] for s in data.subjects])
        np.testing.assert_array_equal(ours, table[name], err_msg=name)
    assert [float(s.id) for s in data.subjects] == sorted(set(table["ID"]))
    assert not data.rejected
    assert not data.set_aside


def test_the_vancomycin_file_keeps_its_artefact():
    # Its first two rows of each later person carry the person before: the numbers stay theirs.
    data = read_nonmem(REFERENCE / "vancomycin-rolling-forecast/data.csv")

    before, person = data.subjects[0], data.subjects[1]
    weight = person.covariates["WT"]
    assert weight[0] == weight[1] == before.covariates["WT"][-1]
    assert weight[2] != weight[1]


def test_psn_tables_without_doses_are_refused_not_guessed():
    with pytest.raises(InputError, match="no person whose rows can be used") as caught:
        read_nonmem(REFERENCE / "vancomycin-rolling-forecast/psn_proseval.csv")

    assert "without an amount" in str(caught.value)


SAME = "ID{0}TIME{0}AMT{0}DV\n1{0}0{0}10{0}.\n1{0}2{0}.{0}3\n"


@pytest.mark.parametrize("sign", [",", ";", "\t", "|", " ", "   "])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_every_delimiter_line_end_and_encoding_reads_the_same(tmp_path, sign, end, encoding):
    person = one(read(tmp_path, SAME.format(sign).replace("\n", end).encode(encoding)))

    np.testing.assert_array_equal(person.time, [0, 2])
    np.testing.assert_array_equal(person.evid, [1, 0])
    np.testing.assert_array_equal(person.dv, [math.nan, 3])


def test_comments_titles_and_repeated_headers_are_passed_over_and_said(tmp_path):
    text = (
        "# made by hand\nTABLE NO.  1\n ID , TIME ,AMT,DV\n1,0,10,.\n"
        "C,1,1,1\n@ a remark\n#1,1,.,9\nID,TIME,AMT,DV\nleft out on purpose\n1,2,.,3\n"
    )
    data = read(tmp_path, text)

    np.testing.assert_array_equal(one(data).line, [4, 10])
    assert data.rows.comments == 7
    assert sorted(line for note in data.notes for line in note.lines) == [1, 2, 5, 6, 7, 8, 9]
    assert not data.rejected


@pytest.mark.parametrize("before", ["", "# ID 7 had no level at TIME 3; see the DV of ID 8\n"])
def test_a_header_behind_a_comment_sign_is_a_header(tmp_path, before):
    person = one(read(tmp_path, f"{before}#ID,TIME,DV\n1,0,2\n1,1,3\n"))

    np.testing.assert_array_equal(person.dv, [2, 3])


def test_a_comment_that_names_columns_is_no_header(tmp_path):
    person = one(read(tmp_path, "# ID TIME DV\nID,TIME,EVID,DV\n1,0,0,2\n"))

    np.testing.assert_array_equal(person.dv, [2])


def test_a_file_that_is_not_there_says_so(tmp_path):
    with pytest.raises(InputError, match="cannot be read") as caught:
        read_nonmem(tmp_path / "missing.csv")

    assert caught.value.remedy


def test_a_column_c_marks_comments(tmp_path):
    data = read(tmp_path, "C,ID,TIME,DV\n.,1,0,2\nC,1,1,3\n,1,2,4\n")

    np.testing.assert_array_equal(one(data).line, [2, 4])
    assert "C" not in data.covariate_names


def test_a_row_with_a_letter_and_a_time_is_rejected_where_ids_are_numbers(tmp_path):
    data = read(tmp_path, "ID,TIME,DV\n1,0,2\nP2,0,3\n")

    (problem,) = data.rejected
    assert (problem.line, problem.column, problem.value) == (3, "ID", "P2")
    assert data.rows.rejected == 1


def test_text_identifiers_are_kept_where_none_is_a_number(tmp_path):
    data = read(tmp_path, "ID,TIME,DV\nP1,0,2\nP2,0,3\n=cmd(),0,3\n")

    assert [s.id for s in data.subjects] == ["P1", "P2"]
    assert [p.line for p in data.rejected] == [4]


def test_spellings_of_one_number_are_one_person_as_first_written(tmp_path):
    person = one(read(tmp_path, "CID,TIME,DV\n1.0E+00,0,2\n1,1,3\n01,2,4\n1.0D0,3,5\n"))

    assert person.id == "1.0E+00"
    assert person.time.size == 4


def test_long_identifiers_stay_apart(tmp_path):
    data = read(tmp_path, "ID,TIME,DV\n90071992547409931,0,2\n90071992547409932,0,3\n")

    assert [s.id for s in data.subjects] == ["90071992547409931", "90071992547409932"]


def test_an_id_in_two_blocks_is_two_individuals_and_said(tmp_path):
    data = read(tmp_path, "ID,TIME,DV\n1,0,2\n1,1,2\n2,0,3\n1,0,4\n")

    assert [(s.id, s.block) for s in data.subjects] == [("1", 1), ("2", 1), ("1", 2)]
    (note,) = data.notes
    assert note.lines == (5,)
    assert "another individual" in note.reason


def test_events_are_inferred_where_evid_is_absent(tmp_path):
    person = one(
        read(
            tmp_path,
            "ID,TIME,AMT,RATE,SS,MDV,DV\n1,0,10,0,0,1,.\n1,1,0,0,0,0,5\n1,2,0,0,0,1,.\n"
            "1,3,0,5,1,1,.\n",
        )
    )

    np.testing.assert_array_equal(person.evid, [1, 0, 2, 1])
    np.testing.assert_array_equal(person.mdv, [1, 0, 1, 1])


def test_a_missing_evid_is_inferred_and_said(tmp_path):
    data = read(tmp_path, "ID,TIME,AMT,EVID,DV\n1,0,10,.,.\n1,1,0,0,5\n")

    np.testing.assert_array_equal(one(data).evid, [1, 0])
    assert [(n.line, n.column) for n in data.notes] == [(2, "EVID")]


def test_durations_become_rates(tmp_path):
    person = one(read(tmp_path, "ID,TIME,AMT,DUR,DV\n1,0,300,0.04,.\n1,1,300,0,.\n1,2,0,0,7\n"))

    np.testing.assert_array_equal(person.rate, [300 / 0.04, 0, 0])


def test_a_printed_rate_stands_beside_its_duration(tmp_path):
    # 5 min: 100 / 0.0833 is 1200.48, printed as 1200.
    person = one(read(tmp_path, "ID,TIME,AMT,DUR,RATE,DV\n1,0,100,0.0833,1200,.\n"))

    np.testing.assert_array_equal(person.rate, [1200])


def test_clock_times_are_hours(tmp_path):
    data = read(tmp_path, "ID,TIME,AMT,DV\n1,8:30,10,.\n1,20:15,.,3\n1,25:00:36,.,2\n")

    # 36 s are 0.01 h; two divisions round once each.
    np.testing.assert_allclose(one(data).time, [8.5, 20.25, 25.01], rtol=1e-15)
    assert data.clock_times


def test_dose_items_at_rows_without_dose_have_no_effect_and_are_said(tmp_path):
    data = read(tmp_path, "ID,TIME,AMT,RATE,EVID,DV\n1,0,10,5,1,.\n1,1,0,5,0,3\n1,2,0,5,0,2\n")

    np.testing.assert_array_equal(one(data).rate, [5, 0, 0])
    (note,) = data.notes
    assert (note.column, note.count, note.lines) == ("RATE", 2, (3, 4))


H = "ID,TIME,AMT,RATE,II,ADDL,SS,EVID,DV"


@pytest.mark.parametrize(
    ("row", "column", "value"),
    [
        ("1,0,-5,0,0,0,0,1,.", "AMT", "-5"),
        ("1,0,5,0,0,0,0,0,2", "AMT", "5"),
        ("1,0,5,0,0,0,0,2,.", "AMT", "5"),
        ("1,0,5,0,0,0,0,3,.", "AMT", "5"),
        ("1,0,0,0,0,0,0,1,.", "AMT", "0"),
        ("1,0,.,0,0,0,0,4,.", "AMT", ""),
        ("1,0,0,5,0,0,0,1,.", "AMT", "0"),
        ("1,0,ten,0,0,0,0,2,.", "AMT", "ten"),
        ("1,0,5,-1,0,0,0,1,.", "RATE", "-1"),
        ("1,0,5,-3,0,0,0,1,.", "RATE", "-3"),
        ("1,0,5,0,0,2,0,1,.", "ADDL", "2"),
        ("1,0,5,0,12,-1,0,1,.", "ADDL", "-1"),
        ("1,0,5,0,12,1.5,0,1,.", "ADDL", "1.5"),
        ("1,0,5,0,12,1e9,0,1,.", "ADDL", "1e9"),
        ("1,0,5,0,-12,0,0,1,.", "II", "-12"),
        ("1,0,5,0,0,0,1,1,.", "SS", "1"),
        ("1,0,5,0,12,0,2,1,.", "SS", "2"),
        ("1,0,5,0,12,0,3,1,.", "SS", "3"),
        ("1,0,0,0,0,0,0,5,.", "EVID", "5"),
        ("1,0,1e999,0,0,0,0,1,.", "AMT", "1e999"),
        ("1,.,5,0,0,0,0,1,.", "TIME", ""),
        ("1,x,0,0,0,0,0,3,.", "TIME", "x"),
        ("1,0,5,0,0,0,0", "", "1,0,5,0,0,0,0"),
    ],
)
def test_a_record_that_cannot_be_right_sets_the_person_aside(tmp_path, row, column, value):
    problem = fault(tmp_path, row)

    assert (problem.table, problem.line, problem.column) == ("data.csv", 2, column)
    assert problem.value == value


def test_a_constant_infusion_at_steady_state_has_no_amount(tmp_path):
    person = one(read(tmp_path, f"{H}\n1,0,0,5,0,0,1,1,.\n"))

    assert (person.amt[0], person.rate[0], person.ss[0]) == (0, 5, 1)


def test_time_going_back_sets_the_person_aside(tmp_path):
    problem = fault(tmp_path, "1,5,0,0,0,0,0,0,2", "1,4,0,0,0,0,0,0,2")

    assert (problem.line, problem.column, problem.value) == (3, "TIME", "4")


@pytest.mark.parametrize("reset", ["1,0,0,0,0,0,0,3,.", "1,0,5,0,0,0,0,4,."])
def test_time_may_start_anew_at_a_reset(tmp_path, reset):
    person = one(read(tmp_path, f"{H}\n1,5,0,0,0,0,0,0,2\n{reset}\n1,1,0,0,0,0,0,0,2\n"))

    np.testing.assert_array_equal(person.time, [5, 0, 1])


@pytest.mark.parametrize("column", ["CMT", "DVID"])
def test_two_kinds_of_levels_set_the_person_aside(tmp_path, column):
    problem = fault(tmp_path, "1,0,1,5", "1,1,2,5", header=f"ID,TIME,{column},DV")

    assert (problem.line, problem.column, problem.value) == (3, column, "2")


def test_a_switched_off_compartment_is_refused(tmp_path):
    problem = fault(tmp_path, "1,0,2,-1,.", header="ID,TIME,EVID,CMT,DV")

    assert (problem.column, problem.value) == ("CMT", "-1")


def test_a_contradicting_duration_sets_the_person_aside(tmp_path):
    problem = fault(tmp_path, "1,0,100,2,100,1,.", header="ID,TIME,AMT,DUR,RATE,EVID,DV")

    assert (problem.column, problem.value) == ("DUR", "2")


@pytest.mark.parametrize("cell", [".", "", "high", "3 mg/L", "2-3", "1,5x", "=1+1", "inf", "nan%"])
def test_a_level_that_cannot_be_used_leaves_a_wanted_prediction(tmp_path, cell):
    cell = f'"{cell}"' if "," in cell else cell
    data = read(tmp_path, f"ID,TIME,EVID,MDV,DV,WT\n1,0,0,0,{cell},70\n1,1,0,0,4,75\n")

    person = one(data)
    np.testing.assert_array_equal(person.mdv, [1, 0])
    assert np.isnan(person.dv[0])
    np.testing.assert_array_equal(person.covariates["WT"], [70, 75])
    (problem,) = data.rejected
    assert (problem.line, problem.column, problem.kind) == (2, "DV", "cell")


def test_an_observation_without_time_is_lost_alone(tmp_path):
    data = read(tmp_path, "ID,TIME,DV\n1,0,2\n1,.,3\n1,2,4\n")

    np.testing.assert_array_equal(one(data).line, [2, 4])
    (problem,) = data.rejected
    assert (problem.line, problem.column, problem.kind) == (3, "TIME", "row")


def test_a_row_that_names_nobody_is_rejected(tmp_path):
    data = read(tmp_path, "ID,TIME,DV\n1,0,2\n.,1,3\n1,2,4\n")

    np.testing.assert_array_equal(one(data).line, [2, 4])
    assert [p.line for p in data.rejected] == [3]


def test_missing_covariates_stay_unknown_and_are_said(tmp_path):
    data = read(tmp_path, "ID,TIME,DV,WT,SEX\n1,0,2,.,F\n1,1,2,,F\n1,2,2,70,F\n")

    np.testing.assert_array_equal(one(data).covariates["WT"], [math.nan, math.nan, 70])
    assert np.isnan(one(data).covariates["SEX"]).all()
    assert [(n.column, n.count) for n in data.notes] == [("SEX", 3), ("WT", 2)]


LIMITS = "ID,TIME,DV,{0}\n1,0,{1}\n"


@pytest.mark.parametrize(
    ("columns", "cells", "censored", "limit"),
    [
        ("CENS", "2,0", 0, math.nan),
        ("CENS", "2,1", 1, 2),
        ("CENS", "100,-1", -1, 100),
        ("CENS,LIMIT", "2,1,.", 1, 2),
        ("CENS,LIMIT", "2,1,0", 1, 2),
        ("CENS,LIMIT", ".,1,2", 1, 2),
        ("CENS,LLOQ", "0,1,2", 1, 2),
        ("CENSORED,LLOQ", "1,1,2", 1, 2),
        ("BLQ,LLOQ", ".,1,2", 1, 2),
        ("BLOQ,LIMIT", "0,1,2", 1, 2),
        ("BLQ", "2,1", 1, 2),
        ("BLQ,LLOQ", "5,0,2", 0, math.nan),
        ("WT", "<2,70", 1, 2),
        ("WT", ">100,70", -1, 100),
        ("WT", "< 0.5,70", 1, 0.5),
        ("LLOQ", "BLQ,2", 1, 2),
        ("LLOQ", "<LLOQ,2", 1, 2),
        ("LLOQ,CENS", "150,2,-1", -1, 150),
    ],
)
def test_limits_match_the_conventions(tmp_path, columns, cells, censored, limit):
    value, _, rest = cells.partition(",")
    data = read(tmp_path, LIMITS.format(columns, f"{value},{rest}"))

    person = one(data)
    assert person.mdv[0] == 0
    assert person.censored[0] == censored
    np.testing.assert_array_equal(person.limit, [limit])
    assert person.dv[0] == (limit if censored else float(value))
    assert not data.rejected


@pytest.mark.parametrize(
    ("columns", "cells", "column"),
    [
        ("CENS", "0,1", "DV"),
        ("CENS", ".,-1", "DV"),
        ("CENS", "2,2", "CENS"),
        ("BLQ", "2,-1", "BLQ"),
        ("CENS", "<2,-1", "DV"),
        ("CENS,LIMIT", "1,1,2", "LIMIT"),
        ("BLQ,LLOQ", "5,1,2", "DV"),
        ("WT", "BLQ,70", "DV"),
        ("WT", "<0,70", "DV"),
        ("LLOQ", "5,-2", "LLOQ"),
        ("LLOQ", "5,x", "LLOQ"),
    ],
)
def test_a_limit_that_cannot_be_right_is_not_used(tmp_path, columns, cells, column):
    data = read(tmp_path, LIMITS.format(columns, cells))

    person = one(data)
    assert (person.mdv[0], person.censored[0]) == (1, 0)
    (problem,) = data.rejected
    assert (problem.line, problem.column, problem.kind) == (2, column, "cell")


def test_an_unmarked_level_below_the_lloq_is_used_and_said(tmp_path):
    data = read(tmp_path, LIMITS.format("LLOQ", "1,2"))

    assert (one(data).dv[0], one(data).censored[0]) == (1, 0)
    assert ["not marked as censored" in n.reason for n in data.notes] == [True]


def test_logarithms_of_levels_are_read_on_the_natural_scale(tmp_path):
    data = read(tmp_path, "ID,TIME,LNDV,CENS\n1,0,1.5,0\n1,1,-0.5,1\n1,2,800,0\n")

    person = one(data)
    np.testing.assert_array_equal(person.dv[:2], [math.exp(1.5), math.exp(-0.5)])
    np.testing.assert_array_equal(person.limit[:2], [math.nan, math.exp(-0.5)])
    assert person.mdv[2] == 1
    assert any("exp(LNDV)" in note.reason for note in data.notes)


def test_dv_outranks_lndv_and_it_is_said(tmp_path):
    data = read(tmp_path, "ID,TIME,DV,LNDV\n1,0,4,9\n")

    assert one(data).dv[0] == 4
    assert data.covariate_names == ()
    assert [n.column for n in data.notes] == ["LNDV"]


@pytest.mark.parametrize(
    ("occasions", "expected"),
    [("123", [1, 2, 3]), ("1.1", [1, 1, 1]), ("...", [1, 1, 1]), (".22", None), ("1.2", None)],
)
def test_a_missing_occasion_is_filled_only_where_there_is_no_choice(tmp_path, occasions, expected):
    rows = [f"1,{i},5,{occasion}" for i, occasion in enumerate(occasions)]
    data = read(tmp_path, "\n".join(("ID,TIME,DV,OCC", *rows, "2,0,5,1")) + "\n")

    if expected is None:
        assert [a.id for a in data.set_aside] == ["1"]
    else:
        np.testing.assert_array_equal(data.subjects[0].occasion, expected)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty"),
        ("PK\x03\x04", "spreadsheet"),
        ("1,0,10\n1,2,3\n", "does not name the columns"),
        ("ID,TIME,AMT\n1,0,10\n", "no column DV"),
        ("ID,AMT,DV\n1,0,10\n", "no column TIME"),
        ("ID,TIME,DATE,DV\n1,0,2024-01-01,10\n", "calendar dates"),
        ("ID,TIME,DV,OCC,OCCASION\n1,0,10,1,2\n", "stands for the same"),
        ("ID,TIME,DV,BLQ,CENS\n1,0,10,1,1\n", "stands for the same"),
        ("ID,TIME,DV,WT,wt\n1,0,10,70,80\n", "two columns"),
        ("# only a comment\n", "no header"),
        ("ID,TIME,DV\n", "no rows behind the header"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(tmp_path, text, says):
    with pytest.raises(InputError, match=says) as caught:
        read(tmp_path, text)

    assert caught.value.remedy
    assert "data.csv" in caught.value.where


def test_columns_can_be_dropped(tmp_path):
    data = read(tmp_path, "ID,TIME,DATE,DV,WT\n1,0,x,10,70\n", drop=["date", "WT"])

    assert data.covariate_names == ()
    assert one(data).dv[0] == 10
    with pytest.raises(InputError, match="no such column"):
        read(tmp_path, "ID,TIME,DV\n1,0,10\n", drop=["AGE"])


def test_decimal_commas_are_read_and_said_and_ambiguous_ones_refused(tmp_path):
    data = read(tmp_path, "ID;TIME;DV;WT\n1;0,5;3,4;70\n1;1;1,234;70\n")

    person = one(data)
    np.testing.assert_array_equal(person.time, [0.5, 1])
    np.testing.assert_array_equal(person.dv, [3.4, math.nan])
    assert [(p.line, p.column) for p in data.rejected] == [(3, "DV")]


def test_broken_lines_are_named(tmp_path):
    text = b'ID,TIME,DV\n1,0,2\n2,0,"3\n3,0,1\x00\n4,0,1,9\n5,0,5,,\n'
    data = read(tmp_path, text)

    assert [s.id for s in data.subjects] == ["1", "5"]
    assert [a.lines for a in data.set_aside] == [(3,), (4,), (5,)]
    assert {p.line for p in data.rejected} == {3, 4, 5}


def test_arrays_cannot_be_written_to(tmp_path):
    person = one(read(tmp_path, "ID,TIME,DV,WT\n1,0,10,70\n"))

    for array in (person.dv, person.evid, person.covariates["WT"]):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


CELL = st.one_of(
    st.sampled_from(
        ["0", "1", "2", "3", "4", ".", "", "-1", "12", "1e3", "<2", "C", "x", '"', "#"]
    ),
    st.text(max_size=4),
)
HEADER = "ID,TIME,AMT,RATE,II,ADDL,SS,EVID,MDV,DV,CENS,LLOQ,OCC,WT"


@settings(deadline=None)
@given(rows=st.lists(st.lists(CELL, min_size=12, max_size=15), max_size=6))
def test_any_rows_are_used_rejected_or_set_aside(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("fuzz") / "data.csv"
    text = "\n".join((HEADER, "9,0,.,.,.,.,.,2,1,.,.,.,.,.", *(",".join(r) for r in rows)))
    path.write_text(text, encoding="utf-8", errors="replace", newline="")

    try:
        data = read_nonmem(path)
    except InputError:
        # A broken row of person 9 takes the only whole person along.
        if not any(r[0].strip() == "9" for r in rows):
            raise
        return

    count = data.rows
    lines = [n for s in data.subjects for n in s.line] + [
        n for a in data.set_aside for n in a.lines
    ]
    rejected = {p.line for p in data.rejected}
    assert count.read == count.used + count.rejected + count.set_aside
    assert len(set(lines)) == len(lines) == count.used + count.set_aside
    assert all(set(a.lines) & rejected or not a.lines for a in data.set_aside)
    for person in data.subjects:
        fitted = person.mdv == 0
        assert np.isfinite(person.time).all()
        assert np.isfinite(person.dv[fitted]).all()
        assert (person.evid[fitted] == 0).all()
        assert (np.isfinite(person.limit) == (person.censored != 0)).all()
        assert ((person.amt > 0) | (person.rate > 0)).tolist() == np.isin(
            person.evid, (1, 4)
        ).tolist()


@settings(deadline=None)
@given(data=st.binary(max_size=300), headed=st.booleans())
def test_any_bytes_are_read_or_refused_with_a_remedy(tmp_path_factory, data, headed):
    path = tmp_path_factory.mktemp("bytes") / "data.csv"
    path.write_bytes(b"ID TIME DV WT\n" * headed + data)

    try:
        used, remedy = read_nonmem(path).rows.used, ""
    except InputError as error:
        used, remedy = 0, error.remedy
    assert used > 0 or remedy
