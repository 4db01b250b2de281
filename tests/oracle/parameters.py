"""From a model written as a plain dictionary to the parameters of every record.

A model says, per symbol, a typical value, covariate effects in the order they apply and how the
random effects enter. Everything is complex-safe: derivatives are taken by the complex step.
"""

from __future__ import annotations

from typing import Any

import numpy as np

# What a parameter is when the structure does without it.
ABSENT = {
    "cl": 0.0, "vc": 1.0, "q": 0.0, "vp": 1.0, "q2": 0.0, "vp2": 1.0, "vmax": 0.0, "km": 1.0,
    "ka": 1.0, "duration": 1.0, "f": 1.0, "lag": 0.0,
}  # fmt: skip

Model = dict[str, Any]
Record = dict[str, float]


def _applied(value: float, effect: dict[str, Any], record: Record) -> float:
    """One covariate effect; ``multiply`` turns the data's unit into the model's."""
    x = record[effect["covariate"]] * effect.get("multiply", 1.0)
    match effect["form"]:
        case "power":
            return value * (x / effect["reference"]) ** effect["exponent"]
        case "linear":
            return value * (1.0 + effect["slope"] * (x - effect["reference"]))
        case "exponential":
            return value * np.exp(effect["slope"] * (x - effect["reference"]))
        case "category":
            return value * effect["factors"][str(int(x))]
        case "proportional":
            return value * x
        case "plus":
            return value + x
    raise ValueError(effect["form"])


def population_value(spec: dict[str, Any], record: Record) -> float:
    """Typical value with the covariates of one record, before variability."""
    value = spec["typical"]
    for effect in spec.get("effects", []):
        value = _applied(value, effect, record)
    return value


def parameters_of(model: Model, record: Record, random: dict[str, complex]) -> dict[str, complex]:
    """All symbols for one record; ``random`` is the total effect (eta + kappa) per name.

    ``effect`` of a parameter names its random effect, several may share one; ``variability``
    says how it enters. Effects with ``after_variability`` are applied last.
    """
    values: dict[str, complex] = dict(ABSENT)
    for symbol, spec in model["parameters"].items():
        value: complex = population_value(spec, record)
        effect = random.get(spec.get("effect", symbol), 0.0)
        if spec.get("variability") == "log-normal":
            value = value * np.exp(effect)
        elif spec.get("variability") == "normal":
            value = value + effect
        for late in spec.get("after_variability", []):
            value = _applied(value, late, record)
        values[symbol] = value
    return values


def random_layout(model: Model, occasions: list[float]) -> tuple[list[tuple[str, int]], np.ndarray]:
    """Names and covariance of a person's whole random vector.

    First the etas (occasion 0), then for every occasion, in order of first appearance, its
    kappas. Returns ``[(name, occasion), ...]`` and the block-diagonal covariance.
    """
    etas, omega = model["omega"]["names"], np.array(model["omega"]["matrix"], float)
    iov = model.get("omega_iov")
    if not iov:
        return [(name, 0) for name in etas], omega
    block = np.array(iov["matrix"], float)
    layout = [(name, 0) for name in etas]
    layout += [(name, int(occasion)) for occasion in occasions for name in iov["names"]]
    size = len(layout)
    covariance = np.zeros((size, size))
    covariance[: len(etas), : len(etas)] = omega
    for k in range(len(occasions)):
        start = len(etas) + k * len(block)
        covariance[start : start + len(block), start : start + len(block)] = block
    return layout, covariance
