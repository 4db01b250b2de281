"""Settings of the blood sensor: pools from the parameters of virtual people, the rest from facts.

A range of a parameter is taken as an interval of a log-normal distribution (its probability is
the fact ``sensor.range-covers``): that of the median rise widens the spread between people, that
of the noise becomes a mixture.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.special import ndtri

from openntz.course import vocabulary
from openntz.errors import EvidenceError, ModelError
from openntz.evidence.registry import Registry
from openntz.forecast.onset_prior import OnsetPrior
from openntz.forecast.sensor import Pool, SensorSettings
from openntz.mechanism.virtual.parameters import Parameter, Parameters

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


def _uncertainty(entry: Parameter, known: Registry) -> float:
    """Standard deviation of the logarithm of a parameter, by its range."""
    covers = known.fact("sensor.range-covers").number
    width = 2 * np.log(known.fact("sensor.unknown-range").number)
    if entry.low is not None and entry.high is not None and entry.low > 0:
        width = np.log(entry.high / entry.low)
    return float(width / (2 * ndtri((1 + covers) / 2)))


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
    spread = np.hypot(parameters[f"{own}.gain.log-sd"], _uncertainty(gain, known))
    noise = parameters.entries[f"{own}.noise"]
    nodes, weights = np.polynomial.hermite_e.hermegauss(
        round(known.fact("sensor.noise-nodes").number)
    )
    return Pool(
        before=parameters[before.name],
        before_log_sd=parameters[f"{own}.before.log-sd"],
        gain=parameters[gain.name] * np.exp(spread * score),
        gain_weight=density / density.sum(),
        rate_per_day=parameters[f"{own}.rate"],
        noise=parameters[noise.name] * np.exp(_uncertainty(noise, known) * nodes),
        noise_weight=weights / weights.sum(),
        assumed=gain.origin == "assumed",
    )


def sensor_settings(known: Registry, parameters: Parameters) -> SensorSettings:
    """Settings from facts and the parameters of virtual people.

    Raises
    ------
    EvidenceError, ModelError
        When a fact or parameter is missing, is not a number, or is in another unit.
    """

    def number(name: str) -> float:
        return known.fact(name).number

    left, chances = (_numbers(known, f"sensor.shares-left{x}") for x in ("", "-chances"))
    if len(left) != len(chances) or min((*left, *chances)) < 0 or not np.isclose(sum(chances), 1):
        raise EvidenceError(
            f"facts 'sensor.shares-left' {left} and their chances {chances} do not fit.",
            remedy="Give as many chances as shares, none negative, that sum to one.",
        )
    return SensorSettings(
        pools={cell: _pool(cell, known, parameters) for cell in CELLS},
        onset=OnsetPrior.from_registry(known),
        over_days=number("sensor.over"),
        neutralised_below=number("sensor.neutralised-below"),
        shares_left=left,
        share_chances=chances,
        onset_step=number("sensor.onset-step"),
        late_edges=tuple(sorted(_numbers(known, "sensor.late-onset-edges"), reverse=True)),
        transient_parts=round(number("sensor.transient-parts")),
        most_counts=round(number("sensor.most-counts")),
        shown_least=number("sensor.shown-least"),
    )
