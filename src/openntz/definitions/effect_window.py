"""When the effect of natalizumab is gone after the last dose: a window, not a day.

Sources name different days because they look at different things (relapses, lesions, blood
counts, cells in the brain), so that none of them is the day on which it ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from msgspec import Struct


class Sign(Struct, frozen=True):
    """One sign of the effect going and the days after the last dose at which a source sees it.

    ``key`` names the sign; ``from_day`` equals ``until_day`` where the source gives one time.
    """

    key: str
    from_day: int
    until_day: int


class EffectWindow(Struct, frozen=True):
    """From the earliest sign to the latest, with the signs in the order in which they come."""

    signs: tuple[Sign, ...]
    opens: date
    closes: date


def effect_window(signs: Sequence[Sign], last_dose: date) -> EffectWindow:
    """The window over which the effect goes after a last dose; needs at least one sign."""
    ordered = tuple(sorted(signs, key=lambda s: (s.from_day, s.until_day, s.key)))
    return EffectWindow(
        signs=ordered,
        opens=last_dose + timedelta(days=ordered[0].from_day),
        closes=last_dose + timedelta(days=max(s.until_day for s in ordered)),
    )
