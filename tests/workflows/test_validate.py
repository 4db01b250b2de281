"""Published results beside simulated ones: numbers, verdicts, the page."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace

from openntz.errors import EvidenceError
from openntz.evidence.published import published, read_published
from openntz.evidence.registry import registry
from openntz.mechanism.virtual.parameters import shipped_parameters
from openntz.mechanism.virtual.people import draw_people
from openntz.mechanism.virtual.readouts import antibodies, disease, statistics
from openntz.mechanism.virtual.readouts.arms import Arms
from openntz.mechanism.virtual.readouts.compare import Held, Simulated, check_known, figure
from openntz.report.validate_page import tally, validate_page
from openntz.workflows.validate import ValidateRequest, Validation, hold, run_validate

CONTRACT = {"id", "published", "simulated", "mc_error", "tolerance", "pass"}
CONTRACT |= {"used_in_calibration", "source"}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Validation:
    out = tmp_path_factory.mktemp("validate")
    return run_validate(ValidateRequest(out=out, people=60, seed=1))


def test_every_published_result_has_a_readout_and_a_scenario() -> None:
    check_known(published())


def test_json_keeps_the_contract_and_every_result(found: Validation) -> None:
    rows = json.loads((found.index.parent / "validate.json").read_text("utf-8"))
    assert [r["id"] for r in rows] == [p.id for p in published()]
    assert all(set(r) >= CONTRACT for r in rows)
    assert all(r["pass"] is None for r in rows if not r["counted"])
    assert all(isinstance(r["pass"], bool) for r in rows if r["counted"])


def test_a_figure_that_cannot_be_had_is_null_and_fails(found: Validation) -> None:
    rows = json.loads((found.index.parent / "validate.json").read_text("utf-8"))
    none = [r for r in rows if r["simulated"] is None and r["counted"]]
    assert all(r["pass"] is False for r in none)
    assert sum(r["simulated"] is not None for r in rows) > 90


def test_failures_stay_on_the_page(found: Validation) -> None:
    page = found.index.read_text("utf-8")
    failed = [one for one in found.held if one.agrees is False]
    assert failed, "with 60 people some results must miss"
    for one in failed:
        assert page.count(one.published.what.split("'")[0].split("<")[0]) >= 2
    assert page.count("<svg") == 8
    assert "<script" not in page


def test_each_result_has_a_monte_carlo_error(found: Validation) -> None:
    for one in found.held:
        # Of 60 people, some results have too few on one side to be a figure at all.
        if not np.isnan(one.simulated.value) and one.simulated.people > 1:
            assert one.simulated.mc_error >= 0.0, one.published.id


def test_workers_do_not_change_the_numbers() -> None:
    some = [p for p in published() if p.readout in {"trough.mean", "relapse.rate"}]
    one, two = (hold(some, shipped_parameters(), people=300, seed=2, workers=w) for w in (1, 2))
    assert [h.simulated for h in one] == [h.simulated for h in two]


def test_unknown_readout_is_refused_by_name() -> None:
    text = """
