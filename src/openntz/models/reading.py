"""Reads a card file: bytes to checked data, with errors that name file, key and remedy."""

from __future__ import annotations

import difflib
import hashlib
import re
import tomllib
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from openntz.errors import ModelError
from openntz.evidence.registry import registry
from openntz.models.numbers import Origins, sources_of

# A card is a page of text; anything larger is not one.
_MOST_BYTES: Final = 1_000_000
SHORT_HASH: Final = 12
_ID: Final = re.compile(r"[a-z0-9_]+")
_REMEDIES: Final = {
    "missing": "Add it.",
    "extra_forbidden": "Remove it, or check its spelling against a shipped card.",
    "finite_number": "Give a finite number.",
    "greater_than": "Give a positive number.",
    "greater_than_equal": "Give a larger number.",
    "less_than_equal": "Give a smaller number.",
    "literal_error": "Use one of these.",
}

Format = TypeVar("Format", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class CardFile:
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
    try:
        tables = tomllib.loads(raw.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ModelError(
            f"not valid TOML in UTF-8 ({error}).", where=where, remedy="Mend the syntax."
        ) from None
    return CardFile(where, hashlib.sha256(raw).hexdigest(), tables)


def _key(location: tuple[int | str, ...]) -> str:
    text = ""
    for part in location:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if text else part
    return text


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
    source = file.tables.get("source", ())
    if isinstance(source, list):
        source = [name for name in source if isinstance(name, str)]
    rank = file.tables.get("rank")
    return Origins(
        known=frozenset(known) | {name for name in own if isinstance(name, str)},
        source=sources_of(source) if isinstance(source, (str, list)) else (),
        rank=rank if isinstance(rank, str) else None,
    )


def _tables(raw: Any) -> list[dict[str, Any]]:
    return [item for item in raw if isinstance(item, dict)] if isinstance(raw, list) else []


def parse(file: CardFile, schema: type[Format]) -> Format:
    """The tables as ``schema``.

    Raises
    ------
    ModelError
        Naming the first key at fault, and how many others there are.
    """
    try:
        return schema.model_validate(file.tables, context=_origins(file))
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False)
    first = faults[0]
    if first["loc"] == ("kind",) and first["type"] == "literal_error":
        raise ModelError(
            f"a card of kind {file.tables['kind']!r}, and one of kind "
            f"{first['ctx']['expected']} is needed.",
            where=f"{file.where}: kind",
            remedy="Choose another card.",
        )
    what = first["msg"].removeprefix("Value error, ").rstrip(".")
    if len(faults) > 1:
        what += f" ({len(faults) - 1} more faults in this card)"
    key = _key(first["loc"])
    raise ModelError(
        f"{what}.",
        where=f"{file.where}: {key}" if key else file.where,
        remedy=_REMEDIES.get(first["type"], "Compare with a shipped card."),
    )
