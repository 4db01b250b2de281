"""Relapses and lesions as trials report them."""

from __future__ import annotations

import itertools
from typing import Final

import numpy as np
from numpy.typing import NDArray

from openntz.mechanism.virtual.readouts.arms import WEEK, Args, Arms, in_any, only

Floats = NDArray[np.float64]

_YEAR: Final = 365.25
_MONTH: Final = 30.4375
_SCAN_DAY: Final = 28
_MONTHS_AFTER: Final = 12


def _relapses(arms: Arms, scenario: str, first: float, last: float) -> Floats:
    """Relapses (N,) that begin from one day up to, not on, another."""
    fates = arms[scenario]
    window = fates.relapses[:, fates.column(first) : fates.column(last)]
    return window.sum(axis=1).astype(float)


def rate(arms: Arms, scenario: str, args: Args) -> Floats:
    """Relapses a year from the first dose to a day."""
    return _relapses(arms, scenario, 0.0, args["until"]) * _YEAR / args["until"]


def pair(arms: Arms, scenario: str, args: Args) -> Floats:
    """Relapses (N, 2) from the first dose to a day, of some people under this arm and another."""
    found = [_relapses(arms, name, 0.0, args["until"]) for name in (scenario, args["than"])]
    return only(np.stack(found, axis=1), arms.among(scenario, args["among"]))


def groups(arms: Arms, scenario: str, args: Args) -> Floats:
    """Relapses between two days, and (1 or 0) the group, of people (N, 2) of two groups."""
    one, other = (arms.among(scenario, args[key]) for key in ("group", "than"))
    found = _relapses(arms, scenario, args["start"], args["until"])
    return only(np.stack([found, one.astype(float)], axis=1), one | other)


def free(arms: Arms, scenario: str, args: Args) -> Floats:
    """Whether there was no relapse by a day."""
    return (_relapses(arms, scenario, 0.0, args["until"]) == 0).astype(float)


def any_relapse(arms: Arms, scenario: str, args: Args) -> Floats:
    """Whether there was a relapse by a day."""
    return 1.0 - free(arms, scenario, args)


def two(arms: Arms, scenario: str, args: Args) -> Floats:
    """Whether there were two relapses or more by a day."""
    return (_relapses(arms, scenario, 0.0, args["until"]) >= 2).astype(float)


def _last_dose(arms: Arms, scenario: str) -> float:
    """Day of the last dose before the study proper: that of the stopping arm."""
    del scenario
    return float(arms["stop"].regimen.day[-1])


def relapse_after(arms: Arms, scenario: str, args: Args) -> Floats:
    """Whether a relapse began within some days of the last dose of the first year."""
    last = _last_dose(arms, scenario)
    found = _relapses(arms, scenario, last, last + args["days"]) > 0
    return only(found, arms.among(scenario, args.get("among", "all")))


def any_late(arms: Arms, scenario: str, args: Args) -> Floats:
    """Whether a relapse began from one day up to, not on, another."""
    found = _relapses(arms, scenario, args["start"], args["until"]) > 0
    return only(found, arms.among(scenario, args.get("among", "all")))


def rate_late(arms: Arms, scenario: str, args: Args) -> Floats:
    """Relapses a year from one day up to, not on, another."""
    found = _relapses(arms, scenario, args["start"], args["until"])
    found *= _YEAR / (args["until"] - args["start"])
    return only(found, arms.among(scenario, args.get("among", "all")))


def no_activity(arms: Arms, scenario: str, args: Args) -> Floats:
    """Whether neither a relapse nor a T2 lesion began between two days."""
    return 1.0 - np.maximum(any_late(arms, scenario, args), t2_late(arms, scenario, args))


def relapse_month(arms: Arms, scenario: str, args: Args) -> Floats:
    """Months from the last dose to the first relapse within some days of it."""
    fates = arms[scenario]
    last = fates.column(_last_dose(arms, scenario))
    window = fates.relapses[:, last : last + args["days"]]
    return only(window.argmax(axis=1) / _MONTH, in_any(window))


def relapses_by_month(arms: Arms, scenario: str, args: Args) -> Floats:
    """Relapses (N, 12) in each month after the last dose."""
    del args
    last = _last_dose(arms, scenario)
    edges = last + _MONTH * np.arange(_MONTHS_AFTER + 1)
    return np.stack([_relapses(arms, scenario, a, b) for a, b in itertools.pairwise(edges)], axis=1)


