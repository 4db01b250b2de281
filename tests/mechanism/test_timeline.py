"""Events of many people in one sweep are those laid out person by person."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from openntz.mechanism.events import dose_events, uptake
from openntz.mechanism.regimen import Schedule
from openntz.mechanism.timeline import lay_end_to_end, lay_infusions

# Few different moments, so that ends, starts, boluses and changes often fall together.
moments = st.sampled_from([0.0, 0.5, 1.0, 28.0, 28.5, 56.0])
lengths = st.sampled_from([0.0, 1e-9, 1.0 / 24.0, 0.5, 28.0])
doses = st.lists(st.tuples(moments, lengths, st.sampled_from([150.0, 300.0])), max_size=5)
spans = st.lists(
    st.tuples(doses, st.lists(moments, max_size=3, unique=True)), min_size=1, max_size=4
)


def _schedule(rows: list[tuple[float, float, float]]) -> Schedule:
    start, length, amount = (
        (np.array(column, float) for column in zip(*rows, strict=True))
        if (rows)
        else (np.zeros(0), np.zeros(0), np.zeros(0))
    )
    return Schedule(start, length, amount, np.zeros(len(rows), bool))


@given(spans, st.sampled_from([0, 2]))
@settings(deadline=None)
def test_infusions_in_one_sweep_are_those_laid_out_one_by_one(drawn, directions):
    schedules = [_schedule(sorted(rows)) for rows, _ in drawn]
    changes = [np.array(sorted(own), float) for _, own in drawn]
    none = {name: np.ones((1, 4)) for name in ("f", "lag", "duration")}
    events = [
        dose_events(
            schedule,
            change,
            uptake(schedule, np.zeros(1), none, {}, directions),
            absorption="none",
            depot=1,
        )
        for schedule, change in zip(schedules, changes, strict=True)
    ]
    one_by_one = lay_end_to_end(events, directions, directions)
    swept = lay_infusions(schedules, changes, directions)
    for name in swept.__struct_fields__:
        np.testing.assert_array_equal(getattr(swept, name), getattr(one_by_one, name), err_msg=name)
