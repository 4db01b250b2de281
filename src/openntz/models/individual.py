"""Individual parameters: typical values, random effects and factors, with exact slopes."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import numpy as np
from msgspec import Struct
from numpy.typing import ArrayLike, NDArray

from openntz.errors import ModelError
from openntz.models.covariate_model import Population
from openntz.models.variability import Step, vary

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_NONE: Final[Mapping[int, Floats]] = MappingProxyType({})


class Individual(Struct, frozen=True, eq=False):
    """Parameters of people, draws or segments, each an array of one shape (...).

    ``values``: all twelve symbols (L, day, mg, mg/L; f a fraction, lag and duration in days).
    ``slopes``: per symbol, the derivative by each column of the random effects that moves it
    (an empty mapping where none does).
    """

    values: Mapping[str, Floats]
    slopes: Mapping[str, Mapping[int, Floats]]

    @property
    def usable(self) -> Bools:
        """Where every parameter is finite and not negative, and volumes and rates positive.

        Log-normal effects cannot leave that; normal ones can.
        """
        zero = {"cl", "q", "q2", "vmax", "lag"}
        parts = [
            np.isfinite(value) & ((value >= 0.0) if name in zero else (value > 0.0))
            for name, value in self.values.items()
        ]
        return np.logical_and.reduce(parts)


def _shape(card: str, *shapes: tuple[int, ...]) -> tuple[int, ...]:
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        listed = ", ".join(str(shape) for shape in dict.fromkeys(shapes))
        raise ModelError(
            f"shapes that do not broadcast: {listed}.",
            where=card,
            remedy="Give random effects (..., r), and covariates and factors of shape (...).",
        ) from None


def individual_parameters(
    population: Population,
    steps: Mapping[str, tuple[Step, ...]],
    random: ArrayLike,
    factors: Mapping[str, ArrayLike],
    *,
    names: tuple[str, ...],
    card: str,
) -> Individual:
    """Typical values moved by random effects (..., r), then by late effects and ``factors``.

    Raises
    ------
    ModelError
        When shapes do not fit, a factor is of an unknown symbol, or one is not positive.
    """
    effects = np.asarray(random, float)
    if effects.ndim == 0 or effects.shape[-1] != len(names):
        raise ModelError(
            f"random effects of shape {effects.shape}.",
            where=card,
            remedy=f"Give (..., {len(names)}): {', '.join(names) or 'none'}.",
        )
    by = {name: _factor(name, value, population, card) for name, value in factors.items()}
    moving = [*population.values.values(), *by.values()]
    moving += [part for pair in population.late.values() for part in pair]
    shapes = [part.shape for part in moving if isinstance(part, np.ndarray)]
    shape = _shape(card, effects.shape[:-1], *shapes)
    values = {name: np.full(shape, base) for name, base in population.values.items()}
    slopes: dict[str, Mapping[int, Floats]] = dict.fromkeys(values, _NONE)
    # Effects far out overflow; `usable` says so, and whoever tries them decides.
    with np.errstate(over="ignore", invalid="ignore"):
        for name in {**steps, **population.late, **by}:
            own = steps.get(name, ())
            values[name], slopes[name] = _moved(name, values[name], population, own, effects, by)
    return Individual(MappingProxyType(values), MappingProxyType(slopes))


def _moved(
    name: str,
    value: Floats,
    population: Population,
    steps: tuple[Step, ...],
    effects: Floats,
    by: Mapping[str, Floats],
) -> tuple[Floats, dict[int, Floats]]:
    """One parameter and its slopes, after random effects, late effects and factors."""
    value, own = vary(value, steps, effects)
    if name in by or name in population.late:
        times, plus = population.late.get(name, (1.0, 0.0))
        factor = by.get(name, 1.0)
        times, plus = times * factor, plus * factor
        value = value * times + plus
        own = {column: slope * times for column, slope in own.items()}
    return value, own


def _factor(name: str, value: ArrayLike, population: Population, card: str) -> Floats:
    if name not in population.values:
        raise ModelError(
            f"no parameter {name!r}.",
            where=card,
            remedy=f"There are {', '.join(population.values)}.",
        )
    factor = np.asarray(value, float)
    if not (np.isfinite(factor) & (factor > 0.0)).all():
        raise ModelError(
            f"a factor on {name} that is not positive and finite.",
            where=card,
            remedy="Give positive numbers, or leave the person out.",
        )
    return factor
