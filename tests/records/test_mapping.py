"""Mapping files: another layout read like our own, and mistakes in the file named."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
import tomli
from hypothesis import given, settings
from hypothesis import strategies as st

from openntz.errors import InputError
from openntz.records.csv import read_folder
from openntz.records.mapping import read_mapping
from openntz.records.reference import MAPPING_EXAMPLE
from tests.records.build import AS_OF, PEOPLE, dose_rows, only, read, result_rows


def test_the_documented_example_reads_another_layout(tmp_path):
    (tmp_path / "infusions 2024.csv").write_text(
        "person;Infusion begins;Milligrams;route\nA;03/04/2024 10:00;300,0;drip\n",
        encoding="utf-8",
    )
    results = result_rows(
        "A,2024-04-03T09:00,NTZ Spiegel,<2,,,,,",
        "A,2024-04-03T09:00,anti-natalizumab antibodies,pos,,,,,",
    )
    records = read(tmp_path, mapping=MAPPING_EXAMPLE, measurements=results)
    dose = only(records.courses["A"].doses)
    level, antibodies = records.courses["A"].measurements

    assert not records.rejected
    assert dose.at.isoformat() == "2024-04-03T10:00:00"
    assert (dose.amount_mg, dose.route, dose.product) == (300.0, "IV", "Tysabri")
    assert (level.test, level.value, level.censor, level.unit) == ("natalizumab", 2.0, "<", "ug/mL")
    assert (level.assay.name, level.assay.lloq) == ("bridging ELISA", 2.0)
    assert antibodies.assay.threshold == 500.0
    # What stood in for an empty cell is said; a stated order or decimal sign is no assumption.
    assert {n.column for n in records.notes if n.kind == "assumed"} == {
        *("product", "unit", "assay", "lloq", "threshold", "end"),
    }


def test_an_ambiguous_date_is_read_once_its_order_is_stated(tmp_path):
    rows = dose_rows("A,03/04/2024 10:00,,300,IV,,,,")

    assert only(read(tmp_path, doses=rows).rejected).column == "start"
    for order, month in (("DD/MM/YYYY", 4), ("MM/DD/YYYY", 3)):
        stated = read(tmp_path, mapping=f'[doses]\ndate_format = "{order}"\n', doses=rows)
        assert only(stated.courses["A"].doses).at.month == month
        assert not stated.rejected


def test_an_order_stated_for_one_table_does_not_hold_for_another(tmp_path):
    rows = "person,date\nA,03/04/2024\n"
    records = read(tmp_path, mapping='[doses]\ndate_format = "DD/MM/YYYY"\n', mri=rows)

    assert only(records.rejected).table == "mri"


def test_a_decimal_sign_is_used_throughout_its_table(tmp_path):
    rows = result_rows('A,2024-05-01,cd19,"1,234",cells/uL,,,,', "A,2024-05-02,cd19,1.234,/uL,,,,")
    records = read(tmp_path, mapping='[measurements]\ndecimal = ","\n', measurements=rows)

    assert [m.value for m in records.courses["A"].measurements] == [1.234, 1234.0]


def test_words_are_mapped_whatever_their_case(tmp_path):
    mapping = '[doses.values.route]\n"In die Vene" = "IV"\n'
    rows = dose_rows("A,2024-05-01T10:00,2024-05-01T11:00,300,IN DIE VENE,,,,")

    assert only(read(tmp_path, mapping=mapping, doses=rows).courses["A"].doses).route == "IV"


def test_identifiers_are_mapped_too(tmp_path):
    mapping = '[doses.values.person]\n"0001" = "A"\n'
    rows = dose_rows("0001,2024-05-01T10:00,2024-05-01T11:00,300,IV,,,,")
    records = read(tmp_path, mapping=mapping, doses=rows)

    assert list(records.courses) == ["A"]
    assert len(records.courses["A"].doses) == 1


def test_a_grade_in_words_is_read_once_mapped(tmp_path):
    rows = "person,onset,term,grade\nA,2024-05-01,rigors,severe\n"
    mapping = '[reactions.values.grade]\nsevere = "3"\n'

    assert only(read(tmp_path, reactions=rows).courses["A"].reactions).grade is None
    assert only(read(tmp_path, mapping=mapping, reactions=rows).courses["A"].reactions).grade == 3


def test_units_are_mapped_for_each_row_although_rows_share_a_recipe(tmp_path):
    mapping = '[measurements.values.unit]\n"mcg" = "ug/mL"\n'
    rows = result_rows(
        "A,2024-05-01,natalizumab,20,mcg,,,,", "A,2024-05-02,natalizumab,20000,ng/mL,,,,"
    )
    records = read(tmp_path, mapping=mapping, measurements=rows)

    assert [m.value for m in records.courses["A"].measurements] == [20.0, 20.0]


def test_a_default_makes_a_required_column_optional_and_is_said(tmp_path):
    rows = "person,start,dose_mg\nA,2024-05-01T10:00,300\n"
    records = read(tmp_path, mapping='[doses.defaults]\nroute = "SC"\n', doses=rows)

    assert only(records.courses["A"].doses).route == "SC"
    assert "the mapping file says 'SC'" in only(records.notes).reason


def test_a_default_does_not_overrule_a_cell(tmp_path):
    rows = dose_rows("A,2024-05-01T10:00,2024-05-01T11:00,300,IV,,,,")
    records = read(tmp_path, mapping='[doses.defaults]\nroute = "SC"\n', doses=rows)

    assert only(records.courses["A"].doses).route == "IV"


def test_a_mapped_column_outranks_the_column_of_that_name(tmp_path):
    rows = "person,start,real start,dose_mg,route\nA,2020-01-01,2024-05-01,300,IV\n"
    records = read(tmp_path, mapping='[doses.columns]\nstart = "Real Start"\n', doses=rows)

    assert only(records.courses["A"].doses).at.year == 2024
    assert records.tables["doses"].unknown_columns == ("start",)


def test_a_mapped_column_that_is_not_there_is_named(tmp_path):
    rows = dose_rows("A,2024-05-01T10:00,,300,IV,,,,")
    records = read(tmp_path, mapping='[doses.columns]\nstart = "begin"\n', doses=rows)

    assert "does not have it" in only(records.rejected).reason


def test_a_mapped_file_that_is_not_there_is_named(tmp_path):
    records = read(tmp_path, mapping='[doses]\nfile = "x.csv"\n')

    assert only(records.rejected).value == "x.csv"


@pytest.mark.parametrize(
    ("text", "what", "where"),
    [
        ("[dose]\n", "no such table", "[dose]"),
        ("doses = 3\n", "valid dictionary", "[doses]"),
        ('[doses]\nfiles = "x"\n', "files", "[doses]"),
        ("[doses]\nfile = 3\n", "file", "[doses]"),
        ('[doses]\nfile = "../../etc/passwd"\n', "not a plain file name", "[doses]"),
        ('[doses]\nfile = "/etc/passwd"\n', "not a plain file name", "[doses]"),
        ('[doses]\nfile = ".."\n', "not a plain file name", "[doses]"),
        ('[doses.columns]\nbegin = "x"\n', "no column 'begin'", "[doses]"),
        ('[doses.values.via]\nx = "IV"\n', "no column 'via'", "[doses]"),
        ('[doses]\ndate_format = "%d/%m/%Y"\n', "date_format", "[doses]"),
        ('[doses]\ndate_format = "DD/MM/YY"\n', "date_format", "[doses]"),
        ('[doses]\ndecimal = ";"\n', "decimal", "[doses]"),
        ('[doses]\ndelimiter = ":"\n', "delimiter", "[doses]"),
        ('[doses.tests]\nx = "natalizumab"\n', "tests belong to", "[doses]"),
        ('[measurements.tests]\nx = "rhubarb"\n', "no test 'rhubarb'", "[measurements]"),
        ('[measurements.test_defaults.rhubarb]\nunit = "g/L"\n', "no test", "[measurements]"),
        ("[measurements.test_defaults.weight]\nunits = 3\n", "units", "[measurements]"),
        ("[[[\n", "not valid TOML", "mapping.toml"),
        ("\x00", "not valid TOML", "mapping.toml"),
    ],
)
def test_a_mistake_is_named_with_place_and_remedy(tmp_path, text, what, where):
    path = tmp_path / "mapping.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_mapping(path)

    assert what in caught.value.what
    assert where in caught.value.where
    assert caught.value.remedy


def test_a_mapping_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        read_mapping(tmp_path / "nowhere.toml")


def test_bytes_that_are_no_text_are_named(tmp_path):
    path = tmp_path / "mapping.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="not valid TOML"):
        read_mapping(path)


TOML_VALUES = st.recursive(
    st.one_of(st.text(max_size=6), st.integers(), st.booleans()),
    lambda inner: st.dictionaries(
        st.sampled_from(["a", "file", "start", "unit"]), inner, max_size=3
    ),
    max_leaves=6,
)


def toml(value):
    if isinstance(value, dict):
        return "{" + ", ".join(f'"{k}" = {toml(v)}' for k, v in value.items()) + "}"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value % 2**62)
    return '"' + "".join(f"\\U{ord(c):08x}" for c in value if not "\ud800" <= c <= "\udfff") + '"'


KEYS = ["file", "columns", "values", "defaults", "date_format", "decimal", "tests", "test_defaults"]


@given(
    entries=st.dictionaries(
        st.sampled_from(["doses", "measurements", "people", "else"]),
        st.dictionaries(st.sampled_from(KEYS), TOML_VALUES, max_size=3),
        max_size=3,
    )
)
@settings(deadline=None, max_examples=60)
def test_any_mapping_is_used_or_an_input_error(tmp_path_factory, entries):
    folder = tmp_path_factory.mktemp("mapping")
    text = "\n".join(f"{name} = {toml(entry)}" for name, entry in entries.items())
    try:
        records = read(
            folder,
            mapping=text or "# nothing",
            people=PEOPLE,
            doses=dose_rows("A,2024-05-01T10:00,,300,IV,,,,"),
            measurements=result_rows("A,2024-05-01T10:00,natalizumab,20,ug/mL,,,,"),
        )
    except InputError:
        return
    for summary in records.tables.values():
        assert summary.read == summary.used + summary.rejected + summary.duplicate


FOREIGN = """
[people]
file = "Patienten.csv"
date_format = "DD/MM/YYYY"
[people.columns]
person = "PatNr"
birth_date = "Geburtsdatum"
sex = "Geschlecht"
[people.values.sex]
"w" = "F"
"m" = "M"

