"""Random effects: what they act on, their covariance, and individual parameters with slopes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from openntz.models.numbers import UNITS, Number, Quantity, Spread, quantity
from openntz.models.schema import BlockFormat, PkFormat, RandomFormat

Floats = NDArray[np.float64]
Distribution = Literal["log-normal", "normal", "proportional"]

# Smallest eigenvalue of a correlation matrix that an inverse can stand in double precision.
_SINGULAR: Final = 1e-10


class RandomEffect(Struct, frozen=True):
    """One random effect e and the parameters it moves, each with a multiplier m.

    log-normal: parameter x exp(m e); normal: parameter + m e; proportional: parameter x
    (1 + m e). ``scale`` turns the internal e into the published one.
    """

    name: str
    distribution: Distribution
    targets: tuple[tuple[str, float], ...]
    scale: float


class Covariance(Struct, frozen=True, eq=False):
    """Names (p), covariance (p, p) in internal units, and the numbers as published."""

    names: tuple[str, ...]
    matrix: Floats
    quantities: Mapping[str, Quantity]


class Variability(Struct, frozen=True, eq=False):
    """The random effects of a card, between people (omega) and between occasions (iov)."""

    effects: tuple[RandomEffect, ...]
    omega: Covariance
    iov: Covariance

    @property
    def names(self) -> tuple[str, ...]:
        """All effects, in card order."""
        return tuple(effect.name for effect in self.effects)

    def scale(self, names: Sequence[str]) -> Floats:
        """Factors from internal to published effects, in the order of ``names``."""
        found = {effect.name: effect.scale for effect in self.effects}
        return np.array([found[name] for name in names])


class Step(Struct, frozen=True):
    """An effect on one parameter: which column of the random effects, how, times what."""

    column: int
    distribution: Distribution
    multiplier: float


def steps_of(effects: Sequence[RandomEffect]) -> Mapping[str, tuple[Step, ...]]:
    """Per parameter, the effects that act on it, in card order."""
    found: dict[str, tuple[Step, ...]] = {}
    for column, effect in enumerate(effects):
        for symbol, multiplier in effect.targets:
            step = Step(column, effect.distribution, multiplier)
            found[symbol] = (*found.get(symbol, ()), step)
    return found


def vary(value: Floats, steps: Sequence[Step], random: Floats) -> tuple[Floats, dict[int, Floats]]:
    """A parameter (...) moved by random effects (..., r), and its slope by each of them."""
    slopes: dict[int, Floats] = {}
    for step in steps:
        e = random[..., step.column]
        if step.multiplier != 1.0:
            e = step.multiplier * e
        if step.distribution == "normal":
            value = value + e
            slopes[step.column] = np.full(value.shape, step.multiplier)
            continue
        factor = np.exp(e) if step.distribution == "log-normal" else 1.0 + e
        slopes = {column: slope * factor for column, slope in slopes.items()}
        moved = value * factor
        of = moved if step.distribution == "log-normal" else value
        slopes[step.column] = step.multiplier * of
        value = moved
    return value, slopes


def _theta_unit(effect: str, targets: Sequence[str], theta: Mapping[str, Number]) -> str:
    units = {theta[symbol].unit for symbol in targets}
    if len(units) > 1:
        raise ValueError(
            f"random.{effect}: a normal effect is shared by parameters in different units "
            f"({', '.join(sorted(units))}); give their theta in one unit"
        )
    return units.pop()


def _effect(name: str, raw: RandomFormat, theta: Mapping[str, Number]) -> RandomEffect:
    given = raw.parameters if raw.parameters is not None else [name]
    targets = tuple(given.items()) if isinstance(given, dict) else tuple((s, 1.0) for s in given)
    for symbol, _ in targets:
        if symbol not in theta:
            known = ", ".join(theta)
            raise ValueError(
                f"random effect {name!r} acts on {symbol!r}, which has no theta (there are "
                f"{known}); an effect with another name needs [random.{name}] with parameters"
            )
    scale = 1.0
    if raw.distribution == "normal":
        unit = _theta_unit(name, [symbol for symbol, _ in targets], theta)
        scale = 1.0 / UNITS[targets[0][0]][unit]
    return RandomEffect(name, raw.distribution, targets, scale)


def _sd_unit(effect: RandomEffect, number: Spread) -> float:
    """Factor from the unit of a variability to internal units, on the number's own scale."""
    if number.scale == "cv":
        units: Mapping[str, float] = UNITS["cv"]
    elif effect.distribution == "normal":
        units = UNITS[effect.targets[0][0]]
        if number.scale == "variance":
            units = {f"({name})^2": factor**2 for name, factor in units.items()}
    else:
        units = UNITS["share"] if number.scale == "sd" else UNITS["plain"]
    if number.unit not in units:
        raise ValueError(
            f"unit {number.unit!r} with scale {number.scale!r}; use one of {', '.join(units)}"
        )
    return units[number.unit]


def _variance_of_cv(cv: float, effect: RandomEffect, theta: Mapping[str, float]) -> float:
    if effect.distribution == "log-normal":
        return float(np.log1p(cv**2))
    if effect.distribution == "proportional":
        return cv**2
    symbol, multiplier = effect.targets[0]
    return (cv * theta[symbol] / multiplier) ** 2


def _variance(effect: RandomEffect, number: Spread, theta: Mapping[str, float]) -> float:
    value = number.value * _sd_unit(effect, number)
    if value < 0.0:
        raise ValueError(f"{number.value:g} is negative; variability is not")
    variance = value
    if number.scale == "sd":
        variance = value**2
    elif number.scale == "cv":
        variance = _variance_of_cv(value, effect, theta)
    if variance == 0.0:
        raise ValueError(
            "a variance of zero makes Omega singular; remove the effect, the parameter then "
            "stays at its typical value"
        )
    return variance