[published."a"]
what = "x"
kind = "mean"
value = 1.0
unit = "1"
tolerance = 1.0
reason = "r"
scenario = "q4w"
readout = "trough.meen"
used_in_calibration = false
source = "affirm-2006"
rank = "read"
"""
    results = read_published(text, registry(), "here")
    with pytest.raises(EvidenceError, match=r"unknown readout 'trough.meen'"):
        check_known(results)


def test_a_result_nobody_belongs_to_fails_and_is_not_dropped() -> None:
    (result,) = [p for p in published() if p.id == "level.trough.q4w"]
    simulated = figure(result, np.full(10, np.nan), 1)
    assert simulated.people == 0
    assert Held(result, simulated).agrees is False


def test_monte_carlo_error_of_a_mean_matches_its_closed_form() -> None:
    table = np.random.default_rng(3).normal(5.0, 2.0, 4000)
    (result,) = [p for p in published() if p.id == "level.trough.q4w"]
    error = figure(result, table, 1).mc_error
    # 200 resamples know a standard deviation to 5 %: three of these.
    assert error == pytest.approx(2.0 / np.sqrt(4000), rel=0.15)


def test_youden_matches_a_table_by_hand() -> None:
    # Above 2.5: both true ones and one of four others: 1 + 3/4 - 1.
    table = np.array([[5, 1], [4, 0], [3, 1], [2, 0], [1, 0], [0, 0]], float)
    assert statistics.youden(table) == pytest.approx(0.75)


def test_steady_week_matches_an_exponential_by_hand() -> None:
    # 1 - exp(-k) is within 5 % of its end from k = 3 on: the third column, week 12.
    course = 1.0 - np.exp(-np.arange(1, 27.0))
    assert statistics.steady_week(np.tile(course, (5, 1))) == 12.0


def test_group_ratio_matches_a_table_by_hand() -> None:
    # Means of 2 and 4 against 1, 1 and 0.
    table = np.array([[2, 1], [4, 1], [1, 0], [1, 0], [0, 0]], float)
    assert statistics.group_ratio(table) == pytest.approx(4.5)
    assert np.isnan(statistics.group_ratio(table[:2]))
    assert np.isnan(statistics.group_ratio(table[[0, 4]]))
    assert np.isnan(statistics.ratio(np.array([[1.0, 0.0], [2.0, 0.0]])))


def test_what_was_reread_is_marked_and_not_among_the_unseen() -> None:
    results = {p.id: p for p in published()}
    told, reread = results["level.trough.q4w"], results["level.at-least-10.amsterdam"]
    fitted = results["antibodies.ever.affirm"]
    held = [Held(p, Simulated(p.value, 0.1, 10)) for p in (told, reread, fitted)]
    found = tally(held)
    assert (found["counted"], found["unseen"], found["reread"]) == (3, 1, 1)
    page = validate_page(held, shipped_parameters(), registry(), people=10, seed=1, version="0")
    assert f"decided after a look: {reread.reread}" in page


def test_nothing_is_both_reread_and_fitted() -> None:
    assert not [p.id for p in published() if p.reread and p.used_in_calibration]


def test_a_reread_that_is_no_text_is_refused() -> None:
    text = """
[published."a"]
what = "x"
kind = "mean"
value = 1.0
unit = "1"
tolerance = 1.0
reason = "r"
scenario = "q4w"
readout = "trough.mean"
used_in_calibration = false
reread = true
source = "affirm-2006"
rank = "read"
"""
    with pytest.raises(EvidenceError, match="'reread'"):
        read_published(text, registry(), "here")


def test_ever_positive_are_the_persistent_and_the_transient() -> None:
    arms = Arms(draw_people(5, range(300)), shipped_parameters())
    grid = {"assay": "elisa_500", "every": 84}
    ever = antibodies.ever(arms, "q4w", grid)
    split = antibodies.persistent(arms, "q4w", grid) + antibodies.transient(arms, "q4w", grid)
    assert ever.tolist() == split.tolist()
    assert (antibodies.transient(arms, "q4w", grid) == arms.among("q4w", "transient")).all()
    assert antibodies.transient(arms, "q4w", grid).any()


def test_groups_hold_the_relapses_of_their_days_and_nobody_else() -> None:
    arms = Arms(draw_people(5, range(300)), shipped_parameters())
    args = {"start": 182, "until": 728, "group": "transient", "than": "never"}
    table = disease.groups(arms, "q4w", args)
    fates = arms["q4w"]
    own = arms.among("q4w", "transient")
    day = fates.day
    expected = fates.relapses[:, (day >= 182) & (day < 728)].sum(axis=1)
    assert table[own].tolist() == [[float(n), 1.0] for n in expected[own]]
    persistent = arms.among("q4w", "persistent")
    assert persistent.any()
    assert np.isnan(table[persistent]).all()


def test_not_counted_results_neither_pass_nor_fail() -> None:
    for result in published():
        if not result.counted:
            assert Held(result, Simulated(result.value, 0.0, 10)).agrees is None


def test_page_escapes_what_a_result_says(tmp_path: Path) -> None:
    (result,) = [p for p in published() if p.id == "level.trough.q4w"]
    held = [Held(replace(result, what="<script>alert(1)</script>"), Simulated(1.0, 0.1, 10))]
    page = validate_page(held, shipped_parameters(), registry(), people=10, seed=1, version="0")
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
