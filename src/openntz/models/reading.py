"""Reads a card file: bytes to checked data, with errors that name file, key and remedy."""

from __future__ import annotations

import difflib
import hashlib
import re
from importlib import resources
from pathlib import Path
from typing import Any, Final, TypeVar, get_args

import tomli
from msgspec import Struct
from pydantic import BaseModel, ValidationError

from openntz.errors import ModelError
from openntz.evidence.registry import Rank, registry
from openntz.models.fault import Fault
from openntz.models.numbers import Origins
from openntz.models.syntax import digit_faults, syntax_fault
from openntz.models.translate import faults_of, shown

# A card is a page of text; anything larger is not one.
_MOST_BYTES: Final = 1_000_000
SHORT_HASH: Final = 12
_ID: Final = re.compile(r"[a-z0-9_]+")
# Faults a reader takes in at once; the others are counted.
_MOST_FAULTS: Final = 8

Format = TypeVar("Format", bound=BaseModel)


class CardFile(Struct, frozen=True):
    """Where a card was read, its raw bytes' SHA-256 and its tables."""

    where: str
    hash: str
    tables: dict[str, Any]


def shipped(prefix: str = "") -> tuple[str, ...]:
    """Ids of the cards that come with the package, sorted."""
    folder = resources.files("openntz.models").joinpath("cards")
    names = (entry.name for entry in folder.iterdir())
    return tuple(
        sorted(
            name.removesuffix(".toml")
            for name in names
            if name.endswith(".toml") and name.startswith(prefix)
        )
    )


def _bytes_of(id_or_path: str | Path) -> tuple[str, bytes]:
    name = str(id_or_path)
    if isinstance(id_or_path, str) and _ID.fullmatch(name):
        if name in shipped():
            entry = resources.files("openntz.models").joinpath("cards", f"{name}.toml")
            return entry.name, entry.read_bytes()
        near = difflib.get_close_matches(name, shipped())
        hint = f"Did you mean {near[0]}? " if near else ""
        raise ModelError(
            f"no card {name!r}.",
            remedy=f"{hint}Shipped cards: {', '.join(shipped())}; or give the path of a file.",
        )
    try:
        with Path(id_or_path).open("rb") as file:
            return name, file.read(_MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise ModelError(
            f"the card cannot be read ({reason}).", where=name, remedy="Check the path."
        ) from None


def read_card_file(id_or_path: str | Path) -> CardFile:
    """The tables of a shipped card (by id) or of a file (by path).

    Raises
    ------
    ModelError
        When there is no such card, or the file is not TOML in UTF-8 of sane size.
    """
    where, raw = _bytes_of(id_or_path)
    if len(raw) > _MOST_BYTES:
        raise ModelError("too large for a card.", where=where, remedy="Give a model card.")
    text = ""
    try:
        text = raw.decode("utf-8")
        tables = tomli.loads(text)
    except (ValueError, RecursionError) as error:
        raise _refused(where, (syntax_fault(error, text),)) from None
    return CardFile(where, hashlib.sha256(raw).hexdigest(), tables)


def _origins(file: CardFile) -> Origins:
    """Known sources and the card's own, read leniently: the schema finds the faults after."""
    known = registry().sources
    own = [s.get("id") for s in _tables(file.tables.get("sources"))]
    for n, name in enumerate(own, start=1):
        if isinstance(name, str) and (name in known or own.index(name) < n - 1):
            where = "the registry" if name in known else "this card"
            raise ModelError(
                f"source {name!r} is in {where} already.",
                where=f"{file.where}: sources[{n}].id",
                remedy="Use another id, or drop the entry and cite the known source.",
            )
    source, rank = file.tables.get("source"), file.tables.get("rank")
    known_here = frozenset(known) | {name for name in own if isinstance(name, str)}
    faulty = set()
    if rank is not None and (rank not in get_args(Rank) or rank == "unverified"):
        faulty.add("rank")
    given = source if isinstance(source, list) else [source]
    names = [name for name in given if isinstance(name, str) and name in known_here]
    if len(names) < len(given):
        faulty.add("source")
    return Origins(
        known=known_here,
        source=() if "source" in faulty else tuple(names),
        rank=None if "rank" in faulty else rank,
        faulty=frozenset(faulty),
    )


def _tables(raw: Any) -> list[dict[str, Any]]:
    return [item for item in raw if isinstance(item, dict)] if isinstance(raw, list) else []


def _refused(where: str, faults: tuple[Fault, ...]) -> ModelError:
    """The first fault as an error; the others, up to eight in all, listed behind its remedy."""
    first, *others = faults
    remedy = first.remedy
    if others:
        named = others[: _MOST_FAULTS - 1]
        unnamed = len(others) - len(named)
        remedy += f"\n{_counted(len(others))} in this card:"
        for n, fault in enumerate(named, start=2):
            key = f"{fault.key}: " if fault.key else ""
            remedy += f"\n{n}. {key}{fault.what}. {fault.remedy}"
        if unnamed:
            remedy += f"\nand {_counted(unnamed)}."
    return ModelError(
        f"{first.what}.", where=f"{where}: {first.key}" if first.key else where, remedy=remedy
    )


def _counted(n: int) -> str:
    return "1 more fault" if n == 1 else f"{n} more faults"


def parse(file: CardFile, schema: type[Format]) -> Format:
    """The tables as ``schema``.

    Raises
    ------
    ModelError
        Naming the keys at fault, misspelt ones first, each with its remedy.
    """
    too_long = digit_faults(file.tables)
    if too_long:
        raise _refused(file.where, tuple(too_long))
    try:
        return schema.model_validate(file.tables, context=_origins(file))
    except ValidationError as error:
        faults = faults_of(error, schema, file.tables)
    kinds = get_args(schema.model_fields["kind"].annotation)
    kind = file.tables.get("kind")
    if kind is not None and kind not in kinds:
        raise ModelError(
            f"a card of kind {shown(kind)}, and one of kind {kinds[0]!r} is needed.",
            where=f"{file.where}: kind",
            remedy="Choose another card.",
        )
    raise _refused(file.where, faults)
