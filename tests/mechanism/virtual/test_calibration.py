"""What is shipped is what the calibration wrote, and it saw only what it was allowed to."""

from __future__ import annotations

from pathlib import Path

import pytest
import tomli

from openntz.evidence.published import published
from openntz.mechanism.virtual.parameters import shipped_parameters

RESULT = Path(__file__).parents[3] / "calibration" / "result.toml"
STAGES = tomli.loads(RESULT.read_text("utf-8"))["stage"]
VALUES = {name: value for stage in STAGES.values() for name, value in stage["values"].items()}
SEEN = {name for stage in STAGES.values() for name in stage["simulated"]}


def test_shipped_values_are_those_of_the_kept_result() -> None:
    shipped = shipped_parameters()
    assert {name: shipped.entries[name].value for name in VALUES} == pytest.approx(VALUES)


def test_calibrated_parameters_are_those_that_were_fitted() -> None:
    entries = shipped_parameters().entries.values()
    assert {e.name for e in entries if e.origin == "calibrated"} == set(VALUES)


def test_calibration_saw_exactly_the_results_marked_for_it() -> None:
    assert {p.id for p in published() if p.used_in_calibration} == SEEN


def test_no_stage_ended_worse_than_it_began() -> None:
    for name, stage in STAGES.items():
        assert stage["objective_after"] <= stage["objective_before"], name