[doses]
file = "Infusionen 2024.csv"
delimiter = ";"
date_format = "DD/MM/YYYY"
[doses.columns]
person = "PatNr"
start = "Beginn"
end = "Ende"
dose_mg = "Dosis (mg)"
route = "Weg"
[doses.values.route]
"Infusion" = "IV"
"Spritze" = "SC"

[measurements]
file = "Labor.csv"
decimal = ","
date_format = "DD/MM/YYYY"
[measurements.columns]
person = "PatNr"
taken = "Abnahme"
test = "Parameter"
value = "Ergebnis"
unit = "Einheit"
lloq = "Grenze"
threshold = "Schwelle"
assay = "Verfahren"
[measurements.tests]
"NTZ Spiegel" = "natalizumab"
"""


def _foreign_day(cell):
    day, _, clock = cell.partition("T")
    return " ".join([".".join(reversed(day.split("-"))), clock]).strip() if cell else ""


def test_the_example_clinic_in_another_layout_matches_itself(tmp_path):
    """Other file names, headers, words, date order, decimal sign, delimiter and encoding."""
    clinic = Path(__file__).parents[2] / "examples" / "clinic"
    words = {"F": "w", "M": "m", "IV": "Infusion", "SC": "Spritze", "natalizumab": "NTZ Spiegel"}
    dates = {"birth_date", "start", "end", "taken"}
    layout = tomli.loads(FOREIGN)
    for name, entry in layout.items():
        with (clinic / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
        lines = [list(entry["columns"].values())]
        for row in rows:
            cells = {c: _foreign_day(row[c]) if c in dates else row[c] for c in entry["columns"]}
            if name == "measurements":
                cells["value"] = cells["value"].replace(".", ",")
            lines.append([words.get(cell, cell) for cell in cells.values()])
        text = io.StringIO()
        csv.writer(text, delimiter=";").writerows(lines)
        (tmp_path / entry["file"]).write_text(text.getvalue(), encoding="cp1252", newline="")
    mapping = tmp_path.parent / "layout.toml"
    mapping.write_text(FOREIGN, encoding="utf-8")
    ours, theirs = (
        read_folder(clinic, as_of=AS_OF),
        read_folder(tmp_path, as_of=AS_OF, mapping=mapping),
    )

    assert theirs.rejected == ()
    assert list(theirs.courses) == list(ours.courses)

    def told(course):
        return (
            course.person.birth_date,
            course.person.sex,
            [(d.at, d.time_known, d.end, d.amount_mg, d.route) for d in course.doses],
            [
                (m.at, m.test, m.value, m.censor, m.answer, m.unit, m.assay and m.assay.lloq)
                for m in course.measurements
            ],
        )

    for name, course in ours.courses.items():
        assert told(theirs.courses[name]) == told(course), name
