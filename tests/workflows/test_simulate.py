"""A scenario becomes tables that the other verbs read like any clinic's."""

from __future__ import annotations

import csv
import json
import re
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from openntz.errors import InputError, SolverError
from openntz.mechanism.virtual.blood import CELLS
from openntz.mechanism.virtual.parameters import shipped_parameters
from openntz.mechanism.virtual.people import female
from openntz.workflows.check import run_check
from openntz.workflows.evaluate import EvaluateRequest, run_evaluate
from openntz.workflows.forecast import ForecastQuestion, run_forecast
from openntz.workflows.review import ReviewRequest, run_review
from openntz.workflows.scenario import read_scenario
from openntz.workflows.simulate import SimulateRequest, run_simulate
from openntz.workflows.simulated_arm import planned_doses, simulate_part
from openntz.workflows.simulated_rows import HEADERS, rows_of
from tests.workflows.quiet import QUIET

EXAMPLES = Path(__file__).parents[2] / "examples"
SCENARIO = """
title = "small"
start = 2021-01-04
days = 400
seed = 5

[visits]
level_every_doses = 3

[[arm]]
name = "drug"
people = 3
doses = [{ every_week = 4, count = 30 }]

[[arm]]
name = "stop"
people = 2
doses = [{ every_week = 4, count = 6 }]
successor = { name = "ocrelizumab", after_week = 8 }

[[arm]]
name = "placebo"
people = 1
"""


def _simulated(tmp_path: Path, text: str = SCENARIO, **options: object) -> Path:
    file = tmp_path / "scenario.toml"
    file.write_text(text, encoding="utf-8")
    out = tmp_path / "clinic"
    run_simulate(SimulateRequest(scenario=file, out=out, **options))  # type: ignore[arg-type]
    return out


