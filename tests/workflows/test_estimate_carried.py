"""Covariates carried forward: a dose has the lag of its own record."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from openntz.workflows.estimate import estimate

CARD = """
kind = "pharmacokinetics"
id = "carried"
title = "Lag that a covariate changes"
drug = "none"
source = "made-up"
rank = "project default"

[[sources]]
id = "made-up"
citation = "Made up for a test"

[data]
time = "h"
dose = "mg"
concentration = "mg/L"

[structure]
compartments = 1
elimination = "linear"
absorption = "first-order"
lag = true

[theta]
cl = {value = 4, unit = "L/h"}
vc = {value = 70, unit = "L"}
ka = {value = 1, unit = "1/h"}
lag = {value = 1, unit = "h"}

[covariate.food]
unit = "1"
column = "FOOD"
carry = "locf"
missing = "refuse"

[[effect]]
parameter = "lag"
covariate = "food"
form = "power"
exponent = {value = 1, unit = "1"}
reference = {value = 1, unit = "1"}

[omega]
cl = {value = 0.3, unit = "1", scale = "sd"}

[residual]
form = "proportional"
proportional = {value = 0.1, unit = "1", scale = "sd"}
"""
DATA = "ID,TIME,AMT,DV,EVID,FOOD\n1,0,100,.,1,1\n1,24,100,.,1,3\n1,26,.,.,2,3\n1,30,.,1.0,0,3\n"


def _level(since: np.ndarray) -> np.ndarray:
    """Bateman's function of 100 mg, cl 4, V 70, ka 1."""
    k, t = 4.0 / 70.0, np.maximum(since, 0.0)
    return 100.0 / 70.0 / (1.0 - k) * (np.exp(-k * t) - np.exp(-t))


def test_lag_of_a_dose_is_that_of_its_own_record_matches_closed_form(tmp_path: Path) -> None:
    card, data = tmp_path / "card.toml", tmp_path / "data.csv"
    card.write_text(CARD, "utf-8")
    data.write_text(DATA, "utf-8")
    found = estimate(card, data).people[0]
    time = np.array([26.0, 30.0])
    expected = _level(time - 1.0) + _level(time - 27.0)
    # The integration is good to 1e-9 a step.
    assert found.pred[2:] == pytest.approx(expected, rel=1e-7)
