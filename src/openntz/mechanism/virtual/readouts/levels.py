"""Drug levels, saturation and intervals as studies report them."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from openntz.mechanism.virtual.exposure import LEVEL_CARD, individual_kinetics, total_drug
from openntz.mechanism.virtual.people import weight_kg
from openntz.mechanism.virtual.readouts.arms import (
    EXTENDED_WEEKS,
    INTERVAL_WEEKS,
    LEVEL_ERROR,
    Args,
    Arms,
    only,
)
from openntz.models.card import load_card

Floats = NDArray[np.float64]

_END_OF_INFUSION: Final = 1.0 / 24.0
_HOURS: Final = 24.0
_ML: Final = 1000.0
_DOSE: Final = 300.0


def _steady(arms: Arms, scenario: str) -> Floats:
    """True free level (N,) just before the last dose of an arm, or of a person's own interval."""
    if scenario == "eid":
        each = np.stack([_steady(arms, f"q{w}w") for w in EXTENDED_WEEKS], axis=1)
        return each[np.arange(len(each)), arms.crowd.number % len(EXTENDED_WEEKS)]
    fates = arms[scenario]
    return fates.free[:, fates.column(float(fates.regimen.day[-1]))]


def _measured(arms: Arms, level: Floats) -> Floats:
    """Levels (N,) with the error of the card's assay."""
    residual = load_card(LEVEL_CARD).residual
    return level + residual.sd(level) * arms.errors(LEVEL_ERROR)[:, 0]


def _of(arms: Arms, args: Args, values: Floats) -> Floats:
    """Values of the people a study had; antibodies as they are every 4 weeks."""
    who = args.get("among", "all")
    return values if who == "all" else only(values, arms.among("q4w", who))


def trough(arms: Arms, scenario: str, args: Args) -> Floats:
    """Measured steady trough."""
    return _of(arms, args, _measured(arms, _steady(arms, scenario)))


def trough_share(arms: Arms, scenario: str, args: Args) -> Floats:
    """Whether the measured steady trough reaches a level."""
    level = trough(arms, scenario, {})
    return _of(arms, args, (level >= args["at_least"]).astype(float))


def trough_pair(arms: Arms, scenario: str, args: Args) -> Floats:
    """Steady troughs (N, 2) of two arms."""
    return np.stack([_steady(arms, scenario), _steady(arms, args["than"])], axis=1)


def trough_course(arms: Arms, scenario: str, args: Args) -> Floats:
    """Troughs (N, m) before each dose but the first."""
    del args
    fates = arms[scenario]
    return fates.free[:, [fates.column(float(d)) for d in fates.regimen.day[1:]]]


def trough_and_weight(arms: Arms, scenario: str, args: Args) -> Floats:
    """Measured steady trough and weight (N, 2)."""
    return np.stack([trough(arms, scenario, args), weight_kg(arms.crowd)], axis=1)


def level_when_positive(arms: Arms, scenario: str, args: Args) -> Floats:
    """Level of people with persistent antibodies at their first positive test."""
    fates = arms[scenario]
    positive, _, day = arms.positive(scenario, args)
    first = day[positive.argmax(axis=1)]
    column = np.round(first - fates.day[0]).astype(np.intp)
    return only(fates.free[np.arange(len(column)), column], arms.persistent(scenario, args))


def peak(arms: Arms, scenario: str, args: Args) -> Floats:
    """Level at the end of the last infusion; the highest of a day grid under the skin."""
    del args
    fates = arms[scenario]
    if fates.regimen.subcutaneous.any():
        return fates.total.max(axis=1)
    time = [float(fates.regimen.day[-1]) + _END_OF_INFUSION]
    return total_drug(fates.crowd, fates.parameters, fates.regimen, fates.responses, time)[:, 0]


def peak_pair(arms: Arms, scenario: str, args: Args) -> Floats:
    """Peaks (N, 2) of two arms."""
    return np.stack([peak(arms, scenario, {}), peak(arms, args["than"], {})], axis=1)


def _exposure(arms: Arms, scenario: str, days: float) -> Floats:
    fates = arms[scenario]
    time = np.concatenate([[0.0], np.geomspace(_END_OF_INFUSION, days, 120)])
    level = total_drug(fates.crowd, fates.parameters, fates.regimen, fates.responses, time)
    return np.asarray(np.trapezoid(level, time, axis=1))


