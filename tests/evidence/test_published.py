"""The file of published results: what is in it, and what it refuses."""

from __future__ import annotations

import math

import pytest

from openntz.errors import EvidenceError
from openntz.evidence.published import published, read_published
from openntz.evidence.registry import registry

ENTRY = """
[published."a.b"]
what = "people with something"
n = 100
kind = "proportion"
value = 20.0
unit = "%"
tolerance = 8.0
reason = "twice the standard error"
scenario = "q4w"
readout = "trough.share"
used_in_calibration = false
source = "affirm-2006"
rank = "read"
"""


def test_at_least_fifty_results_are_counted_and_most_are_unseen_by_the_calibration() -> None:
    counted = [p for p in published() if p.counted]
    assert len(counted) >= 50
    assert sum(not p.used_in_calibration for p in counted) > len(counted) / 2


def test_confounded_arms_of_next_ms_are_shown_and_not_counted() -> None:
    arms = [p for p in published() if p.id.startswith("lesion.next-ms")]
    assert len(arms) == 3
    assert all(p.agrees(p.value) is None and p.not_counted_because for p in arms)


def test_values_lie_inside_their_published_range() -> None:
    for p in published():
        assert p.low is None or p.low <= p.value <= (p.high or math.inf), p.id


def test_no_result_is_ranked_better_than_its_source_was_read() -> None:
    seen = {"full text", "excerpt", "abstract"}
    for p in published():
        if p.rank == "read":
            assert registry().source(p.source).read in seen, p.id


def test_tolerance_of_a_proportion_is_not_below_its_sampling_error() -> None:
    for p in published():
        error = p.study_error
        if p.counted and p.kind == "proportion" and error is not None and p.relation == "equal":
            assert p.tolerance >= error, p.id


def test_study_error_matches_the_binomial_by_hand() -> None:
    (entry,) = read_published(ENTRY, registry(), "here")
    assert entry.study_error == pytest.approx(4.0)  # 100 sqrt(0.2 x 0.8 / 100)


@pytest.mark.parametrize(
    ("relation", "simulated", "verdict"),
    [
        ("equal", 28.0, True),
        ("equal", 28.1, False),
        ("equal", 12.0, True),
        ("equal", 11.9, False),
        ("at least", 12.0, True),
        ("at least", 11.9, False),
        ("at least", 90.0, True),
        ("at most", 28.0, True),
        ("at most", 28.1, False),
        ("at most", 0.0, True),
    ],
)
def test_agreement_at_the_edges_of_the_tolerance(
    relation: str, simulated: float, verdict: bool
) -> None:
    (entry,) = read_published(ENTRY + f'relation = "{relation}"\n', registry(), "here")
    assert entry.agrees(simulated) is verdict


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('source = "affirm-2006"', 'source = "nobody"', "unknown source 'nobody'"),
        ("tolerance = 8.0", "tolerance = 0.0", "not positive"),
        ("value = 20.0", "value = nan", "'value'"),
        ("value = 20.0", "", "no 'value'"),
        ('kind = "proportion"', 'kind = "guess"', "kind 'guess'"),
        ('rank = "read"', 'rank = "unverified"', "unverified and counted"),
        ("n = 100", "people = 100", "unknown key 'people'"),
        ("n = 100", "n = 100\ncounted = false", "why it is not counted"),
        ("[published", "published", "not valid TOML"),
    ],
)
def test_a_malformed_entry_is_refused_by_name(old: str, new: str, words: str) -> None:
    with pytest.raises(EvidenceError) as caught:
        read_published(ENTRY.replace(old, new), registry(), "here.toml")
    assert words in str(caught.value)
    assert "here.toml" in str(caught.value)
