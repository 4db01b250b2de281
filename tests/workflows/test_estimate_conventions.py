"""What the conventions of NONMEM-style data mean for the level, against closed forms.

Nothing here was compared with NONMEM itself; docs/reference/nonmem-data.md names the choices.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from openntz.workflows.estimate import estimate

CL, VC, KA, LAG = 3.0, 20.0, 0.8, 1.5
K = CL / VC
# The integration is good to 1e-9 a step.
EXACT = 1e-7
CARD = """
kind = "pharmacokinetics"
id = "conventions"
title = "One compartment"
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
absorption = "{absorption}"
{lag}

[theta]
cl = {{value = 3, unit = "L/h"}}
vc = {{value = 20, unit = "L"}}
{absorbed}

[omega]
cl = {{value = 0.3, unit = "1", scale = "sd"}}

[residual]
form = "additive"
additive = {{value = 1, unit = "mg/L", scale = "sd"}}
"""
ORAL = 'ka = {value = 0.8, unit = "1/h"}\nlag = {value = 1.5, unit = "h"}'


def levels(folder: Path, rows: list[str], *, oral: bool = False) -> np.ndarray:
    """Typical level (mg/L) at every row ``TIME,EVID,AMT,RATE,ADDL,II,SS`` of one person."""
    card, data = folder / "card.toml", folder / "data.csv"
    text = CARD.format(
        absorption="first-order" if oral else "none",
        lag="lag = true" if oral else "",
        absorbed=ORAL if oral else "",
    )
    card.write_text(text, "utf-8")
    head = "ID,TIME,EVID,AMT,RATE,ADDL,II,SS,DV,MDV\n"
    body = [f"1,{row},{'1.0,0' if row.split(',')[1] == '0' else '.,1'}\n" for row in rows]
    data.write_text(head + "".join(body), "utf-8")
    return np.asarray(estimate(card, data).people[0].pred)


def infused(since: np.ndarray | float, rate: float, length: float) -> np.ndarray:
    """Level a time after the start of an infusion."""
    t = np.asarray(since, float)
    inside, after = np.clip(t, 0.0, length), np.maximum(t - length, 0.0)
    return rate / CL * -np.expm1(-K * inside) * np.exp(-K * after)


def swallowed(since: np.ndarray | float) -> np.ndarray:
    """Level a time after an oral dose of 100 mg arrived."""
    t = np.maximum(np.asarray(since, float), 0.0)
    return 100.0 * KA / (VC * (KA - K)) * (np.exp(-K * t) - np.exp(-KA * t))


def test_a_constant_infusion_at_steady_state_ends_at_its_record_matches_closed_form(
    tmp_path: Path,
) -> None:
    found = levels(tmp_path, ["0,1,0,12,0,0,1", "0,0,.,.,.,.,.", "2,0,.,.,.,.,.", "9,0,.,.,.,.,."])
    expected = 12.0 / CL * np.exp(-K * np.array([0.0, 2.0, 9.0]))
    np.testing.assert_allclose(found[1:], expected, rtol=EXACT)


def test_a_steady_state_with_lag_is_that_of_delayed_doses_matches_closed_form(
    tmp_path: Path,
) -> None:
    """Until the record's own dose arrives, the level is that late in the interval before."""
    times = np.array([0.25, 1.0, 2.0, 9.0])
    rows = ["0,1,100,0,0,12,1", *(f"{t},0,.,.,.,.,." for t in times)]
    found = levels(tmp_path, rows, oral=True)
    # Doses every 12 h for ever, each arriving 1.5 h after it was taken.
    expected = sum(swallowed(times - LAG + 12.0 * k) for k in range(60))
    np.testing.assert_allclose(found[1:], expected, rtol=EXACT)


@pytest.mark.parametrize("evid", [3, 4])
def test_a_reset_cancels_what_runs_what_lags_and_what_addl_still_had_matches_closed_form(
    tmp_path: Path, evid: int
) -> None:
    given = "50,100" if evid == 4 else "0,0"
    times = np.array([7.0, 13.0, 25.0])
    # An infusion of 10 h, repeated at 12 and 24 h, is cut at 6 h.
    rows = ["0,1,100,10,2,12,0", "5,0,.,.,.,.,.", f"6,{evid},{given},0,0,0"]
    found = levels(tmp_path, [*rows, *(f"{t},0,.,.,.,.,." for t in times)])
    np.testing.assert_allclose(found[1], infused(5.0, 10.0, 10.0), rtol=EXACT)
    after = infused(times - 6.0, 100.0, 0.5) if evid == 4 else np.zeros(3)
    np.testing.assert_allclose(found[3:], after, rtol=EXACT, atol=1e-12)


def test_a_reset_cancels_a_dose_still_in_its_lag(tmp_path: Path) -> None:
    rows = ["0,1,100,0,0,0,0", "1,3,0,0,0,0,0", "2,0,.,.,.,.,.", "9,0,.,.,.,.,."]
    np.testing.assert_array_equal(levels(tmp_path, rows, oral=True)[2:], 0.0)


@pytest.mark.parametrize("interval", [12.0, 0.1])
def test_an_observation_at_the_time_of_an_addl_dose_sees_it_matches_closed_form(
    tmp_path: Path, interval: float
) -> None:
    """Three further doses; with intervals of 0.1 h their sum is not the decimal 0.3."""
    last = 12.0 * 3 if interval == 12.0 else 0.3
    rows = [f"0,1,100,0,3,{interval},0", f"{last},0,.,.,.,.,.", f"{last + 1},0,.,.,.,.,."]
    found = levels(tmp_path, rows)
    since = last - interval * np.arange(4)
    expected = [100.0 / VC * np.exp(-K * (since + later)).sum() for later in (0.0, 1.0)]
    np.testing.assert_allclose(found[1:], expected, rtol=EXACT)


def test_an_observation_after_the_record_of_a_dose_at_its_time_sees_it_matches_closed_form(
    tmp_path: Path,
) -> None:
    rows = ["0,1,100,0,0,0,0", "12,0,.,.,.,.,.", "12,1,100,0,0,0,0", "12,0,.,.,.,.,."]
    found = levels(tmp_path, rows)
    first = 100.0 / VC
    np.testing.assert_allclose(found[1], first * np.exp(-12.0 * K), rtol=EXACT)
    np.testing.assert_allclose(found[3], first * (1.0 + np.exp(-12.0 * K)), rtol=EXACT)
