"""One sentence about levels that do not agree: never two that speak against each other."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace

from openntz.forecast.contradicted import told
from openntz.forecast.result import ClearanceChange, LevelVerdict
from openntz.forecast.triage import contradiction

FIRST = datetime(2024, 1, 8, 9, 30)
FROM = 0.1


def levels(*misfit: bool) -> tuple[LevelVerdict, ...]:
    return tuple(
        LevelVerdict(
            line=i + 2,
            at=FIRST + timedelta(days=28 * i),
            value=20.0,
            censor="",
            use="fitted",
            misfit=off,
        )
        for i, off in enumerate(misfit)
    )


def change(ever: float) -> ClearanceChange:
    return ClearanceChange(
        probability_now=0.0,
        probability_ever=ever,
        onset=None,
        end=None,
        factor=None,
        text="What the change says.",
        suspected=True,
        plain_planned=None,
        plain_probability={},
    )


EARLY, RECENT, LATEST = (
    levels(True, True, True, False, False, False),
    levels(False, True, True, True, False, False),
    levels(False, False, True),
)


@pytest.mark.parametrize("found", [EARLY, RECENT, LATEST])
def test_what_antibodies_do_not_explain_is_not_called_antibodies(found):
    text, beside = told(contradiction(found, 1), found, change(0.03), told_from=FROM, recent=3)
    assert beside == ()
    assert "as antibodies do" not in text
    assert "raised by antibodies does not explain" in text
    assert "not to be relied on" in text
    assert text.count("Repeat the level") == 1
    assert text.count("test antibodies") == 1


def test_recent_levels_are_leant_on_only_where_they_agree():
    text, _ = told(contradiction(EARLY, 1), EARLY, None, told_from=FROM, recent=3)
    assert text.endswith("Rely on recent levels.")
    text, _ = told(contradiction(RECENT, 1), RECENT, None, told_from=FROM, recent=3)
    assert "Rely on" not in text
    assert "2024-02-05, 2024-03-04, 2024-04-01" in text
    assert "not to be relied on" in text


def test_a_likely_change_is_told_beside_it():
    assert told(contradiction(EARLY, 1), EARLY, change(0.8), told_from=FROM, recent=3) == (
        contradiction(EARLY, 1),
        ("What the change says.",),
    )


def test_without_contradiction_nothing_is_added():
    fine = tuple(replace(v, misfit=False) for v in EARLY)
    assert told("", fine, None, told_from=FROM, recent=3) == ("", ())
    assert told("", fine, change(0.03), told_from=FROM, recent=3) == (
        "",
        ("What the change says.",),
    )
