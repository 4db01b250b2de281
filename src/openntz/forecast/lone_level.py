"""A change of clearance that one level alone speaks for.

The model of onset takes every level as right. Where a single reading asks for it, that reading
may as well be another person's tube or a wrong unit: how probable antibodies then are is what
the causes of that level say, which weigh these too, and no date can be given.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from openntz.forecast.causes import ANTIBODIES, PEAK, SWAPPED, UNIT
from openntz.forecast.change import Suspicion, chance
from openntz.forecast.result import ClearanceChange, LevelVerdict

_SLIPS = frozenset({PEAK, SWAPPED, UNIT})
_EVEN = 0.5


def lone_level(verdicts: Sequence[LevelVerdict], suspicion: Suspicion) -> LevelVerdict | None:
    """The one level behind a suspicion, with its causes; None where there is more behind it.

    A positive antibody test, confirmed antibodies or a second level that does not fit are more.
    A latest one too high, and more probably wrong than right, may pull the fit away from all
    others, which then do not fit either: it is the odd one.
    """
    if suspicion.confirmed is not None or any(r.positive for r in suspicion.readings):
        return None
    fitted = [v for v in verdicts if v.use == "fitted"]
    if fitted and fitted[-1].unusual and _too_high(fitted[-1]) and _wrong(fitted[-1]):
        return fitted[-1]
    odd = [v for v in fitted if v.unusual or v.misfit]
    return odd[0] if len(odd) == 1 and odd[0].causes else None


def _wrong(level: LevelVerdict) -> bool:
    return sum(p for name, p in level.causes if name in _SLIPS) > _EVEN


def _too_high(level: LevelVerdict) -> bool:
    return None not in (level.value, level.high) and level.value > level.high  # type: ignore[operator]


def resting_on(change: ClearanceChange, level: LevelVerdict) -> ClearanceChange:
    """The change as far as one level can support it: its chance by that level's causes, undated."""
    causes = dict(level.causes)
    ever = min(change.probability_ever, causes.get(ANTIBODIES, 0.0))
    still = change.probability_now
    if change.probability_ever > 0.0:
        still *= ever / change.probability_ever
    others = [(name, p) for name, p in level.causes if name != ANTIBODIES]
    or_else = ""
    if others:
        name, p = others[0]
        or_else = f" {'More likely' if p > ever else 'Or else'}: {name} ({chance(p)})."
    if _too_high(level):
        text = (
            f"The level of {level.at:%Y-%m-%d} is higher than expected, which antibodies do not "
            f"explain.{or_else} The forecast takes the level as right and may be far too high: "
            "repeat it before relying on either."
        )
        return replace(
            change, probability_ever=ever, probability_now=still, onset=None, end=None, text=text
        )
    text = (
        f"One level alone, that of {level.at:%Y-%m-%d}, speaks for clearance raised by "
        f"antibodies ({chance(ever)}).{or_else} The forecast takes the level as right: repeat it "
        "and test antibodies before anything is changed."
    )
    return replace(
        change, probability_ever=ever, probability_now=still, onset=None, end=None, text=text
    )
