"""One arm of a scenario, some people at a time: doses as they went, and what became of them."""

from __future__ import annotations

from typing import Final

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray
from scipy.special import ndtr

from openntz.compute.memory import keep_freed_memory
from openntz.mechanism.virtual.exposure import Regimen
from openntz.mechanism.virtual.fates import Fates
from openntz.mechanism.virtual.modifiers import (
    Modifier,
    PlasmaExchange,
    WeightChange,
    pregnancy,
)
from openntz.mechanism.virtual.parameters import Parameters
from openntz.mechanism.virtual.people import Crowd, draw_people, female
from openntz.mechanism.virtual.reactions import Reactions
from openntz.mechanism.virtual.trial import Setting, fates_of, reactions_of
from openntz.workflows.scenario import Arm, Conduct, Scenario, phase_days

Floats = NDArray[np.float64]

WEEK: Final = 7
BASELINE_DAY: Final = -28
_YEAR: Final = 365.25
# Columns of a person's conduct: the first row belongs to the person, the others to doses.
_MISSED, _LATE, _LEAVES = range(3)


class Stop(Struct, frozen=True):
    """When therapy ended for a person, and why; None when it goes on."""

    day: int
    reason: str


class ArmPart(Struct, frozen=True, eq=False):
    """Some people of an arm: N regimens, reactions, stops, last days seen, and their states."""

    arm: Arm
    crowd: Crowd
    planned: list[tuple[int, int]]
    regimens: list[Regimen]
    reactions: list[Reactions]
    stops: list[Stop | None]
    seen_until: NDArray[np.int64]
    fates: Fates


def planned_doses(arm: Arm, days: int) -> tuple[Regimen, list[tuple[int, int]]]:
    """Doses of an arm as planned, up to a day, and (day, interval) where the plan changes."""
    day: list[float] = []
    mg: list[float] = []
    under_skin: list[bool] = []
    plan = phase_days(arm)
    for phase, (at, step) in zip(arm.doses, plan, strict=True):
        for number in range(phase.count):
            day.append(float(at + number * step))
            mg.append(phase.mg)
            under_skin.append(phase.route == "SC")
    inside = np.asarray(day) < days
    modifiers: list[Modifier] = []
    if arm.weight_change is not None:
        change = arm.weight_change
        modifiers.append(WeightChange(change.start_day, change.end_day, change.factor))
    if arm.plasma_exchange is not None:
        exchange = arm.plasma_exchange
        modifiers.append(PlasmaExchange(exchange.start_day, exchange.sessions))
    regimen = Regimen(
        np.asarray(day)[inside],
        np.asarray(mg)[inside],
        np.asarray(under_skin, bool)[inside],
        tuple(modifiers),
    )
    return regimen, [p for p in plan if p[0] < days]


def _kept(regimen: Regimen, keep: NDArray[np.bool_], day: Floats) -> Regimen:
    return Regimen(
        day[keep], regimen.amount_mg[keep], regimen.subcutaneous[keep], regimen.modifiers
    )


def _as_they_went(
    regimen: Regimen, conduct: Conduct, own: Floats, days: int
) -> tuple[list[Regimen], list[Stop | None]]:
    """Each person's doses after missing some, coming late, and leaving; ``own`` (N, m + 1, 3)."""
    doses = len(regimen.day)
    late = np.maximum(np.round(conduct.late_day_sd * own[:, 1 : doses + 1, _LATE]), 0.0)
    # The first dose is the day everything counts from.
    late[:, :1] = 0.0
    missed = ndtr(own[:, 1 : doses + 1, _MISSED]) < conduct.missed_dose
    missed[:, :1] = False
    day = np.minimum(regimen.day + late, np.append(regimen.day[1:], np.inf) - 1.0)
    leaves = np.full(len(own), np.inf)
    if conduct.leave_per_year > 0.0:
        wait = -np.log1p(-np.minimum(ndtr(own[:, 0, _LEAVES]), 1.0 - 1e-12))
        leaves = wait * _YEAR / conduct.leave_per_year
    keep = ~missed & (day < np.minimum(leaves, days)[:, None])
    regimens = [_kept(regimen, kept, own_day) for kept, own_day in zip(keep, day, strict=True)]
    stops = [Stop(int(at), "left the study") if at < days else None for at in leaves]
    return regimens, stops


def simulate_part(
    scenario: Scenario, group: int, numbers: list[int], parameters: Parameters
) -> ArmPart:
    """People of an arm by number; each is the same whoever else is simulated.

    Raises
    ------
    SolverError
        When the pharmacokinetic model cannot be solved for somebody.
    """
    keep_freed_memory()
    arm, conduct = scenario.arm[group], scenario.conduct
    crowd = draw_people(scenario.seed, numbers, group=group)
    regimen, plan = planned_doses(arm, scenario.days)
    own = crowd.conduct(len(regimen.day) + 1, 3)
    days = np.arange(float(BASELINE_DAY), scenario.days + 1.0)
    setting = Setting(activity=arm.activity, immunogenicity=arm.immunogenicity)
    regimens, stops = _as_they_went(regimen, conduct, own, scenario.days)
    if arm.pregnancy is not None:
        gained = pregnancy(arm.pregnancy.conception_day, parameters)
        for row in np.flatnonzero(female(crowd, parameters)):
            regimens[row] = replace(regimens[row], modifiers=regimens[row].modifiers + gained)
    seen = np.array([s.day if s is not None else scenario.days for s in stops], np.int64)
    uniform = crowd.daily(len(days))
    reacted = reactions_of(crowd, parameters, regimens, setting, days, uniform)
    if conduct.stop_after_hypersensitivity:
        for row, found in enumerate(reacted):
            hits = np.flatnonzero(found.hypersensitivity[0])
            if len(hits):
                last = int(hits[0])
                keep = np.arange(len(regimens[row].day)) <= last
                regimens[row] = _kept(regimens[row], keep, regimens[row].day)
                stops[row] = Stop(int(regimens[row].day[-1]), "hypersensitivity")
                reacted[row] = Reactions(
                    found.during[:, keep], found.after[:, keep], found.hypersensitivity[:, keep]
                )
    for row, stop in enumerate(stops):
        if stop is None and len(regimen.day) and _ends_early(arm, regimen, plan, scenario.days):
            stops[row] = Stop(int(regimens[row].day[-1]) + 1, arm.stop_reason)
    fates = fates_of(crowd, parameters, regimens, setting, days, uniform)
    return ArmPart(arm, crowd, plan, regimens, reacted, stops, seen, fates)


def _ends_early(arm: Arm, regimen: Regimen, plan: list[tuple[int, int]], days: int) -> bool:
    """Whether the plan ends before the study: a further dose would still have had its place."""
    total = sum(phase.count for phase in arm.doses)
    return len(regimen.day) == total and regimen.day[-1] + plan[-1][1] < days
