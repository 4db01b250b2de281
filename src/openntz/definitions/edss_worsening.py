"""Confirmed worsening of the EDSS, by a step that depends on the score and by a confirmation.

Two conventions are in use. They differ at a score of 5.5, from which msprog asks for half a
point and MSoutcomes for a whole one (sources msprog, msoutcomes).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from msgspec import Struct

from openntz.course.events import EdssScore, Relapse


class WorseningRule(Struct, frozen=True, kw_only=True):
    """One convention, in points and days.

    A score worsens by ``from_zero`` from 0, by ``high`` from ``high_from`` on, else by
    ``middle``. A worsening is confirmed by a score at least ``confirmed_after`` days later with
    none below the limit between. Scores less than ``apart_from_relapse`` days after the onset of
    a relapse are neither reference nor confirmation.
    """

    from_zero: float
    middle: float
    high: float
    high_from: float
    confirmed_after: int
    apart_from_relapse: int

    def limit(self, reference: float) -> float:
        """The score from which there is a worsening over ``reference``."""
        if reference <= 0:
            return reference + self.from_zero
        return reference + (self.high if reference >= self.high_from else self.middle)


class Worsening(Struct, frozen=True):
    """Whether the score worsened for good in a period.

    ``confirmed`` is None when that is not known: without a reference or a later score, or while
    a worsening waits for its confirmation (``onset`` without ``confirmation``).
    """

    confirmed: bool | None
    reference: EdssScore | None = None
    onset: EdssScore | None = None
    confirmation: EdssScore | None = None
    last: EdssScore | None = None


def _settled(score: EdssScore, relapses: Sequence[Relapse], apart: int) -> bool:
    return not any(0 <= (score.day - r.day).days < apart for r in relapses)


def reference_score(
    scores: Sequence[EdssScore],
    relapses: Sequence[Relapse],
    *,
    earliest: date,
    first: date,
    last: date,
    apart: int,
) -> EdssScore | None:
    """What later scores of a period are compared with.

    The last score from ``earliest`` up to ``first``, else the first one after it; never one that
    stands in the shadow of a relapse.
    """
    usable = [s for s in scores if earliest <= s.day <= last and _settled(s, relapses, apart)]
    before = [s for s in usable if s.day <= first]
    return before[-1] if before else next(iter(usable), None)


def confirmed_worsening(
    scores: Sequence[EdssScore],
    relapses: Sequence[Relapse],
    *,
    earliest: date,
    first: date,
    last: date,
    rule: WorseningRule,
) -> Worsening:
    """The first confirmed worsening from ``first`` to ``last``, or that there was none.

    Parameters
    ----------
    scores : sequence of EdssScore
        In time order.
    earliest : date
        Scores before it are no reference: the day from which activity is counted anew.
    """
    apart = rule.apart_from_relapse
    reference = reference_score(
        scores, relapses, earliest=earliest, first=first, last=last, apart=apart
    )
    later = [s for s in scores if reference and reference.day < s.day <= last]
    if reference is None or not later:
        return Worsening(None, reference)
    limit = rule.limit(reference.score)
    onset: EdssScore | None = None
    for score in later:
        if score.score < limit:
            onset = None
            continue
        onset = onset or score
        waited = (score.day - onset.day).days
        if waited >= rule.confirmed_after and _settled(score, relapses, apart):
            return Worsening(True, reference, onset, score, later[-1])
    return Worsening(False if onset is None else None, reference, onset, None, later[-1])
