"""Published results that simulations are held against, with tolerances set beforehand."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from types import MappingProxyType
from typing import Any, Final, Literal, get_args

import tomli
from msgspec import Struct

from openntz.errors import EvidenceError
from openntz.evidence.registry import Rank, Registry, registry

Relation = Literal["equal", "at least", "at most"]
Kind = Literal["proportion", "mean", "median", "rate", "ratio", "slope", "sd", "mode"]
Argument = str | float | int | list[int]

_TEXT: Final = ("what", "unit", "reason", "scenario", "readout", "source", "rank", "kind")
_NUMBERS: Final = ("value", "tolerance")
_OPTIONAL: Final = {"n", "sd", "low", "high", "relation", "args", "reread"} | {
    "counted",
    "not_counted_because",
}
_PER_CENT: Final = 100.0


class Published(Struct, frozen=True, kw_only=True):
    """One published result, and how a simulation is to speak to it.

    ``value``, ``low``, ``high``, ``sd`` and ``tolerance`` are in ``unit``; ``n`` is the number
    of people behind it. A result that is not ``counted`` is shown and neither passes nor fails.
    ``reread`` tells what about it was decided only after simulations had been seen.
    """

    id: str
    what: str
    value: float
    unit: str
    kind: Kind
    tolerance: float
    reason: str
    scenario: str
    readout: str
    args: Mapping[str, Argument]
    used_in_calibration: bool
    source: str
    rank: Rank
    n: int | None = None
    sd: float | None = None
    low: float | None = None
    high: float | None = None
    relation: Relation = "equal"
    counted: bool = True
    not_counted_because: str = ""
    reread: str = ""

    @property
    def foretold(self) -> bool:
        """Whether neither calibration nor its reading had seen a simulation of it."""
        return not self.used_in_calibration and not self.reread

    @property
    def study_error(self) -> float | None:
        """Standard error of the published figure, None where the paper does not tell.

        A proportion of none or of all has that of half a person.
        """
        if self.n is None:
            return None
        if self.kind == "proportion":
            half = 0.5 / self.n
            share = min(max(self.value / _PER_CENT, half), 1.0 - half)
            return _PER_CENT * math.sqrt(share * (1.0 - share) / self.n)
        if self.kind == "mean" and self.sd is not None:
            return self.sd / math.sqrt(self.n)
        return None

    def agrees(self, simulated: float) -> bool | None:
        """Whether a simulated figure is within the tolerance; None where it is not counted."""
        if not self.counted:
            return None
        off = simulated - self.value
        if self.relation == "at least":
            return off >= -self.tolerance
        if self.relation == "at most":
            return off <= self.tolerance
        return abs(off) <= self.tolerance


def _refuse(name: str, what: str, where: str, remedy: str) -> EvidenceError:
    return EvidenceError(f"published result {name!r} {what}.", where=where, remedy=remedy)


def _check_keys(name: str, raw: Mapping[str, Any], where: str) -> None:
    needed = {*_TEXT, *_NUMBERS, "used_in_calibration"}
    for key in sorted(needed - set(raw)):
        raise _refuse(name, f"has no {key!r}", where, "Add it.")
    for key in sorted(set(raw) - needed - _OPTIONAL):
        raise _refuse(name, f"has the unknown key {key!r}", where, "Remove it or mend its name.")
    for key in _TEXT:
        if not isinstance(raw[key], str) or not raw[key].strip():
            raise _refuse(name, f"has no text in {key!r}", where, "Say it in words.")
    for key in (*_NUMBERS, "sd", "low", "high", "n"):
        value = raw.get(key, 1.0)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise _refuse(name, f"has {value!r} in {key!r}", where, "Give a number.")
        if not math.isfinite(value):
            raise _refuse(name, f"has {value!r} in {key!r}", where, "Give a finite number.")


def _read(name: str, raw: Mapping[str, Any], where: str, known: Registry) -> Published:
    _check_keys(name, raw, where)
    choices = (("kind", get_args(Kind)), ("rank", get_args(Rank)), ("relation", get_args(Relation)))
    for key, allowed in choices:
        if raw.get(key, allowed[0]) not in allowed:
            raise _refuse(name, f"has {key} {raw[key]!r}", where, f"Choose {', '.join(allowed)}.")
    if raw["source"] not in known.sources:
        raise _refuse(name, f"names the unknown source {raw['source']!r}", where, "Add the source.")
    if raw["tolerance"] <= 0.0:
        raise _refuse(name, "has a tolerance that is not positive", where, "Give a positive one.")
    if not isinstance(raw.get("reread", ""), str):
        raise _refuse(name, f"has {raw['reread']!r} in 'reread'", where, "Say it in words.")
    counted = raw.get("counted", True)
    if counted == bool(raw.get("not_counted_because")):
        raise _refuse(name, "must say why it is not counted, if so", where, "Say it, or count it.")
    if counted and raw["rank"] == "unverified":
        raise _refuse(name, "is unverified and counted", where, "Verify it, or do not count it.")
    fields: dict[str, Any] = dict(raw)
    fields["args"] = MappingProxyType(dict(raw.get("args", {})))
    return Published(id=name, **fields)


def read_published(text: str, known: Registry, where: str) -> tuple[Published, ...]:
    """Published results from TOML text, in file order.

    Raises
    ------
    EvidenceError
        When the text is not TOML; an entry lacks a key, has an unknown one, a number that
        cannot be used, an unknown source, or is not counted without a reason.
    """
    try:
        raw = tomli.loads(text)
    except tomli.TOMLDecodeError as error:
        raise EvidenceError(
            f"not valid TOML: {error}.", where=where, remedy="Mend the syntax."
        ) from None
    entries = raw.get("published", {})
    return tuple(_read(name, entry, where, known) for name, entry in entries.items())


@lru_cache(maxsize=1)
def published() -> tuple[Published, ...]:
    """The published results shipped with the package, read and checked once per process.

    Raises
    ------
    EvidenceError
        As ``read_published``.
    """
    file = resources.files("openntz.evidence") / "published.toml"
    return read_published(file.read_text(encoding="utf-8"), registry(), file.name)
