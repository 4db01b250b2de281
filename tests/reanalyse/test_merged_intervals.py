"""Rows of one kind of interval as one row: the same rates and likelihood."""

from __future__ import annotations

import numpy as np
import pandas as pd
from lifelines import CoxTimeVaryingFitter

from openntz.reanalyse.intervals import merged


def _exposure(generator: np.random.Generator) -> pd.DataFrame:
    rows = []
    for person in range(60):
        length = int(generator.integers(3, 20))
        for i in range(length):
            rows.append(
                {
                    "person": f"P{person}", "start": 30.0 * i, "stop": 30.0 * (i + 1),
                    "extended": float(generator.random() < 0.3), "age": 40.0,
                    "event": i == length - 1 and person % 2 == 0,
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


def test_merged_rows_match_the_likelihood_of_lifelines_on_all_rows() -> None:
    whole = _exposure(np.random.default_rng(6))
    short = merged(whole)
    assert len(short) < 0.7 * len(whole)
    for frame in (whole, short):
        frame["time"] = frame["stop"] - frame["start"]
    for extended in (0.0, 1.0):
        one, other = (f[f["extended"] == extended] for f in (whole, short))
        assert one["time"].sum() == other["time"].sum()
        assert one["event"].sum() == other["event"].sum()
    fits = [
        CoxTimeVaryingFitter().fit(
            frame[["person", "start", "stop", "extended", "event"]], id_col="person",
            event_col="event", start_col="start", stop_col="stop",
        )
        for frame in (whole, short)
    ]  # fmt: skip
    # Equal sums in another order: rounding only.
    assert np.isclose(fits[0].log_likelihood_, fits[1].log_likelihood_, rtol=1e-10)
    assert np.isclose(fits[0].params_["extended"], fits[1].params_["extended"], rtol=1e-8)
