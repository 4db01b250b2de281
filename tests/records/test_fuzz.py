"""Whatever an export holds: courses, or an InputError; and every row accounted for."""

from __future__ import annotations

from datetime import date

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openntz.course.course import TABLES, Course
from openntz.course.tables import CONTRACT
from openntz.errors import InputError
from openntz.records.csv import read_folder
from openntz.records.problems import Records
from openntz.records.summary import check_lines

AS_OF = date(2024, 6, 30)

# What cells of exports look like, near misses included; hypothesis adds the rest.
WORDS = st.sampled_from(
    [
        *("A", "B", "a", " A ", "=cmd()", "<script>", "", "n/a", "-", "?"),
        *("2024-05-01", "2024-05-01T10:30", "2024-05-01T00:00", "03/04/2024", "25/04/2024", "2015"),
        *("2015-03", "1024-01-01", "2924-01-01", "9999-12-31", "0001-01-01", "2034-01-01", "45390"),
        *("2024-05-01T11:30+02:00", "2024-07-30", "1990-02-30", "1980-01-01", "yes", "no"),
        *("300", "300,0", "1,234", "-300", "3000", "0", "1.5", "none", "<2", "> 100", "1e400"),
        *("pos", "neg (1:20)", "1:320", "BLQ", "24 mg/L", "2-3", "150", "0.5", "4", "10", "nan"),
        *("IV", "iv", "SC", "orally", "F", "Female", "M", "mg", "g"),
        *("natalizumab", "lymphocytes", "ADA", "weight", "jcv index", "serum rhubarb", "cd19"),
        *("ug/mL", "mg/dL", "10^9/L", "/mm3", "kg", "lb", "%", "AU/mL", "500 ng/mL", "10*9", "U"),
        *('"', '"open', "a\nb", "\0", "\u202eA", "é", "\ufeff", ";", ",", "\t"),
    ]
)
CELLS = st.one_of(WORDS, WORDS, WORDS, st.text(max_size=8))


@st.composite
def csv_text(draw, name):
    columns = [c.name for c in CONTRACT[name].columns]
    header = draw(
        st.one_of(
            st.just(columns),
            st.permutations(columns),
            st.lists(st.sampled_from([*columns, "other", ""]), min_size=1, max_size=10),
        )
    )
    rows = draw(st.lists(st.lists(CELLS, min_size=0, max_size=len(header) + 1), max_size=6))
    full = draw(st.lists(st.lists(CELLS, min_size=len(header), max_size=len(header)), max_size=6))
    sign = draw(st.sampled_from([",", ";", "\t"]))
    quote = draw(st.booleans())

    def cell(text):
        return '"' + text.replace('"', '""') + '"' if quote else text

    return "\n".join(sign.join(cell(c) for c in row) for row in [header, *full, *rows])


def check(records: Records) -> None:
    """What must hold of any reading."""
    lines = {name: set() for name in TABLES}
    for name, course in records.courses.items():
        assert isinstance(course, Course)
        assert course.person.id == name
        course.until(records.as_of)
        for table in TABLES[1:]:
            for event in getattr(course, table):
                assert event.ref.table == table
                assert event.ref.line not in lines[table]
                lines[table].add(event.ref.line)
    for name, summary in records.tables.items():
        assert summary.read == summary.used + summary.rejected + summary.duplicate
        assert summary.rejected == sum(
            p.kind == "row" and p.table == name for p in records.rejected
        )
        assert summary.duplicate == sum(
            n.kind == "duplicate" and n.table == name for n in records.notes
        )
    for problem in (*records.rejected, *records.notes):
        assert problem.reason
        # Nothing from outside may steer a terminal.
        for text in (problem.column, problem.value, problem.reason, problem.remedy):
            assert text.isprintable()
    assert all(problem.remedy for problem in records.rejected)
    assert all(line.isprintable() for line in check_lines(records))


def read_any(folder, **tables):
    for name, content in tables.items():
        data = content if isinstance(content, bytes) else content.encode("utf-8", "replace")
        (folder / f"{name}.csv").write_bytes(data)
    try:
        records = read_folder(folder, as_of=AS_OF)
    except InputError as refused:
        records = refused
    if isinstance(records, InputError):
        assert records.remedy
    else:
        check(records)


SLOW = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])


@given(people=csv_text("people"), doses=csv_text("doses"), measurements=csv_text("measurements"))
@SLOW
def test_any_tables_of_people_doses_and_results(tmp_path_factory, people, doses, measurements):
    read_any(tmp_path_factory.mktemp("any"), people=people, doses=doses, measurements=measurements)


PEOPLE = "person,birth_date,sex,ms_onset\nA,1980-01-01,F,2010-01-01\nB,1990-01-01,M,\n"


@given(data=st.data(), name=st.sampled_from([t for t in TABLES if t != "people"]))
@SLOW
def test_any_table_beside_people(tmp_path_factory, data, name):
    content = data.draw(csv_text(name))
    read_any(tmp_path_factory.mktemp("any"), people=PEOPLE, **{name: content})


@given(people=st.binary(max_size=200), doses=st.binary(max_size=200))
@SLOW
def test_any_bytes(tmp_path_factory, people, doses):
    read_any(tmp_path_factory.mktemp("any"), people=people, doses=doses)


@given(cut=st.integers(0, 400), data=st.binary(max_size=12))
@SLOW
def test_a_file_cut_off_or_overwritten_anywhere(tmp_path_factory, cut, data):
    text = (
        b"person,start,end,dose_mg,route,product,batch,setting,premedication\n"
        b"A,2024-01-08T10:00,2024-01-08T11:02,300,IV,Tysabri,B1,clinic,\n"
        b'B,2024-02-05T10:00,2024-02-05T11:00,"300,0",IV,Tysabri,"B1, 2",clinic,\n'
        b"A,2024-03-04T10:00,,300,SC,Tysabri,B1,home,\n"
    )
    folder = tmp_path_factory.mktemp("cut")
    read_any(folder, people=PEOPLE, doses=text[:cut])
    read_any(folder, people=PEOPLE, doses=text[:cut] + data + text[cut + len(data) :])
