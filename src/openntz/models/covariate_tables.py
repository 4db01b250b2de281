"""The tables of a card that define covariates and effects, made into its covariate model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from openntz.models.covariate_model import (
    Affine,
    CovariateEffect,
    CovariateInput,
    CovariateModel,
    Derived,
)
from openntz.models.numbers import UNITS, Number, quantity
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

# The covariate that a clinic's records hold.
_WEIGHT: Final = "weight"


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
