"""Every readout by the name published results use: a table of people and its statistic."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from openntz.mechanism.virtual.readouts import (
    antibodies,
    blood,
    disease,
    levels,
    reactions,
    statistics,
)
from openntz.mechanism.virtual.readouts.arms import Args, Arms
from openntz.mechanism.virtual.readouts.statistics import Statistic

Floats = NDArray[np.float64]


class Readout(Struct, frozen=True):
    """What is taken of each person (N,) or (N, k), and the figure a table of people gives."""

    of_people: Callable[[Arms, str, Args], Floats]
    statistic: Statistic


def _read(of_people: Callable[[Arms, str, Args], Floats], statistic: Statistic) -> Readout:
    return Readout(of_people, statistic)


READOUTS: Final[Mapping[str, Readout]] = MappingProxyType(
    {
        "trough.mean": _read(levels.trough, statistics.mean),
        "trough.sd": _read(levels.trough, statistics.spread),
        "trough.share": _read(levels.trough_share, statistics.percent),
        "trough.ratio": _read(levels.trough_pair, statistics.ratio),
        "trough.lower-than": _read(levels.trough_pair, statistics.percent_lower),
        "trough.steady-week": _read(levels.trough_course, statistics.steady_week),
        "trough.weight-slope": _read(levels.trough_and_weight, statistics.slope),
        "trough.median-persistent": _read(levels.level_when_positive, statistics.median),
        "peak.mean": _read(levels.peak, statistics.mean),
        "peak.ratio": _read(levels.peak_pair, statistics.ratio),
        "exposure.ratio": _read(levels.exposure_pair, statistics.ratio),
        "level.mean": _read(levels.level, statistics.mean),
        "half-life.mean": _read(levels.half_life, statistics.mean),
        "half-life.linear": _read(levels.half_life_linear, statistics.median),
        "clearance.mean": _read(levels.clearance, statistics.mean),
        "clearance.linear": _read(levels.clearance_linear, statistics.median),
        "volume.median": _read(levels.volume, statistics.median),
        "interval.mean": _read(levels.interval, statistics.mean),
        "interval.share": _read(levels.interval_beyond, statistics.percent),
        "interval.saved": _read(levels.infusions_left, statistics.percent_lower),
        "saturation.mean": _read(levels.saturation_on, statistics.percent),
        "saturation.trough": _read(levels.saturation_trough, statistics.percent),
        "saturation.share": _read(levels.saturation_share, statistics.percent),
        "antibodies.ever": _read(antibodies.ever, statistics.percent),
        "antibodies.persistent": _read(antibodies.persistent, statistics.percent),
        "antibodies.transient": _read(antibodies.transient, statistics.percent),
        "antibodies.persistent-by": _read(antibodies.persistent_by, statistics.percent),
        "antibodies.first-by": _read(antibodies.first_by, statistics.percent),
        "antibodies.youden": _read(antibodies.first_reading, statistics.youden),
        "lymphocytes.rise": _read(blood.rise, statistics.percent),
        "lymphocytes.mean": _read(blood.lymphocytes, statistics.mean),
        "lymphocytes.relative": _read(blood.relative, statistics.median),
        "lymphocytes.fold": _read(blood.fold, statistics.ratio),
        "lymphocytes.left": _read(blood.left, statistics.percent_ratio),
        "lymphocytes.above": _read(blood.above, statistics.percent),
        "leucocytes.fold": _read(blood.leucocytes_fold, statistics.ratio),
        "b-cells.fold": _read(blood.b_cells_fold, statistics.ratio),
        "erythroblasts.share": _read(blood.erythroblasts, statistics.percent),
        "relapse.rate": _read(disease.rate, statistics.mean),
        "relapse.free": _read(disease.free, statistics.percent),
        "relapse.any": _read(disease.any_relapse, statistics.percent),
        "relapse.two": _read(disease.two, statistics.percent),
        "relapse.pair": _read(disease.pair, statistics.ratio),
        "relapse.groups": _read(disease.groups, statistics.group_ratio),
        "relapse.any-late": _read(disease.any_late, statistics.percent),
        "relapse.rate-late": _read(disease.rate_late, statistics.mean),
        "relapse.after": _read(disease.relapse_after, statistics.percent),
        "relapse.median-month": _read(disease.relapse_month, statistics.median),
        "relapse.peak-month": _read(disease.relapses_by_month, statistics.busiest),
        "relapse.rebound": _read(disease.rebound, statistics.percent),
        "t2.mean": _read(disease.t2, statistics.mean),
        "t2.none": _read(disease.t2_none, statistics.percent),
        "t2.any": _read(disease.t2_any, statistics.percent),
        "t2.early": _read(disease.t2_early, statistics.percent),
        "t2.any-late": _read(disease.t2_late, statistics.percent),
        "t2.rate-late": _read(disease.t2_late_rate, statistics.mean),
        "gd.sum": _read(disease.gadolinium, statistics.mean),
        "gd.none": _read(disease.gadolinium_none, statistics.percent),
        "gd.ratio": _read(disease.gadolinium_pair, statistics.ratio),
        "lesion.cua": _read(disease.unique_active, statistics.mean),
        "mri.recurrence": _read(disease.recurrence, statistics.percent),
        "activity.none": _read(disease.no_activity, statistics.percent),
        "activity.after": _read(disease.activity_after, statistics.percent),
        "reaction.people": _read(reactions.people, statistics.percent),
        "reaction.per-infusion": _read(reactions.per_infusion, statistics.percent),
        "hypersensitivity.people": _read(reactions.hypersensitive, statistics.percent),
        "hypersensitivity.by-dose": _read(reactions.hypersensitive_by, statistics.percent),
        "hypersensitivity.peak-dose": _read(reactions.hypersensitive_dose, statistics.busiest),
    }
)