def _rows(folder: Path, table: str) -> list[dict[str, str]]:
    with (folder / f"{table}.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _simulated(tmp_path_factory.mktemp("simulated"), trajectories=True)


def test_columns_are_those_of_the_example_clinic() -> None:
    for table, header in HEADERS.items():
        first = (EXAMPLES / "clinic" / f"{table}.csv").read_text("utf-8").splitlines()[0]
        # Only the arm is more: the truth of a simulation, kept without being used.
        assert [c for c in header if c != "arm"] == first.split(","), table


def test_nothing_of_the_tables_is_set_aside(clinic: Path) -> None:
    records = run_check(clinic, as_of=date(2022, 3, 1), mapping=None, site=None, progress=QUIET)
    assert not records.rejected
    assert len(records.courses) == 6


def test_review_forecast_and_evaluate_run_unchanged(clinic: Path, tmp_path: Path) -> None:
    as_of = date(2022, 1, 20)
    reviewed = run_review(
        ReviewRequest(
            folder=clinic,
            out=tmp_path / "review",
            as_of=as_of,
            profile="eu",
            site=None,
            mapping=None,
            seed=1,
            workers=1,
        ),
        QUIET,
    )
    found = json.loads((tmp_path / "review" / "findings.json").read_text("utf-8"))
    rules = {f["rule"] for f in found}
    assert len(found) == 6 * len(rules)
    assert not reviewed.review.rejected
    stopped = {f["person"]: f["status"] for f in found if f["rule"] == "stopping.no-successor"}
    assert stopped["A2-000001"] == "ok", "the successor is in the treatments table"
    answer = run_forecast(
        ForecastQuestion(
            folder=clinic,
            person="A1-000001",
            as_of=as_of,
            next_dose=None,
            profile="eu",
            site=None,
            mapping=None,
            seed=1,
        )
    )
    assert answer is not None
    run_evaluate(EvaluateRequest(folder=clinic, out=tmp_path / "evaluate", as_of=as_of, seed=1))
    assert (tmp_path / "evaluate" / "index.html").exists()


def test_equal_seeds_give_equal_bytes_and_another_seed_others(tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    other = tmp_path / "c"
    for folder in (first, second, other):
        folder.mkdir()
    a = _simulated(first)
    b = _simulated(second, workers=2)
    c = _simulated(other, seed=6)
    for table in HEADERS:
        assert (a / f"{table}.csv").read_bytes() == (b / f"{table}.csv").read_bytes()
    assert (a / "measurements.csv").read_bytes() != (c / "measurements.csv").read_bytes()


def test_a_person_does_not_change_with_the_number_of_people(clinic: Path, tmp_path: Path) -> None:
    more = _simulated(tmp_path, SCENARIO.replace("people = 3", "people = 5"))
    for table in ("people", "doses", "measurements", "mri", "relapses"):
        few = [r for r in _rows(clinic, table) if r["person"] == "A1-000002"]
        many = [r for r in _rows(more, table) if r["person"] == "A1-000002"]
        assert few == many, table


def test_placebo_has_no_dose_and_no_antibody_test(clinic: Path) -> None:
    doses = {r["person"] for r in _rows(clinic, "doses")}
    tests = {r["test"] for r in _rows(clinic, "measurements") if r["person"] == "A3-000001"}
    assert "A3-000001" not in doses
    assert "anti-natalizumab antibodies" not in tests
    assert "lymphocytes" in tests


def test_a_stop_is_recorded_with_its_reason_and_a_plan_that_outlasts_the_study_is_not(
    clinic: Path,
) -> None:
    stopped = {r["person"]: r["reason"] for r in _rows(clinic, "plans") if r["stopped"]}
    assert stopped["A2-000001"] in {"end of the planned doses", "hypersensitivity"}
    assert all(stopped.get(f"A1-00000{i}") in {None, "hypersensitivity"} for i in (1, 2, 3))


def test_trajectories_hold_every_person_and_day(clinic: Path) -> None:
    table = pq.read_table(clinic / "trajectories")
    assert table.num_rows == 6 * (400 + 28 + 1)
    free = table["free_drug_ug_per_ml"].to_numpy()
    assert (free >= 0).all()
    assert (free <= table["total_drug_ug_per_ml"].to_numpy() * (1 + 1e-6)).all()


def test_trajectories_hold_every_kind_of_cell_and_what_began(clinic: Path) -> None:
    table = pq.read_table(clinic / "trajectories")
    for kind in CELLS:
        (name,) = [c for c in table.column_names if c.startswith(f"{kind}_")]
        assert (table[name].to_numpy() > 0).all()
    began = {(r["person"], r["onset"][:10]) for r in _rows(clinic, "relapses")}
    hit = table.filter(table["relapses_begun"].to_numpy() > 0)
    start = date(2021, 1, 4)
    found = {
        (person, (start + timedelta(days=day)).isoformat())
        for person, day in zip(hit["person"].to_pylist(), hit["day"].to_pylist(), strict=True)
    }
    assert began
    assert began <= found
    new = table["new_t2_lesions_begun"].to_numpy()
    assert new.sum() >= sum(int(r["new_t2_lesions"] or 0) for r in _rows(clinic, "mri")) > 0


def test_levels_are_drawn_just_before_a_dose(clinic: Path) -> None:
    starts = {(r["person"], r["start"][:10]) for r in _rows(clinic, "doses")}
    levels = [r for r in _rows(clinic, "measurements") if r["test"] == "natalizumab"]
    assert levels
    assert all((r["person"], r["taken"][:10]) in starts for r in levels)
    assert all(r["taken"][11:] < "09:00" for r in levels)


def test_missed_late_and_leaving_happen_at_their_rates(tmp_path: Path) -> None:
    file = tmp_path / "s.toml"
    head = SCENARIO.split("[[arm]]")[0].replace("days = 400", "days = 728")
    file.write_text(
        head
        + "[conduct]\nmissed_dose = 0.2\nleave_per_year = 0.5\n"
        + "stop_after_hypersensitivity = false\n"
        + '[[arm]]\nname = "x"\npeople = 300\ndoses = [{ every_week = 4, count = 26 }]\n',
        encoding="utf-8",
    )
    part = simulate_part(read_scenario(file), 0, list(range(300)), shipped_parameters())
    left = np.array([s is not None for s in part.stops])
    # exp(-0.5 x 2 years) stay; three binomial standard errors of 300 people.
    assert abs(left.mean() - (1 - np.exp(-0.5 * 728 / 365.25))) < 3 * np.sqrt(0.25 / 300)
    whole = [len(r.day) for r, gone in zip(part.regimens, left, strict=True) if not gone]
    # The first dose is never missed.
    expected = 1 + 25 * 0.8
    assert abs(np.mean(whole) - expected) < 3 * np.sqrt(25 * 0.16 / len(whole))


def test_pregnant_women_have_a_due_date_and_lower_levels_for_their_weight(tmp_path: Path) -> None:
    text = SCENARIO.split("[[arm]]")[0] + (
        '[[arm]]\nname = "x"\npeople = 20\ndoses = [{ every_week = 4, count = 14 }]\n'
    )
    plain, pregnant = tmp_path / "a.toml", tmp_path / "b.toml"
    plain.write_text(text, encoding="utf-8")
    pregnant.write_text(text + "pregnancy = { conception_day = 60 }\n", encoding="utf-8")
    without, with_it = (
        simulate_part(read_scenario(f), 0, list(range(20)), shipped_parameters())
        for f in (plain, pregnant)
    )
    women = female(without.crowd, shipped_parameters())
    day = without.fates.column(308)
    lower = with_it.fates.total[:, day] < without.fates.total[:, day]
    assert (lower == women).all()
    rows = rows_of(read_scenario(pregnant), 0, with_it)["pregnancies"]
    assert len(rows) == women.sum()


def test_phases_follow_one_another_with_their_gap(tmp_path: Path) -> None:
    file = tmp_path / "s.toml"
    file.write_text(
        'title = "t"\nstart = 2021-01-04\ndays = 600\n[[arm]]\nname = "x"\npeople = 1\n'
        "doses = [{ every_week = 4, count = 2 }, "
        '{ every_week = 6, count = 2, wait_week = 48, route = "SC" }]\n',
        encoding="utf-8",
    )
    regimen, plan = planned_doses(read_scenario(file).arm[0], 600)
    assert regimen.day.tolist() == [0, 28, 364, 406]
    assert regimen.subcutaneous.tolist() == [False, False, True, True]
    assert plan == [(0, 28), (364, 42)]


def test_example_scenario_reads() -> None:
    assert len(read_scenario(EXAMPLES / "simulate" / "intervals.toml").arm) == 9


def test_documented_scenario_reads(tmp_path: Path) -> None:
    page = (EXAMPLES.parent / "docs" / "concepts" / "virtual-people.md").read_text("utf-8")
    (block,) = re.findall(r"```toml\n(.*?)```", page, flags=re.DOTALL)
    file = tmp_path / "documented.toml"
    file.write_text(block, encoding="utf-8")
    assert read_scenario(file).arm[0].successor is not None


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("people = 3", "people = 0", "arm[1].people"),
        ("people = 3", "poeple = 3", "arm[1].po"),
        ("level_every_doses = 3", "level_every_doses = -3", "visits.level_every_doses"),
        ("count = 30", "count = -1", "arm[1].doses[1].count"),
        ("every_week = 4, count = 30", "every_week = nan, count = 30", "every_week"),
        ("[visits]", "[conduct]\nmissed_dose = -0.1\n[visits]", "conduct.missed_dose"),
        ('name = "placebo"', 'name = "drug"', "two arms have one name"),
        ("start = 2021-01-04", "start = 4", "start"),
        ("[visits]", "[visits", "not valid TOML"),
    ],
)
def test_bad_scenario_is_refused_with_the_path_in_the_file(
    tmp_path: Path, old: str, new: str, words: str
) -> None:
    file = tmp_path / "bad.toml"
    file.write_text(SCENARIO.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_scenario(file)
    assert words in str(caught.value)
    assert "bad.toml" in str(caught.value)


@pytest.mark.parametrize(
    ("key", "written"),
    [
        ("doses[1].wait_week", "doses = [{ every_week = 4, count = 2, wait_week = 3 }]"),
        ("doses[2]", "doses = [{ every_week = 4, count = 2 }, { every_week = 12, count = 1 }]"),
        (
            "weight_change.start_day",
            "weight_change = { start_day = 99, end_day = 100, factor = 2 }",
        ),
        ("plasma_exchange.start_day", "plasma_exchange = { start_day = 99, sessions = 2 }"),
        ("pregnancy.conception_day", "pregnancy = { conception_day = 99 }"),
        ("successor", 'successor = { name = "b", after_week = 1 }'),
        (
            "successor",
            'doses = [{ every_week = 4, count = 4 }]\nsuccessor = { name = "b", after_week = 1 }',
        ),
        (
            "successor.after_week",
            'doses = [{ every_week = 4, count = 1 }]\nsuccessor = { name = "b", after_week = 15 }',
        ),
    ],
)
def test_what_the_study_would_never_show_is_refused_with_its_path(
    tmp_path: Path, key: str, written: str
) -> None:
    file = tmp_path / "never.toml"
    head = 'title = "t"\nstart = 2021-01-04\ndays = 99\n[[arm]]\nname = "a"\npeople = 1\n'
    file.write_text(head + written.replace("factor = 2 ", "factor = 2.0 "), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_scenario(file)
    assert f"arm[1].{key}" in str(caught.value)
    # The same with days enough is read.
    if key != "doses[1].wait_week" and "doses" in written:
        file.write_text(file.read_text("utf-8").replace("days = 99", "days = 200"), "utf-8")
        assert read_scenario(file).days == 200


def test_nothing_half_written_is_left_where_people_cannot_be_solved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise SolverError("step size underflow.")

    monkeypatch.setattr("openntz.workflows.simulated_chunks.simulate_part", fails)
    with pytest.raises(SolverError):
        _simulated(tmp_path)
    assert [f.name for f in (tmp_path / "clinic").iterdir()] == [".unfinished"]


def test_a_folder_with_other_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "clinic").mkdir()
    (tmp_path / "clinic" / "people.csv").write_text("person\n", encoding="utf-8")
    with pytest.raises(InputError, match="not empty"):
        _simulated(tmp_path)
