"""Whether a person's clearance was raised by antibodies, since when, and how it is said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from openntz.forecast.density import Problem
from openntz.forecast.history import AntibodyEffect, History
from openntz.forecast.onset import Mixed, Weighed, mix, search
from openntz.forecast.onset_candidates import AntibodyTests
from openntz.forecast.onset_prior import AntibodyReading, OnsetPrior
from openntz.forecast.predict import quantiles
from openntz.forecast.result import ClearanceChange, Quantiles, When
from openntz.forecast.settings import Settings

Array = NDArray[np.float64]

_EVEN = 0.5
_SURE = 0.99
_TINY = float(np.finfo(float).tiny)


class Suspicion(Struct, frozen=True, kw_only=True):
    """Why antibodies are asked about: what tests say, and what the plain fit could not explain."""

    readings: tuple[AntibodyReading, ...]
    confirmed: AntibodyEffect | None
    contradiction: str

    @property
    def raised(self) -> bool:
        """Whether there is anything to ask about; if not, the plain forecast stands.

        Antibodies confirmed without a test on record keep the dates they were given.
        """
        positive = any(r.positive and r.threshold == "label" for r in self.readings)
        return bool(self.contradiction) or positive


def explain(
    suspicion: Suspicion,
    problem: Problem,
    time_day: Array,
    now: float,
    settings: Settings,
    generator: np.random.Generator,
    *,
    threads: int = 1,
) -> Mixed:
    """Draws of the person over all courses that antibodies may have taken.

    Parameters
    ----------
    now : float
        Day, on the problem's axis, up to which antibodies may have come.

    Raises
    ------
    SolverError
        When no course can be solved.
    """
    history, since = problem.history, suspicion.confirmed
    weighed = search(
        problem,
        AntibodyTests.of(suspicion.readings, history),
        settings.onset,
        now,
        confirmed_since=None if since is None else history.day(since.since),
        threads=threads,
    )
    return mix(
        problem,
        weighed,
        time_day,
        settings.draws,
        generator,
        least_weight=settings.onset.least_weight,
        pareto_k_limit=settings.pareto_k_limit,
        threads=threads,
    )


def _date(history: History, day: float) -> date:
    return (history.origin + timedelta(days=day)).date()


def _spread_over(
    spans: Sequence[tuple[float, float]], weight: Array, history: History, low: float, high: float
) -> When | None:
    """Quantiles of a day spread evenly over each of some spans."""
    total = float(weight.sum())
    if total <= 0.0:
        return None
    ends = np.unique(np.array(spans))
    at = np.array([[np.clip((d - a) / max(b - a, _TINY), 0, 1) for a, b in spans] for d in ends])
    share = at @ weight / total
    low_day, middle, high_day = np.interp([low, _EVEN, high], share, ends)
    return When(*(_date(history, d) for d in (middle, low_day, high_day)))


def _onset(weighed: Weighed, history: History, low: float, high: float) -> When | None:
    pairs = [
        (c, w) for c, w in zip(weighed.candidates, weighed.weight, strict=True) if c.on is not None
    ]
    spans = [(c.first, c.last) for c, _ in pairs]
    return _spread_over(spans, np.array([w for _, w in pairs]), history, low, high)


def _end(weighed: Weighed, history: History, low: float, high: float) -> When | None:
    pairs = [
        (c, w) for c, w in zip(weighed.candidates, weighed.weight, strict=True) if c.off is not None
    ]
    spans = [(c.off_first, c.off_last) for c, _ in pairs]
    return _spread_over(spans, np.array([w for _, w in pairs]), history, low, high)


def change_of(
    mixed: Mixed,
    suspicion: Suspicion,
    history: History,
    now: float,
    settings: Settings,
    plain: tuple[Quantiles | None, Mapping[float, float]],
) -> ClearanceChange:
    """The answer in numbers and one sentence.

    Parameters
    ----------
    plain : tuple
        Level and probabilities at the planned dose without this model.
    """
    weighed, fitted = mixed.weighed, mixed.posterior.at_levels.shape[1] > 0
    ever, still = weighed.probability_ever, weighed.probability_raised(now)
    low, high = settings.low, settings.high
    onset = _onset(weighed, history, low, high) if ever >= _EVEN else None
    gone = ever >= _EVEN and still < _EVEN * ever
    end = _end(weighed, history, low, high) if gone else None
    acts = [i for i, c in enumerate(weighed.candidates) if c.on is not None]
    drawn = mixed.factor[np.isin(mixed.origin, acts)]
    factor = None
    if len(drawn):
        bottom, middle, top = quantiles(drawn[:, None], (low, _EVEN, high))[:, 0]
        factor = Quantiles(float(middle), float(bottom), float(top))
    return ClearanceChange(
        probability_now=still,
        probability_ever=ever,
        onset=onset,
        end=end,
        factor=factor,
        text=_sentence(suspicion, ever, still, onset, end, settings.onset, fitted),
        suspected=ever >= settings.onset.told_from or bool(suspicion.contradiction),
        plain_planned=plain[0],
        plain_probability=plain[1],
    )


def chance(probability: float) -> str:
    """'chance 92 %', never none or all."""
    sign = ">" if probability > _SURE else "<" if probability < 1.0 - _SURE else ""
    text = f"{min(max(probability, 1.0 - _SURE), _SURE):.0%}"
    return f"chance {sign}{text.replace('%', ' %')}"


def _about(when: When) -> str:
    same = when.low == when.high
    return f"around {when.middle}" + ("" if same else f" ({when.low} to {when.high})")


def _sentence(
    suspicion: Suspicion,
    ever: float,
    still: float,
    onset: When | None,
    end: When | None,
    prior: OnsetPrior,
    fitted: bool,
) -> str:
    tested = bool(suspicion.readings)
    who = " and ".join(["levels"] * fitted + ["antibody tests"] * tested).capitalize()
    had, has = chance(ever), chance(still)
    then = "test antibodies again" if tested else "test antibodies"
    if onset is not None and end is None:
        sure = "" if still >= ever else f"; still raised, {has}"
        return (
            f"{who} suggest that clearance rose {_about(onset)}, as antibodies do ({had}"
            f"{sure}): {then}{'' if fitted else ' and measure the level'}."
        )
    if onset is not None and end is not None:
        over = still < prior.told_from
        ask = f"{then} if the level falls" if over else f"{then} and repeat the level"
        return (
            f"{who} suggest that clearance rose {_about(onset)}, as antibodies do ({had}), "
            f"and came back {_about(end)}; still raised, {has}: {ask}."
        )
    if ever >= prior.told_from:
        return (
            f"Clearance may have been raised at some time ({had}; now {has}), as "
            f"antibodies do; the forecast allows for it: {then} and measure the level."
        )
    return (
        f"Clearance raised by antibodies does not explain these levels ({had}): {then} and "
        "repeat the level."
        if suspicion.contradiction
        else f"A positive antibody test is recorded; raised clearance is unlikely ({had}) "
        f"beside the other tests and levels: {then} if the level falls."
    )


def parameters_of(mixed: Mixed, shown: Sequence[str]) -> dict[str, tuple[float, float]]:
    """Mean and SD per unknown of ``shown``, and of the clearance factor over all draws."""
    theta = mixed.posterior.theta
    found = {
        name: (float(theta[:, i].mean()), float(theta[:, i].std()))
        for i, name in enumerate(mixed.names)
        if name in shown
    }
    found["antibody clearance factor"] = (float(mixed.factor.mean()), float(mixed.factor.std()))
    return found
