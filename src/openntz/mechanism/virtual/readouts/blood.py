"""Blood counts as studies report them, with the laboratory's and the day's variation."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from openntz.evidence.registry import registry
from openntz.mechanism.virtual.blood import erythroblast_chance, reported
from openntz.mechanism.virtual.readouts.arms import LYMPHOCYTE_ERROR, WEEK, Args, Arms, only

Floats = NDArray[np.float64]

_VISIT_DAY: Final = 28.0
_WHITE: Final = ("lymphocytes", "monocytes", "eosinophils", "basophils", "neutrophils")


def _lymphocytes(arms: Arms, scenario: str, day: float) -> Floats:
    fates = arms[scenario]
    count = fates.cells("lymphocytes")[:, fates.column(day)]
    error = arms.errors(LYMPHOCYTE_ERROR)
    own = error[:, round(day / _VISIT_DAY) % error.shape[1]]
    return reported(count, own, arms.parameters, "lymphocytes")


def rise(arms: Arms, scenario: str, args: Args) -> Floats:
    """Whether the count rose by the definition's amount on one of some days."""
    amount = registry().fact("lymphocytes.rise").number
    before = _lymphocytes(arms, scenario, 0.0)
    rose = [_lymphocytes(arms, scenario, float(d)) - before >= amount for d in args["days"]]
    return only(np.any(rose, axis=0), arms.among(scenario, args.get("among", "all")))


def lymphocytes(arms: Arms, scenario: str, args: Args) -> Floats:
    """Count on a day."""
    return _lymphocytes(arms, scenario, float(args["day"]))


def relative(arms: Arms, scenario: str, args: Args) -> Floats:
    """Rise on a day relative to the count before, per cent."""
    before = _lymphocytes(arms, scenario, 0.0)
    return 100.0 * (_lymphocytes(arms, scenario, float(args["day"])) / before - 1.0)


def fold(arms: Arms, scenario: str, args: Args) -> Floats:
    """Counts (N, 2) on a day and before."""
    return np.stack([lymphocytes(arms, scenario, args), _lymphocytes(arms, scenario, 0.0)], axis=1)


def _true_pair(arms: Arms, scenario: str, day: float, cells: tuple[str, ...]) -> Floats:
    fates = arms[scenario]
    table = np.sum([fates.cells(cell) for cell in cells], axis=0)
    return table[:, [fates.column(day), fates.column(0.0)]]


def leucocytes_fold(arms: Arms, scenario: str, args: Args) -> Floats:
    """White cells (N, 2) on a day and before."""
    return _true_pair(arms, scenario, args["day"], _WHITE)


def b_cells_fold(arms: Arms, scenario: str, args: Args) -> Floats:
    """B cells (N, 2) on a day and before."""
    return _true_pair(arms, scenario, args["day"], ("cd19",))


def left(arms: Arms, scenario: str, args: Args) -> Floats:
    """Rise (N, 2) some weeks after the last dose and at that dose."""
    fates = arms[scenario]
    last = float(fates.regimen.day[-1])
    table = fates.cells("lymphocytes")
    before = table[:, fates.column(0.0)]
    later = table[:, fates.column(last + args["weeks"] * WEEK)]
    return np.stack([later - before, table[:, fates.column(last)] - before], axis=1)


def above(arms: Arms, scenario: str, args: Args) -> Floats:
    """Whether the count on a day exceeds a limit."""
    return (lymphocytes(arms, scenario, args) > args["limit"]).astype(float)


def erythroblasts(arms: Arms, scenario: str, args: Args) -> Floats:
    """Chance that nucleated red cells are seen on a day."""
    fates = arms[scenario]
    return erythroblast_chance(fates.opened[:, fates.column(args["day"])], arms.parameters)
