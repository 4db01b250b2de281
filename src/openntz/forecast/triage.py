"""Which natalizumab levels can be fitted, and which cannot be what they are taken for.

A level drawn from the start of an administration to some hours after its end is not a trough.
A level far above anything the recorded doses can give cannot be true for this history. Both
are kept, shown and not fitted. A level outside the range expected before seeing it is fitted
and called unusual.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray
from scipy.special import ndtr

from openntz.course.events import Measurement
from openntz.forecast.density import Kind, Levels
from openntz.forecast.history import History, level_moment
from openntz.forecast.result import LevelVerdict
from openntz.models.residual import LEAST_LEVEL, Residual

Array = NDArray[np.float64]

NOT_RELIABLE: Final = "this forecast is not to be relied on. Repeat the level and test antibodies."
_MOST_ROUNDS: Final = 100
_CLOSE: Final = 1e-10


class Limit(Struct, frozen=True):
    """A level as the likelihood takes it: value or limit, and which."""

    value: float
    kind: Kind


def as_limit(level: Measurement) -> Limit | None:
    """Value or limit of a level, None when it has neither.

    A number under the assay's LLOQ is known only to be below it.
    """
    if level.value is None:
        return None
    lloq = level.assay.lloq if level.assay is not None else None
    if level.censor == "<":
        return Limit(level.value, Kind.BELOW)
    if level.censor == ">":
        return Limit(level.value, Kind.ABOVE)
    if lloq is not None and level.value < lloq:
        return Limit(lloq, Kind.BELOW)
    return Limit(level.value, Kind.QUANTIFIED) if level.value > 0 else None


def _verdict(level: Measurement, moment: datetime, **changes: object) -> LevelVerdict:
    base = LevelVerdict(
        line=level.ref.line, at=moment, value=level.value, censor=level.censor, use="fitted"
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def by_timing(level: Measurement, history: History, not_a_trough_hours: float) -> LevelVerdict:
    """First pass: what the record alone says about one level."""
    moment = level_moment(level, history)
    limit = as_limit(level)
    if limit is None:
        return _verdict(
            level,
            moment,
            use="not usable",
            reason="no number, or zero without a limit of quantification. "
            "Ask the laboratory for the limit.",
        )
    if moment < history.dose_starts[0]:
        if limit.kind is Kind.BELOW:
            return _verdict(
                level, moment, use="not usable", reason="before the first dose; says nothing new."
            )
        return _verdict(
            level,
            moment,
            use="impossible",
            reason="drug was measured before the first recorded dose. "
            "Check the date, the tube, and whether earlier doses are missing from the record.",
        )
    window = timedelta(hours=not_a_trough_hours)
    spans = zip(history.dose_starts, history.dose_ends, history.dose_time_known, strict=True)
    for start, end, known in spans:
        # A level put at the start because a time is not recorded is taken for the trough; one
        # that was timed there was drawn when the drug was already running.
        timed = known and level.time_known
        if start < moment <= end + window or (timed and moment == start):
            minutes = round((moment - start) / timedelta(minutes=1))
            since = f"{minutes} minutes after" if minutes else "at"
            return _verdict(
                level,
                moment,
                use="not a trough",
                reason=f"drawn {since} the start of the dose of {start:%Y-%m-%d %H:%M}, so it "
                "cannot be a trough. Repeat just before a dose.",
            )
    return _verdict(level, moment)


def predictive_quantile(concentration: Array, residual: Residual, probability: float) -> float:
    """Quantile in ug/mL of a measured level, given draws (n,) of the true one.

    The mixture of normal errors around the draws is inverted by Newton's method, halving the
    bracket where a step would leave it.
    """
    sd = residual.sd(np.maximum(concentration, LEAST_LEVEL))
    low, high = 0.0, float((concentration + 10 * sd).max())
    if ndtr(-concentration / sd).mean() >= probability:
        return 0.0
    x = float(np.quantile(concentration, probability))
    for _ in range(_MOST_ROUNDS):
        z = (x - concentration) / sd
        excess = float(ndtr(z).mean()) - probability
        low, high = (low, x) if excess > 0 else (x, high)
        density = float((np.exp(-z * z / 2) / sd).mean()) / math.sqrt(2 * math.pi)
        # At the end a step may leave the bracket by rounding: that is no reason to halve it.
        if abs(excess) <= _CLOSE * (1 + x) * density:
            return x
        there = x - excess / density if density > 0 else low
        if not low < there < high:
            there = (low + high) / 2
        x = there
    return x


def against_expectation(
    verdict: LevelVerdict,
    limit: Limit,
    expected: Array,
    residual: Residual,
    *,
    low: float,
    high: float,
    impossible_factor: float,
) -> LevelVerdict:
    """Second pass: hold a usable level against what was expected before seeing it.

    Parameters
    ----------
    expected : array (n,)
        Prior draws of the true concentration at the moment of the level.
    low, high : float
        Quantiles outside of which a level is unusual.
    """
    bottom = predictive_quantile(expected, residual, low)
    top = predictive_quantile(expected, residual, high)
    middle = float(np.median(expected))
    judged = replace(verdict, predicted=middle, low=bottom, high=top)
    if limit.kind is not Kind.BELOW and limit.value > impossible_factor * top:
        return replace(
            judged,
            use="impossible",
            reason=f"{limit.value:g} ug/mL is more than {impossible_factor:g} times the highest "
            f"level to be expected at that time ({top:.3g}) for the recorded doses. Check unit, "
            "date and tube, and repeat.",
        )
    below = limit.value < bottom
    above = limit.value > top and limit.kind is not Kind.BELOW
    if below or above:
        return replace(
            judged,
            unusual=True,
            reason=f"{'below' if below else 'above'} the range expected at that time "
            f"({bottom:.3g} to {top:.3g} ug/mL).",
        )
    return judged


def fitted_levels(
    verdicts: Sequence[LevelVerdict], limits: Sequence[Limit | None], history: History
) -> Levels:
    """The levels whose verdict is 'fitted', as arrays for the likelihood."""
    used = [
        (history.day(v.at), limit)
        for v, limit in zip(verdicts, limits, strict=True)
        if v.use == "fitted" and limit is not None
    ]
    return Levels(
        time_day=np.array([day for day, _ in used], dtype=float),
        value_ug_per_ml=np.array([limit.value for _, limit in used], dtype=float),
        kind=np.array([int(limit.kind) for _, limit in used], dtype=np.int64),
    )


def against_fit(
    verdicts: Sequence[LevelVerdict],
    limits: Sequence[Limit | None],
    fitted: Array,
    residual: Residual,
    *,
    tail: float,
) -> tuple[LevelVerdict, ...]:
    """Third pass: hold each fitted level against the course that was fitted to all of them.

    Parameters
    ----------
    fitted : array (n, m)
        Posterior draws of the true concentration at the m fitted levels, in their order.
    tail : float
        A level is a misfit when the fit gives it, or anything farther out, less than this chance.
    """
    judged, column = [], 0
    for verdict, limit in zip(verdicts, limits, strict=True):
        if verdict.use != "fitted" or limit is None:
            judged.append(verdict)
            continue
        level = np.maximum(fitted[:, column], LEAST_LEVEL)
        column += 1
        below = float(ndtr((limit.value - level) / residual.sd(level)).mean())
        chance = {Kind.BELOW: below, Kind.ABOVE: 1 - below}.get(limit.kind, min(below, 1 - below))
        judged.append(replace(verdict, misfit=chance < tail))
    return tuple(judged)


def disagreement(verdicts: Sequence[LevelVerdict]) -> str:
    """Which fitted levels the course does not agree with, as a clause; '' when all agree."""
    fitted = [v for v in verdicts if v.use == "fitted"]
    off = [v for v in fitted if v.misfit]
    if not off:
        return ""
    if fitted[-1].misfit:
        return (
            f"The latest level ({fitted[-1].censor}{fitted[-1].value:g} ug/mL on "
            f"{fitted[-1].at:%Y-%m-%d}) does not agree with the earlier ones or the model"
        )
    days = ", ".join(f"{v.at:%Y-%m-%d}" for v in off)
    return f"{len(off)} of {len(fitted)} levels do not agree with the fitted course ({days})"


def contradiction(verdicts: Sequence[LevelVerdict], allowed: int) -> str:
    """In words, which levels speak against the forecast; '' when it can stand.

    The latest fitted level counts alone, earlier ones from ``allowed`` + 1 misfits on.
    """
    fitted = [v for v in verdicts if v.use == "fitted"]
    latest = bool(fitted) and fitted[-1].misfit
    if not latest and sum(v.misfit for v in fitted) <= allowed:
        return ""
    if latest:
        return f"{disagreement(verdicts)}: {NOT_RELIABLE}"
    return (
        f"{disagreement(verdicts)}: clearance may have changed, as antibodies do. Rely on recent "
        "levels."
    )
