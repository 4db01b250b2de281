"""The one parameter file of virtual people: value, unit, origin and uncertainty of each."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from functools import lru_cache
from importlib import resources
from types import MappingProxyType
from typing import Any, Final, Literal, get_args

import tomli
from msgspec import Struct

from openntz.errors import ModelError
from openntz.evidence.registry import near_misses, registry

Origin = Literal["published", "borrowed", "calibrated", "assumed"]

_NEEDED: Final = {"value", "unit", "meaning", "origin", "source"}
_OPTIONAL: Final = {"low", "high", "note"}
_SCALE: Final = MappingProxyType({"%": 0.01})


class Parameter(Struct, frozen=True, kw_only=True):
    """One number with its unit, where it comes from, and its plausible range."""

    name: str
    value: float
    unit: str
    meaning: str
    origin: Origin
    source: str
    low: float | None = None
    high: float | None = None
    note: str = ""


class Parameters(Mapping[str, float]):
    """Values by name; percentages are given as fractions, everything else in its own unit.

    Raises
    ------
    ModelError
        When asked for a name that is not in the file.
    """

    __slots__ = ("entries",)

    def __init__(self, entries: Mapping[str, Parameter]) -> None:
        self.entries: Final = entries

    def __getitem__(self, name: str) -> float:
        try:
            entry = self.entries[name]
        except KeyError:
            close = near_misses(name, self.entries).split("`")[0].strip()
            raise ModelError(
                f"no parameter {name!r}.",
                where="virtual people",
                remedy=close or "See mechanism/virtual/parameters.toml.",
            ) from None
        return entry.value * _SCALE.get(entry.unit, 1.0)

    def __iter__(self) -> Iterator[str]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    def replaced(self, values: Mapping[str, float]) -> Parameters:
        """The parameters with some values (in the unit of the file) put in place.

        Raises
        ------
        ModelError
            When a name is unknown, or a value is negative or not finite.
        """
        changed = dict(self.entries)
        for name, value in values.items():
            self[name]
            old = self.entries[name]
            changed[name] = _checked(
                Parameter(
                    name=name,
                    value=float(value),
                    unit=old.unit,
                    meaning=old.meaning,
                    origin=old.origin,
                    source=old.source,
                    low=old.low,
                    high=old.high,
                    note=old.note,
                ),
                "replaced",
            )
        return Parameters(MappingProxyType(changed))


def _checked(entry: Parameter, where: str) -> Parameter:
    place = f"{where}: parameter.{entry.name}"
    if not (math.isfinite(entry.value) and entry.value >= 0.0):
        raise ModelError(
            f"{entry.value!r} cannot be used.", where=place, remedy="Give a number of 0 or more."
        )
    if entry.origin not in get_args(Origin):
        raise ModelError(
            f"origin {entry.origin!r}.", where=place, remedy=f"Use {', '.join(get_args(Origin))}."
        )
    if entry.source not in registry().sources:
        raise ModelError(
            f"unknown source {entry.source!r}.", where=place, remedy="Add it to sources.toml."
        )
    if (entry.low is None) != (entry.high is None):
        raise ModelError("one bound only.", where=place, remedy="Give low and high, or neither.")
    return entry


def _entry(name: str, raw: Mapping[str, Any], where: str) -> Parameter:
    wrong = sorted((_NEEDED - set(raw)) | (set(raw) - _NEEDED - _OPTIONAL))
    if wrong:
        raise ModelError(
            f"the key {wrong[0]!r} is missing or unknown.",
            where=f"{where}: parameter.{name}",
            remedy=f"Keys are {', '.join(sorted(_NEEDED | _OPTIONAL))}.",
        )
    return _checked(Parameter(name=name, **raw), where)


def read_parameters(text: str, where: str) -> Parameters:
    """Parameters from TOML text.

    Raises
    ------
    ModelError
        When the text is not TOML, or an entry lacks a key, has an unknown one, or a number,
        origin or source that cannot be used.
    """
    try:
        raw = tomli.loads(text)
    except tomli.TOMLDecodeError as error:
        raise ModelError(f"not valid TOML: {error}.", where=where, remedy="Mend it.") from None
    entries = {name: _entry(name, one, where) for name, one in raw.get("parameter", {}).items()}
    return Parameters(MappingProxyType(entries))


@lru_cache(maxsize=1)
def shipped_parameters() -> Parameters:
    """The parameters shipped with the package, read and checked once per process.

    Raises
    ------
    ModelError
        As ``read_parameters``.
    """
    file = resources.files("openntz.mechanism.virtual") / "parameters.toml"
    return read_parameters(file.read_text(encoding="utf-8"), file.name)
