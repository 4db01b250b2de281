"""The machine-readable rows against the contract."""

from msgspec.structs import replace

from openntz.monitor.finding import Status
from openntz.report.exports import (
    FORECAST_HEADER,
    PROBLEM_HEADER,
    findings_rows,
    forecast_rows,
    problem_rows,
)
from openntz.report.rules import rule_names
from openntz.report.worklist import row as worklist_row
from tests.report import build, invented

CONTRACT_KEYS = ["person", "rule", "status", "due", "message", "evidence", "profile", "sources"]
CONTRACT_COLUMNS = "person, quantity, day_after_last_dose, median, p05, p95, model, status"


def test_findings_have_the_keys_of_the_contract_first():
    rows = findings_rows(build.review(invented.everybody()))
    assert all(list(row)[: len(CONTRACT_KEYS)] == CONTRACT_KEYS for row in rows)
    more = ["facts", "others", "rows", "limits", "acknowledged", "lapsed", "as_of"]
    assert all(list(row)[len(CONTRACT_KEYS) :] == more for row in rows)


def test_one_finding_per_person_and_rule_unknown_included():
    people = invented.everybody()
    rows = findings_rows(build.review(people))
    assert len({(r["person"], r["rule"]) for r in rows}) == len(rows) == len(people) * 25
    assert any(r["status"] == "unknown" for r in rows)


def test_a_finding_is_told_as_it_was_found():
    rows = findings_rows(build.review([invented.normal()]))
    row = next(r for r in rows if r["rule"] == "pml.jcv-due")
    assert row["status"] == "due"
    assert row["due"] == "2024-07-02"
    assert row["evidence"] == ["measurements:9"]
    assert row["sources"] == ["eu-leaflet", "paper-1"]
    assert row["others"] == [
        {"profile": "us", "status": "watch", "message": "The US label repeats it later."}
    ]
    assert next(r for r in rows if r["rule"] == "eligibility.age")["due"] is None


def test_forecast_rows_are_complete_for_everybody():
    people = invented.everybody()
    rows = list(forecast_rows(build.review(people)))
    assert ", ".join(FORECAST_HEADER) == CONTRACT_COLUMNS
    expected = {
        (p.id, q, str(d))
        for p in people
        for q in ("concentration_ug_per_ml", "saturation_fraction")
        for d in (28, 35, 42, 49, 56, 70)
    }
    assert {row[:3] for row in rows} == expected
    assert len(rows) == len(expected)


def test_forecast_rows_hold_the_numbers_of_the_forecast():
    person = invented.normal()
    rows = {row[:3]: row for row in forecast_rows(build.review([person]))}
    level, saturation = person.forecast.by_day[42]
    row = rows["N001", "concentration_ug_per_ml", "42"]
    # Six significant digits are written.
    assert [float(x) for x in row[3:6]] == [
        float(f"{x:.6g}") for x in (level.median, level.p05, level.p95)
    ]
    assert row[6:] == ("van-den-berg-2025", "ok")
    row = rows["N001", "saturation_fraction", "42"]
    assert float(row[3]) == float(f"{saturation.median:.6g}")
    assert row[6] == "van-den-berg-2025 + saturation_natalizumab + saturation_biib107"


def test_what_was_not_computed_is_empty_and_says_why():
    rows = list(forecast_rows(build.review([invented.outside(), invented.never()])))
    assert all(row[3:6] == ("", "", "") for row in rows)
    assert rows[0][7].startswith("outside domain: the model holds for adults")
    assert rows[-1][7] == "no dose: no dose is recorded."


def test_no_level_is_given_of_somebody_recorded_as_having_died():
    alive = invented.normal()
    told = build.finding(alive.id, "level.low", Status.OK, "Died.", facts=("death.begin",))
    dead = replace(alive, findings=(told,))
    rows = list(forecast_rows(build.review([dead])))
    assert len(rows) == len(list(forecast_rows(build.review([alive]))))
    assert {r[3:6] for r in rows} == {("", "", "")}
    assert {r[7] for r in rows} == {"recorded as having died"}
    cells = [worklist_row(p, "x.html", rule_names(p.findings)) for p in (dead, alive)]
    assert (cells[0].now.value, cells[0].now.missing) == ("", "recorded as having died")
    assert (cells[0].planned.value, cells[0].planned.missing) == ("", "")
    assert cells[1].now.value


def test_problems_have_the_columns_of_the_contract():
    problem = build.Problem("doses", 4, "end", "x", "ends before it starts", "Correct it.")
    whole = build.Problem("mri", 0, "", "", "empty file", "Export it again.")
    assert PROBLEM_HEADER == ("table", "line", "column", "value", "reason", "remedy")
    assert list(problem_rows([problem, whole])) == [
        ("doses", "4", "end", "x", "ends before it starts", "Correct it."),
        ("mri", "", "", "", "empty file", "Export it again."),
    ]


def test_a_forecast_that_levels_contradict_is_not_ok():
    person = invented.normal()
    against = replace(person.forecast, contradiction="The latest level does not agree.")
    rows = list(forecast_rows(build.review([replace(person, forecast=against)])))
    assert {row[-1] for row in rows} == {"contradicted"}
    assert all(row[3] for row in rows)  # the numbers stay
    assert {row[-1] for row in forecast_rows(build.review([person]))} == {"ok"}
    prior = replace(against, status="prior only")
    rows = list(forecast_rows(build.review([replace(person, forecast=prior)])))
    assert {row[-1] for row in rows} == {"prior only"}