def rebound(arms: Arms, scenario: str, args: Args) -> Floats:
    """Whether more relapses followed the stop than the same time brought without treatment."""
    last = _last_dose(arms, scenario)
    after = _relapses(arms, scenario, last, last + args["days"])
    return (after > _relapses(arms, "placebo", 0.0, args["days"])).astype(float)


def _t2(arms: Arms, scenario: str, first: float | None, last: float) -> Floats:
    fates = arms[scenario]
    start = 0 if first is None else fates.column(first)
    return fates.lesions.t2(start, fates.column(last)).astype(float)


def t2(arms: Arms, scenario: str, args: Args) -> Floats:
    """New or enlarging T2 lesions from the scan before treatment to a day."""
    return _t2(arms, scenario, None, args["until"])


def t2_none(arms: Arms, scenario: str, args: Args) -> Floats:
    """Whether there was none of them."""
    return (t2(arms, scenario, args) == 0).astype(float)


def t2_any(arms: Arms, scenario: str, args: Args) -> Floats:
    """Whether there was one of them."""
    return (t2(arms, scenario, args) > 0).astype(float)


def t2_early(arms: Arms, scenario: str, args: Args) -> Floats:
    """Of people with one of them by a day, whether the first came by an earlier day."""
    early = _t2(arms, scenario, None, args["early"]) > 0
    return only(early, t2(arms, scenario, args) > 0)


def t2_late(arms: Arms, scenario: str, args: Args) -> Floats:
    """Whether there was one between two days."""
    found = _t2(arms, scenario, args["start"], args["until"]) > 0
    return only(found, arms.among(scenario, args.get("among", "all")))


def t2_late_rate(arms: Arms, scenario: str, args: Args) -> Floats:
    """People with one of them per 1,000 person-years between two days."""
    years = (args["until"] - args["start"]) / _YEAR
    return 1000.0 * t2_late(arms, scenario, args) / years


def gadolinium(arms: Arms, scenario: str, args: Args) -> Floats:
    """Enhancing lesions, summed over the scans of some days."""
    fates = arms[scenario]
    counts = [fates.lesions.gadolinium(fates.column(d)) for d in args["days"]]
    return np.sum(counts, axis=0).astype(float)


def gadolinium_none(arms: Arms, scenario: str, args: Args) -> Floats:
    """Whether no lesion enhanced on these scans."""
    return (gadolinium(arms, scenario, args) == 0).astype(float)


def gadolinium_pair(arms: Arms, scenario: str, args: Args) -> Floats:
    """New enhancing lesions (N, 2) of six scans every four weeks, two arms."""
    found = []
    for name in (scenario, args["than"]):
        fates = arms[name]
        window = fates.lesions.enhancing[:, fates.column(0.0) : fates.column(6.0 * _SCAN_DAY)]
        found.append(window.sum(axis=1))
    return np.stack(found, axis=1).astype(float)


def unique_active(arms: Arms, scenario: str, args: Args) -> Floats:
    """Combined unique active lesions: T2 since the scan before treatment, and enhancement.

    Enhancing lesions are seen from a month before the first of the scans on; those that also
    show on T2 count once.
    """
    fates = arms[scenario]
    begin, end = fates.column(args["start"] - _SCAN_DAY) + 1, fates.column(args["until"]) + 1
    found = fates.lesions
    enhancing = (found.enhancing[:, begin:end] - found.new_t2[:, begin:end]).sum(axis=1)
    return enhancing + t2(arms, scenario, args)


def recurrence(arms: Arms, scenario: str, args: Args) -> Floats:
    """Whether a scan every four weeks after the last dose of the first year found enhancement."""
    fates = arms[scenario]
    last = _last_dose(arms, scenario)
    days = np.arange(last + _SCAN_DAY, last + args["weeks"] * WEEK + 1, _SCAN_DAY)
    found = gadolinium(arms, scenario, {"days": days}) > 0
    clean = fates.lesions.gadolinium(fates.column(last)) == 0
    return only(found, arms.among(scenario, args.get("among", "all")) & clean)


def activity_after(arms: Arms, scenario: str, args: Args) -> Floats:
    """Whether a relapse or an enhancing lesion followed within some days of the last dose."""
    weeks = args["days"] / WEEK
    scans = recurrence(arms, scenario, {"weeks": weeks, "among": "all"})
    relapsed = relapse_after(arms, scenario, args)
    return np.maximum(np.nan_to_num(scans, nan=1.0), relapsed)
