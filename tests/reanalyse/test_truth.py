"""A small run of the benchmark that holds every analysis to planted truth."""

from __future__ import annotations

from benchmarks.truth import jobs, one, page
from benchmarks.truth_scenarios import SCENARIOS

from openntz.reanalyse.catalogue import ANALYSES

SEEDS = 2


def test_every_analysis_has_a_planted_null_and_an_effect() -> None:
    tested = {s.analysis.name for s in SCENARIOS for c in s.checks if c.null is not None}
    assert tested == {a.name for a in ANALYSES}
    for scenario in SCENARIOS:
        null, effect = scenario.planted
        for check in scenario.checks:
            if check.null is not None:
                assert check.truth(null) == check.null, check.what
                assert check.truth(effect) != check.null, check.what


def test_every_planted_quantity_is_estimated_and_stands_on_the_page() -> None:
    done = {}
    for s, p, seed in jobs(SEEDS):
        seen = one(SCENARIOS[s], SCENARIOS[s].planted[p], seed)
        assert None not in seen, SCENARIOS[s].name
        done[s, p, seed] = seen
    told = page(SEEDS, done)
    assert all(f"| {c.what} |" in told for s in SCENARIOS for c in s.checks)
    assert "not estimated" not in told