def _block(
    raw: BlockFormat, effects: Mapping[str, RandomEffect], theta: Mapping[str, float]
) -> Floats:
    """Covariance of a block in internal units.

    SDs and covariances of normal effects are in the unit of their parameter's theta.
    """
    n = len(raw.effects)
    chosen = [effects[name] for name in raw.effects]
    rows, columns = np.tril_indices(n)
    matrix = np.zeros((n, n))
    if raw.lower is not None:
        # Covariances are in the product of both units; `scale` divides, to internal.
        units = np.array([1.0 / effect.scale for effect in chosen])
        matrix[rows, columns] = raw.lower
        matrix = matrix + np.tril(matrix, -1).T
        return matrix * np.outer(units, units)
    values = np.array(raw.values, float) * UNITS["share"][raw.unit]
    if raw.scale == "cv":
        pairs = zip(values, chosen, strict=True)
        variances = [_variance_of_cv(cv, effect, theta) for cv, effect in pairs]
    else:
        if raw.unit != "1" and any(effect.distribution == "normal" for effect in chosen):
            raise ValueError("the SD of a normal effect is in the unit of its theta, not in %")
        variances = [(sd / e.scale) ** 2 for sd, e in zip(values, chosen, strict=True)]
    if (values < 0.0).any():
        raise ValueError("a standard deviation or CV is negative")
    matrix[np.tril_indices(n, -1)] = raw.correlations or []
    correlation = matrix + matrix.T + np.eye(n)
    sds = np.sqrt(variances)
    return correlation * np.outer(sds, sds)


def _check_definite(matrix: Floats, names: Sequence[str]) -> None:
    variances = np.diag(matrix)
    if (variances <= 0.0).any():
        name = names[int(np.argmin(variances))]
        raise ValueError(
            f"the variance of {name!r} is {variances.min():.4g}, which makes Omega singular; "
            "take the effect out of the block"
        )
    sds = np.sqrt(variances)
    smallest = float(np.linalg.eigvalsh(matrix / np.outer(sds, sds))[0])
    if smallest < _SINGULAR:
        word = "singular" if smallest > -_SINGULAR else "not positive-definite"
        raise ValueError(
            f"the block of {', '.join(names)} is {word}: the smallest eigenvalue of its "
            f"correlation matrix is {smallest:.3g}; check signs, order (row by row) and rounding"
        )


def _covariance(
    single: Mapping[str, Spread],
    blocks: Sequence[BlockFormat],
    effects: Mapping[str, RandomEffect],
    theta: Mapping[str, float],
    key: str,
) -> Covariance:
    """One covariance over the effects that have a variance here, in card order."""
    named = [*single, *(name for block in blocks for name in block.effects)]
    twice = {name for name in named if named.count(name) > 1}
    if twice:
        raise ValueError(f"{key}: {min(twice)!r} is there twice; keep one variance of it")
    names = tuple(name for name in effects if name in set(named))
    matrix = np.zeros((len(names), len(names)))
    shown: dict[str, Quantity] = {}
    for name, number in single.items():
        place = names.index(name)
        try:
            matrix[place, place] = _variance(effects[name], number, theta)
        except ValueError as error:
            raise ValueError(f"{key}.{name}: {error}") from None
        shown[name] = quantity(name, number)
    for n, raw in enumerate(blocks, start=1):
        places = [names.index(name) for name in raw.effects]
        try:
            block = _block(raw, effects, theta)
            _check_definite(block, raw.effects)
        except ValueError as error:
            raise ValueError(f"{key}_block[{n}]: {error}") from None
        matrix[np.ix_(places, places)] = block
    matrix.flags.writeable = False
    return Covariance(names, matrix, shown)


def _in_card_order(raw: PkFormat, tables: Sequence[str]) -> list[str]:
    """Effects with a variance, as they first stand in the file."""
    by_table: dict[str, list[str]] = {
        "omega": list(raw.omega),
        "omega_block": [name for block in raw.omega_block for name in block.effects],
        "iov": list(raw.iov),
        "iov_block": [name for block in raw.iov_block for name in block.effects],
    }
    named = [name for table in tables for name in by_table.get(table, ())]
    return list(dict.fromkeys(named))


def build_variability(
    raw: PkFormat, typical: Mapping[str, float], tables: Sequence[str]
) -> Variability:
    """Random effects and their covariances.

    ``typical`` is in internal units; ``tables`` are the top-level keys of the file in its
    order. Card order of the effects is that of the file: where the first variance of each
    stands in [omega], [[omega_block]], [iov] or [[iov_block]].

    Raises
    ------
    ValueError
        Naming the key at fault.
    """
    named = _in_card_order(raw, tables)
    for name in raw.random:
        if name not in named:
            raise ValueError(
                f"random.{name}: no variance; add [omega.{name}] or [iov.{name}], or name it in "
                "a block"
            )
    plain = RandomFormat()
    theta: dict[str, Number] = {str(name): number for name, number in raw.theta.items()}
    effects = {name: _effect(name, raw.random.get(name, plain), theta) for name in named}
    return Variability(
        effects=tuple(effects.values()),
        omega=_covariance(raw.omega, raw.omega_block, effects, typical, "omega"),
        iov=_covariance(raw.iov, raw.iov_block, effects, typical, "iov"),
    )