def exposure_pair(arms: Arms, scenario: str, args: Args) -> Floats:
    """Exposure (N, 2) over days after one dose of two arms."""
    days = float(args["days"])
    return np.stack([_exposure(arms, name, days) for name in (scenario, args["than"])], axis=1)


def level(arms: Arms, scenario: str, args: Args) -> Floats:
    """Free level on a day."""
    fates = arms[scenario]
    return fates.free[:, fates.column(args["day"])]


def _decline(arms: Arms, scenario: str, start: float, end: float) -> Floats:
    fates = arms[scenario]
    first, last = (np.maximum(fates.total[:, fates.column(d)], 1e-6) for d in (start, end))
    return np.log(first / last) / (end - start)


def half_life(arms: Arms, scenario: str, args: Args) -> Floats:
    """Apparent half-life (d) between two days."""
    return np.log(2.0) / _decline(arms, scenario, args["start"], args["end"])


def clearance(arms: Arms, scenario: str, args: Args) -> Floats:
    """Dose over exposure to day 28 extrapolated along days 14 to 28, mL/h."""
    del args
    fates = arms[scenario]
    rest = fates.total[:, fates.column(28)] / _decline(arms, scenario, 14.0, 28.0)
    return _DOSE / (_exposure(arms, scenario, 28.0) + rest) * _ML / _HOURS


def half_life_linear(arms: Arms, scenario: str, args: Args) -> Floats:
    """Terminal half-life (d) of two compartments without the saturable part."""
    del scenario, args
    v = individual_kinetics(arms.crowd, weight_kg(arms.crowd))
    k10, k12, k21 = v["cl"] / v["vc"], v["q"] / v["vc"], v["q"] / v["vp"]
    total = k10 + k12 + k21
    beta = 0.5 * (total - np.sqrt(total * total - 4.0 * k10 * k21))
    return np.log(2.0) / beta


def clearance_linear(arms: Arms, scenario: str, args: Args) -> Floats:
    """Clearance of the linear part, without antibodies, mL/h."""
    del scenario, args
    return individual_kinetics(arms.crowd, weight_kg(arms.crowd))["cl"] * _ML / _HOURS


def volume(arms: Arms, scenario: str, args: Args) -> Floats:
    """Volume of distribution at steady state, L."""
    del scenario, args
    v = individual_kinetics(arms.crowd, weight_kg(arms.crowd))
    return v["vc"] + v["vp"]


def _longest(arms: Arms, target: float) -> Floats:
    """Longest interval (N,) in weeks whose steady trough keeps a target; the shortest if none."""
    kept = np.stack([_steady(arms, f"q{w}w") >= target for w in INTERVAL_WEEKS], axis=1)
    unbroken = np.logical_and.accumulate(kept, axis=1).sum(axis=1)
    return np.asarray(INTERVAL_WEEKS, float)[np.maximum(unbroken - 1, 0)]


def interval(arms: Arms, scenario: str, args: Args) -> Floats:
    """Longest interval that keeps the target, weeks."""
    del scenario
    return _of(arms, args, _longest(arms, args["target"]))


def interval_beyond(arms: Arms, scenario: str, args: Args) -> Floats:
    """Whether that interval is longer than some weeks."""
    del scenario
    longer = _longest(arms, args["target"]) > args["beyond"]
    return _of(arms, args, longer.astype(float))


def infusions_left(arms: Arms, scenario: str, args: Args) -> Floats:
    """Infusions (N, 2) a week at that interval and every 4 weeks."""
    weeks = interval(arms, scenario, args)
    return np.stack([1.0 / weeks, np.full(len(weeks), 1.0 / INTERVAL_WEEKS[0])], axis=1)


def saturation_on(arms: Arms, scenario: str, args: Args) -> Floats:
    """Saturation on a day."""
    fates = arms[scenario]
    return fates.saturation[:, fates.column(args["day"])]


def saturation_trough(arms: Arms, scenario: str, args: Args) -> Floats:
    """Saturation just before the last dose."""
    del args
    fates = arms[scenario]
    return fates.saturation[:, fates.column(float(fates.regimen.day[-1]))]


def saturation_share(arms: Arms, scenario: str, args: Args) -> Floats:
    """Whether saturation before the last dose of a person's own interval exceeds a share."""
    del scenario
    each = np.stack([saturation_trough(arms, f"q{w}w", {}) for w in EXTENDED_WEEKS], axis=1)
    own = each[np.arange(len(each)), arms.crowd.number % len(EXTENDED_WEEKS)]
    return _of(arms, args, (own > args["above"]).astype(float))
