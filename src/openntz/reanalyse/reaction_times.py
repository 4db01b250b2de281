"""When the first reaction comes: by number of the dose, and by week since the first dose."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from lifelines import KaplanMeierFitter
from msgspec import Struct

from openntz.reanalyse.result import Figure, Line

# Where a first reaction is told: doses that labels and studies speak of, and their weeks.
_DOSES: Final = (1, 2, 3, 6, 12)
_WEEKS: Final = (4, 12, 24, 48)
_WEEK: Final = 7


class FirstReaction(Struct, frozen=True):
    """The dose and the day of the first reaction; of the last dose where none was seen."""

    dose: int
    day: int
    seen: bool


class FirstReactions(Struct, frozen=True):
    """Rows at some doses and weeks, and the curves with their 95 % bands."""

    rows: tuple[dict[str, Any], ...]
    figures: tuple[Figure, ...]


def first_reactions(people: Sequence[FirstReaction]) -> FirstReactions:
    """Share who have had a reaction by a dose and by a week (Kaplan and Meier, log-log ends)."""
    rows, figures = [], []
    for clock, title, x, lasted, told in (
        ("dose", "First reaction by number of the dose", "dose",
         [float(p.dose) for p in people], _DOSES),
        ("week", "First reaction by week", "weeks since the first dose",
         [p.day / _WEEK for p in people], _WEEKS),
    ):  # fmt: skip
        if not max(lasted):
            # A single dose has no time in which a first reaction could come later.
            continue
        line = _curve(lasted, people)
        rows += [_row(clock, until, line, lasted, people) for until in told if until <= max(lasted)]
        figures.append(
            Figure(
                title=title,
                x=x,
                y="share who have had a reaction",
                lines=(line,),
                summary="Kaplan and Meier, with the 95 % band.",
            )
        )
    return FirstReactions(tuple(rows), tuple(figures))


def _curve(lasted: Sequence[float], people: Sequence[FirstReaction]) -> Line:
    fit = KaplanMeierFitter().fit(lasted, [p.seen for p in people])
    shares = fit.survival_function_.iloc[:, 0]
    ends = fit.confidence_interval_survival_function_
    return Line(
        "all",
        tuple(float(t) for t in shares.index),
        tuple(1 - float(v) for v in shares),
        tuple(1 - float(v) for v in ends.iloc[:, 1]),
        tuple(1 - float(v) for v in ends.iloc[:, 0]),
        steps=True,
    )


def _row(
    clock: str, until: int, line: Line, lasted: Sequence[float], people: Sequence[FirstReaction]
) -> dict[str, Any]:
    at = max(i for i, t in enumerate(line.x) if t <= until)
    return {
        "measure": f"first reaction by {clock} (Kaplan and Meier)",
        "group": f"by {clock} {until}",
        "n": len(people),
        "count": sum(p.seen and t <= until for p, t in zip(people, lasted, strict=True)),
        "value": line.y[at],
        "low": line.low[at],
        "high": line.high[at],
    }
