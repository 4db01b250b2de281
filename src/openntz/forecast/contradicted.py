"""What is told of levels that the forecast does not agree with, once antibodies were considered.

One sentence says it: what no change of clearance explains is not called a change of clearance,
and recent levels are leant on only where they agree with the fitted course.
"""

from __future__ import annotations

from collections.abc import Sequence

from openntz.forecast.result import ClearanceChange, LevelVerdict
from openntz.forecast.triage import NOT_RELIABLE, disagreement


def told(
    contradiction: str,
    verdicts: Sequence[LevelVerdict],
    change: ClearanceChange | None,
    *,
    told_from: float,
    recent: int,
) -> tuple[str, tuple[str, ...]]:
    """The contradiction as it is to be read, and the notes that stand beside it.

    Parameters
    ----------
    contradiction : str
        Which levels speak against the forecast, '' where none does.
    told_from : float
        Probability of a change of clearance from which it is told.
    recent : int
        Latest levels that must all agree before they are leant on.
    """
    beside = () if change is None else (change.text,)
    fitted = [v for v in verdicts if v.use == "fitted"]
    off = [v for v in fitted if v.misfit]
    if not contradiction or not off:
        return contradiction, beside
    latest = fitted[-1].misfit
    if change is not None and change.probability_ever < told_from:
        them = "it" if latest and len(off) == 1 else "them"
        unexplained = f"clearance raised by antibodies does not explain {them}"
        return f"{disagreement(verdicts)}, and {unexplained}: {NOT_RELIABLE}", ()
    if not latest and any(v.misfit for v in fitted[-recent:]):
        return f"{disagreement(verdicts)}: {NOT_RELIABLE}", beside
    return contradiction, beside
