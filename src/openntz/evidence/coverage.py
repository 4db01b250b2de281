"""Where each statement of the founding documents lives in the product, as a page.

Every row has a home, or something still to come, or a reason for being left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from importlib import resources
from typing import Any, Final, Literal, get_args

import tomli
from msgspec import Struct

from openntz.errors import EvidenceError
from openntz.evidence.registry import Registry, near_misses

FILE: Final = "coverage.toml"

RowType = Literal["R", "D", "S", "M", "N", "W", "Q"]
HomeKind = Literal["rule", "fact", "source", "conflict", "column", "command", "analysis", "file"]

TYPE_WORD: Final[Mapping[RowType, str]] = {
    "R": "rule",
    "D": "definition",
    "S": "statistic",
    "M": "mechanism",
    "N": "data",
    "W": "wish",
    "Q": "question",
}
_DOCUMENTS: Final[Mapping[str, str]] = {
    "S0": "Observation after the infusion, and the poster on antibodies and lymphocytes",
    "S1": "Trough concentrations",
    "S2": "Monitoring guide",
    "S3": "Wearing-off",
    "S4": "Withdrawal, rebound and restart: a case",
}
_KIND_WORD: Final[Mapping[HomeKind, str]] = {
    "rule": "Rule",
    "fact": "Fact",
    "source": "Source",
    "conflict": "Conflict",
    "column": "Column",
    "command": "Command",
    "analysis": "Analysis",
    "file": "File",
}
_INTRO: Final = """# The founding documents, row by row

Five documents founded this project. Each of their statements stands here in our own words with
where it lives in the product, or why it does not. `openntz evidence ID` shows a fact, a source or
a conflict; [rules](reference/rules.md) and [tables](reference/tables.md) describe rules and
columns; an analysis is one of `openntz reanalyse`. *Still to come* names the command that is to
bring the rest.

This page is made from `evidence/coverage.toml`; a test holds it to that file and every name in it
to the product."""


class Home(Struct, frozen=True, kw_only=True):
    """A place in the product by kind and name."""

    kind: HomeKind
    name: str


class Row(Struct, frozen=True, kw_only=True):
    """One statement: type, words, homes, what is still to come, why it or the rest is left out."""

    id: str
    type: RowType
    says: str
    home: tuple[Home, ...] = ()
    later: str = ""
    out: str = ""


def _home(name: str, text: str, known: Registry, where: str) -> Home:
    kind, _, target = text.partition(":")
    if kind not in get_args(HomeKind) or not target:
        raise EvidenceError(
            f"row {name}: {text!r} is no home.",
            where=where,
            remedy=f"Write kind:name; kinds are {', '.join(get_args(HomeKind))}.",
        )
    there = {"fact": known.facts, "source": known.sources}.get(kind)
    if there is not None and target not in there:
        raise EvidenceError(
            f"row {name} names the unknown {kind} {target!r}.",
            where=where,
            remedy=near_misses(target, there),
        )
    return Home(kind=kind, name=target)  # type: ignore[arg-type]


def _row(name: str, raw: Mapping[str, Any], known: Registry, where: str) -> Row:
    unknown = set(raw) - {"type", "says", "home", "later", "out"}
    if unknown or raw.get("type") not in get_args(RowType) or not raw.get("says"):
        raise EvidenceError(
            f"row {name} is malformed.",
            where=where,
            remedy="A row has type, says, and home, later or out.",
        )
    row = Row(
        id=name,
        type=raw["type"],
        says=raw["says"],
        home=tuple(_home(name, text, known, where) for text in raw.get("home", ())),
        later=raw.get("later", ""),
        out=raw.get("out", ""),
    )
    if not (row.home or row.later or row.out):
        raise EvidenceError(
            f"row {name} has neither a home nor a reason to be left out.",
            where=where,
            remedy="Give home, later or out.",
        )
    return row


def build_coverage(raw: Mapping[str, Any], known: Registry, where: str = FILE) -> tuple[Row, ...]:
    """Rows from parsed TOML in the order of the file.

    Raises
    ------
    EvidenceError
        When a row is malformed, names an unknown fact or source, or has no home and no reason.
    """
    return tuple(_row(name, entry, known, where) for name, entry in raw["rows"].items())


def coverage(known: Registry) -> tuple[Row, ...]:
    """The rows shipped with the package; see ``build_coverage``."""
    text = (resources.files("openntz.evidence") / FILE).read_text(encoding="utf-8")
    return build_coverage(tomli.loads(text), known)


def _target(home: Home) -> str:
    if home.kind == "command":
        return f"`openntz {home.name}`"
    if home.kind == "file":
        inside = home.name.startswith("docs/")
        link = home.name.removeprefix("docs/") if inside else f"../{home.name}"
        return f"[{home.name.removeprefix('src/openntz/')}]({link})"
    return home.name if home.kind == "conflict" else f"`{home.name}`"


def _many(word: str) -> str:
    return "Analyses" if word == "Analysis" else f"{word}s"


def _where(row: Row) -> str:
    parts = []
    for kind, word in _KIND_WORD.items():
        found = [_target(h) for h in row.home if h.kind == kind]
        if found:
            parts.append(f"{_many(word) if len(found) > 1 else word} {', '.join(found)}.")
    if row.later:
        command, _, what = row.later.partition(": ")
        parts.append(f"*Still to come:* `openntz {command}`, {what}.")
    if row.out:
        parts.append(f"{'The rest is out' if parts else 'Out'} of scope: {row.out}")
    return " ".join(parts)


def _tally(rows: Iterable[Row]) -> str:
    listed = list(rows)
    home = sum(bool(r.home) for r in listed)
    part = sum(bool(r.home) and bool(r.later) for r in listed)
    later = sum(bool(r.later) and not r.home for r in listed)
    out = sum(not r.home and not r.later for r in listed)
    waiting = f"{later} are still to come altogether; " if later else ""
    partly = f", {part} of them with a part still to come" if part else ""
    return f"{len(listed)} rows: {home} have a home{partly}; {waiting}{out} are out of scope."


def coverage_page(rows: tuple[Row, ...]) -> Iterator[str]:
    """The lines of ``docs/sources.md``."""
    yield from _INTRO.split("\n")
    yield ""
    yield _tally(rows)
    for document, title in _DOCUMENTS.items():
        yield from ("", f"## {document}: {title}", "")
        yield "| id | what it says | kind | where it lives |"
        yield "|---|---|---|---|"
        for row in rows:
            if row.id.startswith(f"{document}-"):
                yield f"| {row.id} | {row.says} | {TYPE_WORD[row.type]} | {_where(row)} |"
