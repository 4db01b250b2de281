"""Settings of the blood sensor: pools and histories from virtual people, the rest from facts."""

from __future__ import annotations

from typing import Final

import numpy as np

from openntz.course import vocabulary
from openntz.errors import EvidenceError, ModelError
from openntz.evidence.registry import Registry
from openntz.forecast.onset_prior import OnsetPrior
from openntz.forecast.sensor import Pool, SensorSettings
from openntz.forecast.sensor_histories import shipped_histories
from openntz.mechanism.virtual.parameters import Parameters

CELLS: Final = (
    vocabulary.LYMPHOCYTES,
    vocabulary.CD19,
    vocabulary.MONOCYTES,
    vocabulary.EOSINOPHILS,
)


def _numbers(known: Registry, name: str) -> tuple[float, ...]:
    text = str(known.fact(name).value)
    try:
        return tuple(float(word) for word in text.split())
    except ValueError:
        raise EvidenceError(
            f"fact {name!r} is {text!r}.", remedy="Give numbers with spaces between them."
        ) from None


def _pool(cell: str, known: Registry, parameters: Parameters) -> Pool:
    own = f"blood.{cell}"
    before = parameters.entries[f"{own}.before"]
    unit = vocabulary.CANONICAL_UNITS[cell]
    if before.unit != unit:
        raise ModelError(
            f"{own}.before is in {before.unit}.",
            where="mechanism/virtual/parameters.toml",
            remedy=f"Give it in {unit}, as counts are kept.",
        )
    reach = known.fact("sensor.gain-reach").number
    score = np.linspace(-reach, reach, round(known.fact("sensor.gain-nodes").number))
    density = np.exp(-(score**2) / 2)
    gain = parameters.entries[f"{own}.gain"]
    return Pool(
        before=parameters[before.name],
        before_log_sd=parameters[f"{own}.before.log-sd"],
        gain=parameters[gain.name] * np.exp(parameters[f"{own}.gain.log-sd"] * score),
        gain_weight=density / density.sum(),
        rate_per_day=parameters[f"{own}.rate"],
        noise=parameters[f"{own}.noise"],
        assumed=gain.origin == "assumed",
    )


def sensor_settings(known: Registry, parameters: Parameters) -> SensorSettings:
    """Settings from facts and the parameters of virtual people.

    Raises
    ------
    EvidenceError, ModelError
        When a fact or parameter is missing, is not a number, or is in another unit, or when the
        histories were simulated with other parameters.
    """

    def number(name: str) -> float:
        return known.fact(name).number

    onset = OnsetPrior.from_registry(known)
    return SensorSettings(
        pools={cell: _pool(cell, known, parameters) for cell in CELLS},
        early=shipped_histories(parameters),
        appeared_by=onset.appeared[-1][0],
        late_share=onset.late_share,
        late_edges=tuple(sorted(_numbers(known, "sensor.late-onset-edges"), reverse=True)),
        over_days=number("sensor.over"),
        neutralised_below=number("sensor.neutralised-below"),
        most_counts=round(number("sensor.most-counts")),
        shown_least=number("sensor.shown-least"),
    )
