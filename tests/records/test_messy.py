"""Every fault of the two messy exports, line by line, with what becomes of it.

``used`` means the row is in a course; a kind with a column is a message about that line. A line
that is not listed here fails the test, and so does a message that nobody expected.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pytest

from openntz.course.course import TABLES
from openntz.records.csv import read_folder
from openntz.records.problems import LINES_LISTED, Records
from openntz.records.summary import check_lines
from tests.records.build import AS_OF

DATA = Path(__file__).parents[1] / "data"

USED = "used"
ROW = "row:"
CELL = "cell:"
AGAIN = "duplicate:person"
ASSUMED = "assumed:"
READ_AS = "read as:"
LATER = "later:"

Expected = dict[str, dict[int, set[str]]]

MESSY: Expected = {
    "people": {
        2: {USED},
        3: {USED, CELL + "birth_date", ASSUMED + "ms_onset"},  # 07/11/1990, 2015
        4: {USED, CELL + "birth_date"},  # 1990-02-30
        5: {USED, READ_AS + "sex"},  # Female
        6: {AGAIN},  # the same person with F
        7: {USED, CELL + "birth_date"},  # born in 2991
        8: {ROW + "person"},  # =cmd()
        9: {ROW + "person"},  # <script>
        10: {USED},
        11: {USED, CELL + "birth_date"},  # 174 years old
        12: {USED, CELL + "sex"},  # Q
        13: {ROW + "birth_date"},  # the same person, born in another year
        14: {USED, ASSUMED + "person"},  # m06 beside M06
        15: {ROW + "person"},  # nobody
        16: {ROW},  # two cells
        17: {USED, CELL + "ms_onset"},  # onset before birth
        18: {USED, CELL + "ms_onset"},  # month 13
        19: {USED, READ_AS + "sex", ASSUMED + "ms_onset"},  # male, 2012-03
        20: {USED, CELL + "birth_date"},  # born after all own doses
        21: {ROW + "person"},  # @M15
        22: {ROW + "person"},  # an invisible sign that turns the line around
        23: {USED, CELL + "ms_onset"},  # onset in the future
        24: {"information:"},  # only delimiters
    },
    "doses": {
        2: {USED},
        3: {USED, CELL + "end"},  # ends before it starts
        4: {USED, READ_AS + "route", ASSUMED + "end"},  # iv, no end
        5: {AGAIN, READ_AS + "route", ASSUMED + "end"},  # the same once more
        6: {ROW + "start"},  # 03/04/2024
        7: {USED, ASSUMED + "start", ASSUMED + "end"},  # 25/04/2024
        8: {USED, ASSUMED + "dose_mg", ASSUMED + "end"},  # 300,0
        9: {ROW + "dose_mg"},  # 3000
        10: {ROW + "dose_mg"},  # -300
        11: {USED, ASSUMED + "person", ASSUMED + "end"},  # in no list
        12: {ROW + "start"},  # ten years ahead
        13: {ROW + "route"},  # orally
        14: {USED, CELL + "end"},  # lasts two days
        15: {USED},
        16: {ROW + "start"},  # the same start with another batch and end
        17: {USED},
        18: {USED, ASSUMED + "start"},  # overlaps the one before
        19: {USED, ASSUMED + "start", ASSUMED + "end", READ_AS + "route"},  # +02:00, i.v.
        20: {USED},
        21: {ASSUMED + "dose_mg"},  # the second syringe: joined with line 20
        22: {ROW},  # five cells
        23: {ROW + "start"},  # 1024
        24: {ROW + "start"},  # 2924
        25: {ROW + "dose_mg"},  # 1,500
        26: {ROW + "dose_mg"},  # no amount
        27: {ROW + "route"},  # no route
        28: {USED, LATER + "start"},  # booked
        29: {ROW + "person"},  # =1+1
        30: {USED},
        31: {USED},
        32: {ROW},  # a quotation mark that is not closed
        33: {USED},  # 300 mg
        34: {USED},  # 0.3 g
        35: {ROW + "start"},  # 1970
        36: {USED, READ_AS + "route", ASSUMED + "end"},  # Intravenous, an end without time
        37: {ROW},  # NUL
        38: {ROW + "start"},  # a spreadsheet's day number
        39: {ROW + "start"},  # 03.04.24
        40: {USED, CELL + "end"},  # next day
        41: {ROW + "dose_mg"},  # 300 ml
    },
    "measurements": {
        2: {USED, READ_AS + "test", READ_AS + "unit"},  # Lymphs abs, 10*3/uL
        3: {USED, ASSUMED + "value"},  # 3,4
        4: {ROW + "value"},  # 3400 10^9/L
        5: {USED, READ_AS + "unit"},  # 3400 /mm3
        6: {USED},  # < 2
        7: {USED, READ_AS + "test", READ_AS + "unit"},  # natalizumab trough, mg/L
        8: {ROW + "value"},  # 24 mg/dL
        9: {ROW + "unit"},  # no unit
        10: {ROW + "value"},  # n/a
        11: {USED},  # >100
        12: {USED, READ_AS + "unit"},  # lb
        13: {ROW + "value"},  # 0 kg
        14: {ROW + "unit"},  # 1.72 m
        15: {USED},  # pos
        16: {USED},  # POSITIVE (1:320)
        17: {USED, READ_AS + "unit"},  # bilirubin in mg/dL
        18: {ROW + "test"},  # serum rhubarb
        19: {USED, ASSUMED + "value"},  # 1.5 with a limit of 2
        20: {USED, ASSUMED + "value"},  # BLQ with its limit
        21: {ROW + "value"},  # BLQ without
        22: {ROW + "value"},  # 1,234 cells/uL: both readings possible
        23: {USED, ASSUMED + "value"},  # 1,234 10^9/L: one reading possible
        24: {USED, READ_AS + "unit"},  # 24 mg/L in the cell
        25: {ROW + "unit"},  # ng/mL in the cell, ug/mL beside it
        26: {USED, READ_AS + "unit"},  # 78 %
        27: {ROW + "value"},  # a fraction of 78
        28: {USED},  # AU/mL
        29: {USED, READ_AS + "unit"},  # 0.2 ug/mL
        30: {ROW + "unit"},  # a number of antibodies without unit
        31: {USED, READ_AS + "test", ASSUMED + "threshold"},  # see report
        32: {ROW + "unit"},  # lymphocytes in %
        33: {USED, READ_AS + "unit"},  # ukat/L
        34: {USED},  # an index needs no unit
        35: {USED},  # positive
        36: {ROW + "value"},  # positive lymphocytes
        37: {ROW + "test"},  # nataluzimab
        38: {USED, READ_AS + "unit"},  # /µL
        39: {ROW + "value"},  # 2-3
        40: {USED, ASSUMED + "lloq"},  # abc
        41: {USED, ASSUMED + "person"},  # in no list
        42: {ROW + "value"},  # 12;14
        43: {AGAIN},
        44: {USED, ASSUMED + "person"},  # another index at the same moment
        45: {USED, LATER + "taken"},
        46: {USED, READ_AS + "test", READ_AS + "unit"},  # hb, g/dL
        47: {USED},  # 1e3: read, and judged against the doses by the forecast
        48: {ROW + "taken"},  # before birth
        49: {ROW + "value"},  # =1+1
        50: {ROW},  # 70,5 without quotation marks
        51: {USED, ASSUMED + "value"},  # 20 H
        52: {ROW + "test"},
        53: {ROW + "taken"},
        54: {ROW + "unit"},  # a weight of 70 what
        55: {ROW + "unit"},  # furlong
        56: {USED},  # <4 at a cut-off of 4
    },
    "mri": {
        2: {USED},
        3: {USED, CELL + "gadolinium_lesions"},  # none
        4: {USED, CELL + "gadolinium_lesions"},  # 1.5
        5: {ROW + "date"},  # month 13
        6: {USED, ASSUMED + "person"},  # another count on the same day
        7: {USED, CELL + "gadolinium_lesions"},  # -1
        8: {USED, ASSUMED + "gadolinium_lesions"},  # 2,0
        9: {USED, CELL + "gadolinium_lesions"},  # 9999
    },
}

REST: Expected = {
    "people": {2: {USED}, 3: {USED}},
    "plans": {
        2: {USED},
        3: {ROW + "planned_interval_days"},  # 4 (weeks)
        4: {USED},  # 6 weeks
        5: {ROW + "planned_interval_days"},  # neither
        6: {USED, ASSUMED + "stopped"},  # yes
        7: {ROW + "stopped"},  # 03/04/2024
        8: {ROW + "date"},
        9: {ROW + "planned_interval_days"},  # not stopped, no interval
        10: {ROW + "planned_interval_days"},  # 28.5
        11: {ROW + "planned_interval_days"},  # Q4W
        12: {USED},
    },
    "reactions": {
        2: {USED},
        3: {USED, CELL + "grade"},  # severe
        4: {USED, ASSUMED + "term"},  # no word for it
        5: {USED, CELL + "grade"},  # 7
        6: {USED},  # Grade 2
        7: {USED},  # no grade
        8: {ROW + "onset"},
        9: {ROW + "onset"},
    },
    "relapses": {
        2: {USED},
        3: {ROW + "onset"},  # 2024-02
        4: {ROW + "onset"},  # seven years ahead
        5: {ROW + "onset"},  # before birth
        6: {USED},  # a comment over two lines
        8: {USED},
    },
    "edss": {
        2: {USED},
        3: {ROW + "score"},  # 0.5
        4: {ROW + "score"},  # 2.25
        5: {ROW + "score"},  # 11
        6: {USED, ASSUMED + "score"},  # 3,5
        7: {ROW + "score"},
        8: {ROW + "score"},  # -1
        9: {USED, ASSUMED + "person"},  # another score on the same day
    },
    "symptoms": {2: {USED}, 3: {AGAIN}, 4: {ROW + "symptom"}, 5: {USED}},
    "treatments": {
        2: {USED, ASSUMED + "start", ASSUMED + "end"},  # years
        3: {USED, ASSUMED + "start", ASSUMED + "end"},  # months
        4: {USED, ASSUMED + "start"},  # no start
        5: {USED, CELL + "end"},  # ends before it starts
        6: {ROW + "name"},
        7: {ROW + "start"},  # no date
        8: {ROW + "start"},  # 03/04/2024
        9: {USED, LATER + "start"},
    },
    "pregnancies": {
        2: {USED},
        3: {USED, ASSUMED + "due"},  # no conception
        4: {USED, CELL + "delivery"},  # before conception
        5: {USED, CELL + "due"},  # a month after conception
        6: {USED},  # only a delivery
        7: {ROW + "conception"},  # no date
        8: {USED, CELL + "due"},  # 03/04/2018
    },
}

FOLDERS = {"clinic-messy": MESSY, "clinic-messy-rest": REST}


def outcome(records: Records) -> Expected:
    """What became of each line, in the words of the tables above."""
    found: Expected = defaultdict(lambda: defaultdict(set))
    for course in records.courses.values():
        if course.person.ref is not None and course.person.ref.table == "people":
            found["people"][course.person.ref.line].add(USED)
        for table in TABLES[1:]:
            for event in getattr(course, table):
                found[table][event.ref.line].add(USED)
    for problem in records.rejected:
        found[problem.table][problem.line].add(f"{problem.kind}:{problem.column}")
    for note in records.notes:
        assert note.count <= LINES_LISTED
        for line in note.lines:
            found[note.table][line].add(f"{note.kind}:{note.column}")
    return {table: dict(lines) for table, lines in found.items()}


@pytest.fixture(scope="module", params=FOLDERS)
def folder(request):
    return request.param


@pytest.fixture(scope="module")
def records(folder):
    return read_folder(DATA / folder, as_of=AS_OF)


def test_every_line_comes_to_what_is_expected(folder, records):
    found = outcome(records)

    for table, lines in FOLDERS[folder].items():
        assert found[table] == lines, table
    assert set(found) == set(FOLDERS[folder])


def test_every_row_is_used_a_duplicate_or_set_aside(folder, records):
    for table, summary in records.tables.items():
        assert summary.read == summary.used + summary.rejected + summary.duplicate
        assert summary.read == len(
            [line for line, said in FOLDERS[folder][table].items() if said != {"information:"}]
        )


def test_every_message_has_place_reason_and_what_to_do(records):
    for problem in records.rejected:
        assert problem.reason
        assert problem.remedy
        assert problem.line
    for note in records.notes:
        assert note.reason
        assert note.lines


def test_messages(records, snapshot):
    assert "\n".join(check_lines(records)) == snapshot


def test_values_of_the_messy_export_that_are_used():
    courses = read_folder(DATA / "clinic-messy", as_of=AS_OF).courses
    by_line = {m.ref.line: m for course in courses.values() for m in course.measurements}

    def said(line):
        m = by_line[line]
        return m.test, m.value, m.censor, m.answer, m.unit

    assert said(2) == ("lymphocytes", 1.9, "", None, "10*9/L")
    assert said(3) == ("lymphocytes", 3.4, "", None, "10*9/L")
    assert said(5) == ("lymphocytes", 3.4, "", None, "10*9/L")
    assert said(6) == ("natalizumab", 2.0, "<", None, "ug/mL")
    assert said(7) == ("natalizumab", 24.0, "", None, "ug/mL")
    assert said(11) == ("natalizumab", 100.0, ">", None, "ug/mL")
    assert said(12)[1] == pytest.approx(154 * 0.45359237)
    assert said(15) == ("anti-natalizumab antibodies", None, "", "positive", "")
    assert said(16) == ("anti-natalizumab antibodies", 320.0, "", "positive", "1")
    assert said(17)[1] == pytest.approx(1.2 * 17.104, rel=1e-4)  # 10 / 584.66 g/mol
    assert said(19) == ("natalizumab", 2.0, "<", None, "ug/mL")
    assert said(20) == ("natalizumab", 2.0, "<", None, "ug/mL")
    assert said(23) == ("lymphocytes", 1.234, "", None, "10*9/L")
    assert said(24) == ("natalizumab", 24.0, "", None, "ug/mL")
    assert said(26) == ("a4-integrin saturation", 0.78, "", None, "1")
    assert said(28) == ("anti-natalizumab antibodies", 30.0, "", "positive", "AU/mL")
    assert said(29) == ("anti-natalizumab antibodies", 200.0, "", "negative", "ng/mL")
    assert said(33) == ("alt", 42.0, "", None, "U/L")
    assert said(34) == ("jcv index", 1.2, "", None, "index")
    assert said(35) == ("jcv index", None, "", "positive", "")
    assert said(38) == ("platelets", 250.0, "", None, "10*9/L")
    assert said(46) == ("haemoglobin", 142.0, "", None, "g/L")
    assert said(56) == ("anti-natalizumab antibodies", 4.0, "<", "negative", "ng/mL")
    assert by_line[6].as_written == "< 2 µg/mL"
    assert by_line[16].assay.threshold == 500.0
    assert by_line[28].assay.threshold is None  # arbitrary units are no nanograms
    assert by_line[29].assay.threshold == 500.0
    assert by_line[40].assay.lloq is None


def test_doses_of_the_messy_export_that_are_used():
    courses = read_folder(DATA / "clinic-messy", as_of=AS_OF).courses
    by_line = {d.ref.line: d for course in courses.values() for d in course.doses}

    assert by_line[3].end is None
    assert by_line[4].route == "IV"
    assert by_line[7].at.isoformat() == "2024-04-25T10:00:00"
    assert (by_line[8].amount_mg, by_line[8].time_known) == (300.0, False)
    assert by_line[14].end is None
    assert by_line[19].at.isoformat() == "2024-04-03T10:00:00"
    assert by_line[20].amount_mg == 300.0  # two syringes
    assert 21 not in by_line
    assert by_line[33].amount_mg == by_line[34].amount_mg == 300.0


def test_a_table_whose_rows_of_a_person_were_all_set_aside_does_not_say_none():
    courses = read_folder(DATA / "clinic-messy-rest", as_of=AS_OF).courses

    assert courses["R02"].reactions == ()
    assert not courses["R02"].has("reactions")  # one was written down; nobody knows when
    assert courses["R02"].has("symptoms")  # none was written down
    assert courses["R01"].has("reactions")
