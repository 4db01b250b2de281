"""What was planned before the data were opened, and how far the run kept to it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Annotated

import tomli
from msgspec import Struct
from msgspec.structs import replace
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from openntz.errors import InputError
from openntz.evidence.registry import Fact, Registry, SiteDecision, near_misses
from openntz.reanalyse.catalogue import BY_NAME
from openntz.reanalyse.reactions import OBSERVATION_COST
from openntz.reanalyse.result import AnalysisResult

_Text = Annotated[str, Field(min_length=1, max_length=2000)]


class PlannedNumber(BaseModel):
    """Another value for a fact of the registry, with its reason."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    value: float | str
    reason: _Text


class Cost(BaseModel):
    """What an hour of observation costs; no price is built in."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    per_hour: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    source: _Text


class ProtocolFile(BaseModel):
    """The file as written."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    title: _Text
    who: _Text
    written: date
    as_of: date
    analyses: Annotated[list[str], Field(min_length=1)]
    numbers: dict[str, PlannedNumber] = Field(default_factory=dict)
    cost: Cost | None = None


class Protocol(Struct, frozen=True, kw_only=True):
    """A protocol with the SHA-256 of its file as it was read."""

    file: ProtocolFile
    path: Path
    digest: str


def read_protocol(path: Path) -> Protocol:
    """A protocol from its file.

    Raises
    ------
    InputError
        When the file cannot be read, is not TOML, or says what no protocol has.
    """
    try:
        raw = path.read_bytes()
        found = ProtocolFile.model_validate(tomli.loads(raw.decode("utf-8")))
    except OSError as error:
        raise InputError(
            f"the protocol cannot be read ({error.strerror}).",
            where=str(path),
            remedy="Check the path and the rights of the file.",
        ) from None
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise InputError(
            f"{place}: {first['msg']}.",
            where=str(path),
            remedy="A protocol has title, who, written, as_of, analyses and, where numbers "
            'change, [numbers."fact.id"] with value and reason.',
        ) from None
    except (tomli.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(
            f"the protocol is not TOML ({error}).", where=str(path), remedy="Mend that line."
        ) from None
    for name in found.analyses:
        if name not in BY_NAME:
            raise InputError(
                f"no analysis {name!r}.",
                where=f"{path}: analyses",
                remedy=f"Choose from {', '.join(BY_NAME)}.",
            )
    return Protocol(file=found, path=path, digest=hashlib.sha256(raw).hexdigest())


def with_numbers(evidence: Registry, protocol: Protocol) -> Registry:
    """The registry with the protocol's numbers.

    Raises
    ------
    InputError
        When there is no such fact, or its value is of another kind or sign.
    """
    planned = {}
    for name, number in protocol.file.numbers.items():
        where = f"{protocol.path}: numbers.{name}"
        if name not in evidence.facts:
            remedy = near_misses(name, evidence.facts)
            raise InputError(f"no fact {name!r}.", where=where, remedy=remedy)
        fact = evidence.facts[name]
        text = isinstance(fact.value, str)
        if isinstance(fact.value, bool) or text != isinstance(number.value, str):
            raise InputError(
                f"fact {name!r} is {fact.value!r}; {number.value!r} is another kind of value.",
                where=where,
                remedy=f"Give a value in {fact.unit or 'the same kind'}.",
            )
        if not isinstance(number.value, str) and not number.value >= 0:
            raise InputError(
                f"fact {name!r} cannot be {number.value!r}.", where=where, remedy="Give 0 or more."
            )
        decided = SiteDecision(
            who=f"the protocol: {number.reason}", when=protocol.file.written, replaces=fact.value
        )
        planned[name] = replace(fact, value=number.value, low=None, high=None, site=decided)
    cost = protocol.file.cost
    if cost is not None:
        planned[OBSERVATION_COST] = Fact(
            id=OBSERVATION_COST,
            value=cost.per_hour,
            unit=f"{cost.currency} per h",
            meaning="cost of an hour of observation",
            sources=(),
            rank="project default",
            note=cost.source,
            site=SiteDecision(who=f"the protocol: {cost.source}", when=protocol.file.written),
        )
    return Registry(
        evidence.sources,
        MappingProxyType({**evidence.facts, **planned}),
        site=evidence.site,
        choices=evidence.choices,
    )


def deviations(
    protocol: Protocol,
    asked: Sequence[str],
    as_of: date,
    results: Sequence[AnalysisResult],
    evidence: Registry,
) -> tuple[str, ...]:
    """Where the run did something else than was planned, one sentence each."""
    found = []
    planned, made = protocol.file.analyses, {r.name: r for r in results}
    found += [f"{name}: asked for, and not in the protocol." for name in asked
              if name not in planned]  # fmt: skip
    found += [f"{name}: in the protocol, and not asked for." for name in planned
              if name not in made]  # fmt: skip
    found += [
        f"{r.name}: in the protocol, and not made. {r.text}"
        for r in results
        if r.status == "skipped" and r.name in planned
    ]
    if as_of != protocol.file.as_of:
        found.append(f"data up to {as_of} instead of {protocol.file.as_of}.")
    used = dict.fromkeys(fact for r in results for fact in r.facts)
    for name in used:
        fact = evidence.fact(name)
        if fact.site is not None and fact.site.replaces is not None:
            if name in protocol.file.numbers:
                continue
            found.append(
                f"{name}: {fact.value} {fact.unit} by the site file instead of "
                f"{fact.site.replaces}, and not in the protocol."
            )
    return tuple(found)


def changed_numbers(protocol: Protocol, evidence: Registry) -> tuple[str, ...]:
    """Numbers the protocol itself changed, with reasons, one sentence each."""
    told = []
    for name, number in protocol.file.numbers.items():
        fact = evidence.fact(name)
        before = None if fact.site is None else fact.site.replaces
        told.append(f"{name}: {fact.value} {fact.unit} instead of {before}. {number.reason}")
    return tuple(told)
