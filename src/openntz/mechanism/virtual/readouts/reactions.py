"""Reactions as studies report them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from openntz.mechanism.virtual.readouts.arms import Args, Arms, in_any, only

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


def _table(arms: Arms, scenario: str, when: str) -> Bools:
    found = arms[scenario].reactions
    if when == "hypersensitivity":
        return found.hypersensitivity
    # A hypersensitivity reaction begins during the infusion.
    during = found.during | found.hypersensitivity
    return {"during": during, "after": found.after, "any": during | found.after}[when]


def _within(arms: Arms, scenario: str, when: str, args: Args) -> Bools:
    day = arms[scenario].regimen.day
    inside = (day >= args.get("start", 0)) & (day < args.get("until", np.inf))
    return _table(arms, scenario, when)[:, inside]


def people(arms: Arms, scenario: str, args: Args) -> Floats:
    """Whether a person reacted to some dose between two days."""
    return in_any(_within(arms, scenario, args["when"], args)).astype(float)


def per_infusion(arms: Arms, scenario: str, args: Args) -> Floats:
    """Share of a person's doses with a reaction."""
    return _within(arms, scenario, args["when"], args).mean(axis=1)


def hypersensitive(arms: Arms, scenario: str, args: Args) -> Floats:
    """Whether a person had a hypersensitivity reaction between two days."""
    return in_any(_within(arms, scenario, "hypersensitivity", args)).astype(float)


def _first(arms: Arms, scenario: str) -> tuple[NDArray[np.intp], Bools]:
    table = _table(arms, scenario, "hypersensitivity")
    return table.argmax(axis=1), in_any(table)


def hypersensitive_by(arms: Arms, scenario: str, args: Args) -> Floats:
    """Of people with hypersensitivity, whether it first came by a dose."""
    first, some = _first(arms, scenario)
    return only(first + 1 <= args["dose"], some)


def hypersensitive_dose(arms: Arms, scenario: str, args: Args) -> Floats:
    """First hypersensitivity reactions (N, m) by dose."""
    del args
    first, some = _first(arms, scenario)
    doses = len(arms[scenario].regimen.day)
    return ((np.arange(doses)[None, :] == first[:, None]) & some[:, None]).astype(float)
