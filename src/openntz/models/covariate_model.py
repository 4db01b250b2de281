"""Covariates: which the card needs, how some follow from others, what they do to parameters.

Effects act in the order written: first those before variability, then those after it. Every
effect is parameter x multiplier + shift. Everything is vectorised.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from openntz.errors import ModelError
from openntz.models.numbers import UNITS, Number, Quantity, quantity
from openntz.models.schema import (
    AdditiveFormat,
    AnyEffect,
    CategoryFormat,
    DataCovariate,
    DerivedCovariate,
    PowerFormat,
    SlopeFormat,
)

Floats = NDArray[np.float64]
Carry = Literal["nocb", "locf"]
Missing = Literal["refuse", "reference", "distribution"]
# (multiplier, shift) of a parameter at covariate values.
Affine = tuple[Floats | float, Floats | float]

_SHOWN: Final = 3
# The covariate that a clinic's records hold.
_WEIGHT: Final = "weight"


@dataclass(frozen=True, slots=True)
class CovariateInput:
    """A covariate the data must give, in ``unit``; categories as their codes.

    ``carry``: between records the value is the next one's ('nocb') or the last one's ('locf').
    ``missing``: without any value the person is refused, or ``reference`` stands in, or a
    log-normal distribution with ``median`` and standard deviation ``log_sd`` of the logarithm.
    ``codes`` are the only values there can be; empty when any number may stand.
    """

    name: str
    unit: str
    column: str
    carry: Carry
    missing: Missing
    reference: float | None
    median: float | None
    log_sd: float | None
    codes: tuple[float, ...]
    quantities: tuple[Quantity, ...]


@dataclass(frozen=True, slots=True)
class Derived:
    """offset + scale x product of covariate ^ power, held inside ``low`` and ``high``."""

    name: str
    unit: str
    product: tuple[tuple[str, float], ...]
    scale: float
    offset: float
    low: float
    high: float

    def value(self, known: Mapping[str, Floats]) -> Floats:
        """The covariate from those it is defined by."""
        result: Floats = np.asarray(self.scale, float)
        for name, power in self.product:
            x = known[name]
            result = result * (x if power == 1.0 else x**power)
        result = self.offset + result
        # A limit must not hide that there is no value, as after a division by zero.
        return np.where(np.isfinite(result), np.clip(result, self.low, self.high), np.nan)


@dataclass(frozen=True, slots=True)
class CovariateEffect:
    """One effect: ``quantities`` are its numbers as published, in the order of its form.

    ``late``: it acts after variability.
    """

    parameter: str
    covariate: str
    form: str
    late: bool
    quantities: tuple[Quantity, ...]
    terms: Callable[[Floats], Affine]


@dataclass(frozen=True, slots=True, eq=False)
class Population:
    """Typical values of all symbols for given covariates: arrays where a covariate acts.

    ``late`` holds (multiplier, shift) of the effects that act after variability.
    """

    values: Mapping[str, Floats | float]
    late: Mapping[str, Affine]


@dataclass(frozen=True, slots=True)
class CovariateModel:
    """All covariates and effects of a card."""

    inputs: tuple[CovariateInput, ...]
    derived: tuple[Derived, ...]
    effects: tuple[CovariateEffect, ...]

    def values(self, given: Mapping[str, ArrayLike], card: str) -> Mapping[str, Floats]:
        """All covariates, derived ones too, from those of the data.

        Raises
        ------
        ModelError
            When one is missing, not finite or no code of the card, or cannot be derived.
        """
        known: dict[str, Floats] = {}
        for wanted in self.inputs:
            known[wanted.name] = _checked(wanted, given, card)
        for derived in self.derived:
            with np.errstate(all="ignore"):
                found = derived.value(known)
            if not np.isfinite(found).all():
                raise ModelError(
                    f"covariate {derived.name!r} cannot be computed from "
                    f"{', '.join(name for name, _ in derived.product)}.",
                    where=card,
                    remedy="Look for zero, negative or extreme values among them.",
                )
            known[derived.name] = found
        return known

    def population(
        self, theta: Mapping[str, float], given: Mapping[str, ArrayLike], card: str
    ) -> Population:
        """``theta`` after the covariates.

        Raises
        ------
        ModelError
            As ``values``; or when an effect leaves a parameter that is not positive.
        """
        known = self.values(given, card)
        found: dict[str, Floats | float] = dict(theta)
        late: dict[str, Affine] = {}
        for effect in self.effects:
            x = known[effect.covariate]
            if effect.form == "power" and not (x > 0.0).all():
                raise ModelError(
                    f"covariate {effect.covariate!r} is {_some(x, x <= 0.0)}, which has no "
                    f"power; {effect.parameter} needs it positive.",
                    where=card,
                    remedy="Correct the value, or treat it as missing.",
                )
            with np.errstate(all="ignore"):
                times, plus = effect.terms(x)
                if effect.late:
                    before = late.get(effect.parameter, (1.0, 0.0))
                    late[effect.parameter] = (before[0] * times, before[1] * times + plus)
                else:
                    found[effect.parameter] = found[effect.parameter] * times + plus
        self._check(found, late, card)
        return Population(found, late)

    def _check(
        self, found: Mapping[str, Floats | float], late: Mapping[str, Affine], card: str
    ) -> None:
        """Refuse covariates that leave no usable parameter."""
        for name in {effect.parameter: None for effect in self.effects}:
            times, plus = late.get(name, (1.0, 0.0))
            for value in (np.asarray(found[name]), np.asarray(found[name] * times + plus)):
                positive = (value >= 0.0) if name == "lag" else (value > 0.0)
                usable = np.isfinite(value) & positive
                if not usable.all():
                    by = ", ".join(e.covariate for e in self.effects if e.parameter == name)
                    raise ModelError(
                        f"{name} becomes {_some(value, ~usable)} for these covariates ({by}).",
                        where=card,
                        remedy="Check their values and units; the model does not reach so far.",
                    )


def _some(value: Floats, chosen: NDArray[np.bool_]) -> str:
    worst = np.unique(np.broadcast_to(value, chosen.shape)[chosen])[:_SHOWN]
    return ", ".join(f"{x:.4g}" for x in worst)


def _checked(wanted: CovariateInput, given: Mapping[str, ArrayLike], card: str) -> Floats:
    if wanted.name not in given:
        raise ModelError(
            f"covariate {wanted.name!r} ({wanted.unit}) is not given.",
            where=card,
            remedy="Give it, or leave the person out.",
        )
    value = np.asarray(given[wanted.name], float)
    if not np.isfinite(value).all():
        raise ModelError(
            f"covariate {wanted.name!r} is missing or not finite.",
            where=card,
            remedy=f"Give it in {wanted.unit}; what stands in for a missing one is decided before.",
        )
    if wanted.codes and not (known := np.isin(value, wanted.codes)).all():
        raise ModelError(
            f"covariate {wanted.name!r} has the unknown code {_some(value, ~known)}.",
            where=card,
            remedy=f"Codes are {', '.join(f'{c:g}' for c in wanted.codes)}.",
        )
    return value


def _power(exponent: float, reference: float) -> Callable[[Floats], Affine]:
    return lambda x: ((x / reference) ** exponent, 0.0)


def _linear(slope: float, reference: float) -> Callable[[Floats], Affine]:
    return lambda x: (1.0 + slope * (x - reference), 0.0)


def _exponential(slope: float, reference: float) -> Callable[[Floats], Affine]:
    return lambda x: (np.exp(slope * (x - reference)), 0.0)


def _additive(coefficient: float, reference: float) -> Callable[[Floats], Affine]:
    return lambda x: (1.0, coefficient * (x - reference))


def _category(factors: Mapping[float, float]) -> Callable[[Floats], Affine]:
    codes = np.array(sorted(factors))
    steps = np.array([factors[code] for code in codes])
    return lambda x: (steps[np.searchsorted(codes, x)], 0.0)


def _require(number: Number, unit: str | tuple[str, ...], key: str) -> None:
    allowed = (unit,) if isinstance(unit, str) else unit
    if number.unit not in allowed:
        raise ValueError(f"{key}: unit {number.unit!r} does not fit; use {' or '.join(allowed)}")


def _build_effect(raw: AnyEffect, unit: str, key: str) -> CovariateEffect:
    reference = None if isinstance(raw, CategoryFormat) else raw.reference
    if reference is not None:
        _require(reference, unit, f"{key}.reference")
    at = reference.value if reference is not None else 0.0
    shown = [("reference", reference)] if reference is not None else []
    if isinstance(raw, PowerFormat):
        terms = _power(raw.exponent.value, at)
        shown.insert(0, ("exponent", raw.exponent))
    elif isinstance(raw, SlopeFormat):
        per = ("1",) if unit == "1" else (f"1/{unit}", f"1/({unit})")
        _require(raw.slope, per, f"{key}.slope")
        make = _linear if raw.form == "linear" else _exponential
        terms = make(raw.slope.value, at)
        shown.insert(0, ("slope", raw.slope))
    elif isinstance(raw, AdditiveFormat):
        units = UNITS[raw.parameter]
        _require(raw.coefficient, tuple(units), f"{key}.coefficient")
        terms = _additive(raw.coefficient.value * units[raw.coefficient.unit], at)
        shown.insert(0, ("coefficient", raw.coefficient))
    else:
        terms = _category({float(code): n.value for code, n in raw.factors.items()})
        shown = [(f"factor of {code}", number) for code, number in raw.factors.items()]
    return CovariateEffect(
        raw.parameter,
        raw.covariate,
        raw.form,
        raw.when == "after variability",
        tuple(quantity(name, number) for name, number in shown),
        terms,
    )


def _ordered(raw: Mapping[str, DerivedCovariate], data: Mapping[str, object]) -> list[str]:
    """Derived covariates, each after those it is defined by; circles refused by name."""
    done: list[str] = []
    path: list[str] = []

    def visit(name: str, asked_by: str) -> None:
        if name in data or name in done:
            return
        if name not in raw:
            raise ValueError(
                f"derived.{asked_by}: {name!r} is no covariate; define it in [covariate.{name}] "
                f"or [derived.{name}]"
            )
        if name in path:
            circle = [*path[path.index(name) :], name]
            raise ValueError(f"derived.{name}: circular definition {' -> '.join(circle)}")
        path.append(name)
        for other in raw[name].product:
            visit(other, name)
        path.pop()
        done.append(name)

    for name in raw:
        if name in data:
            raise ValueError(f"derived.{name}: it is in [covariate.{name}] too; keep one")
        visit(name, name)
    return done


def _input(name: str, raw: DataCovariate, codes: tuple[float, ...]) -> CovariateInput:
    if name == _WEIGHT and raw.unit != "kg":
        raise ValueError(
            f"covariate.{name}.unit: {raw.unit!r}; a clinic's weights are in kg, so 'weight' has "
            "this unit. Give the covariate another name if the data hold another unit"
        )
    standing = (("reference", raw.reference), ("median", raw.median), ("cv", raw.cv))
    share = raw.cv.value * UNITS["cv"][raw.cv.unit] if raw.cv is not None else None
    return CovariateInput(
        name=name,
        unit=raw.unit,
        column=raw.column if raw.column is not None else name.upper(),
        carry=raw.carry,
        missing=raw.missing,
        reference=raw.reference.value if raw.reference is not None else None,
        median=raw.median.value if raw.median is not None else None,
        log_sd=float(np.sqrt(np.log1p(share**2))) if share is not None else None,
        codes=codes,
        quantities=tuple(quantity(part, number) for part, number in standing if number is not None),
    )


def _codes(name: str, raw: DataCovariate, effects: Sequence[AnyEffect]) -> tuple[float, ...]:
    """Codes a category may have: those of the covariate and of every effect of it."""
    known = None if raw.codes is None else set(raw.codes)
    for n, effect in enumerate(effects, start=1):
        if isinstance(effect, CategoryFormat) and effect.covariate == name:
            own = {float(code) for code in effect.factors}
            if known is not None and own != known:
                text = ", ".join(f"{c:g}" for c in sorted(known))
                raise ValueError(
                    f"effect[{n}].factors: the codes of {name!r} are {text} elsewhere; give "
                    "each of them a factor, 1 where nothing changes"
                )
            known = own
    codes = tuple(sorted(known or ()))
    if codes and raw.reference is not None and raw.reference.value not in codes:
        raise ValueError(f"covariate.{name}.reference: no code of this category")
    return codes


def build_covariates(
    data: Mapping[str, DataCovariate],
    derived: Mapping[str, DerivedCovariate],
    effects: Sequence[AnyEffect],
) -> CovariateModel:
    """The covariate model; covariates that no effect uses are left out.

    Raises
    ------
    ValueError
        Naming the key at fault, when the tables do not fit each other.
    """
    order = _ordered(derived, data)
    used: set[str] = set()
    built = []
    for n, effect in enumerate(effects, start=1):
        name = effect.covariate
        if name not in data and name not in derived:
            raise ValueError(
                f"effect[{n}].covariate: {name!r} is not defined; add [covariate.{name}] with "
                "unit and carry, or [derived.{name}]".replace("{name}", name)
            )
        if isinstance(effect, CategoryFormat) and name in derived:
            raise ValueError(f"effect[{n}].covariate: {name!r} is computed, so it has no codes")
        unit = data[name].unit if name in data else derived[name].unit
        built.append(_build_effect(effect, unit, f"effect[{n}]"))
        used.add(name)
    for name in reversed(order):
        if name in used:
            used.update(derived[name].product)
    return CovariateModel(
        inputs=tuple(
            _input(name, raw, _codes(name, raw, effects))
            for name, raw in data.items()
            if name in used
        ),
        derived=tuple(_build_derived(name, derived[name]) for name in order if name in used),
        effects=tuple(built),
    )


def _build_derived(name: str, raw: DerivedCovariate) -> Derived:
    return Derived(
        name=name,
        unit=raw.unit,
        product=tuple(raw.product.items()),
        scale=raw.scale,
        offset=raw.offset,
        low=raw.at_least if raw.at_least is not None else -np.inf,
        high=raw.at_most if raw.at_most is not None else np.inf,
    )
