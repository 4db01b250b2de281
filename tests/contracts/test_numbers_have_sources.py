"""A number that can reach a reader or a decision comes from a fact, a card or a profile.

Three things are held to this: the facts themselves, the model cards and profiles, and the
source of the rooms that decide (`monitor`, `definitions`, `forecast`), in which a bare number
needs an entry in `allowed_numbers.py` with a reason.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, get_args

import pytest
import tomli

import openntz
from openntz.evidence.registry import RANK_MEANING, Fact, Rank, Registry, registry
from tests.contracts.allowed_numbers import ARITHMETIC, IN_TEXT, ON_CARDS, SETTINGS

PACKAGE = Path(openntz.__file__).parent
ROOMS = ("monitor", "definitions", "forecast")
HARMLESS: Final = (-1, 0, 1, 2)

# ── facts


def _facts() -> list[Fact]:
    return list(registry().facts.values())


def _readings(fact: Fact) -> set[str]:
    return {registry().source(name).read for name in fact.sources}


def test_every_fact_has_source_unit_and_meaning() -> None:
    for fact in _facts():
        assert fact.rank in get_args(Rank), fact.id
        assert fact.sources or fact.rank == "project default", fact.id
        assert set(fact.sources) <= set(registry().sources), fact.id
        assert fact.meaning.strip(), fact.id
        if not isinstance(fact.value, (str, bool)):
            assert fact.unit.strip(), f"{fact.id}: give '1' when it has no unit"


def test_no_two_facts_mean_the_same() -> None:
    meanings: dict[str, str] = {}
    for fact in _facts():
        assert meanings.setdefault(fact.meaning, fact.id) == fact.id, fact.meaning


def test_every_number_is_finite_and_inside_its_bounds() -> None:
    for fact in _facts():
        for bound in (fact.low, fact.high):
            assert bound is None or math.isfinite(bound), fact.id
        if isinstance(fact.value, str):
            assert fact.value.strip(), fact.id
            continue
        assert math.isfinite(fact.value), fact.id
        assert fact.low is None or fact.low <= fact.value, fact.id
        assert fact.high is None or fact.value <= fact.high, fact.id


def test_a_range_in_words_is_its_bounds() -> None:
    for fact in _facts():
        if isinstance(fact.value, str) and fact.low is not None and fact.high is not None:
            assert fact.low < fact.high, fact.id
            assert fact.value == f"{fact.low:g} to {fact.high:g}", fact.id


@pytest.mark.parametrize("rank", get_args(Rank))
def test_every_rank_has_words(rank: str) -> None:
    assert RANK_MEANING[rank]


def test_no_fact_is_ranked_better_than_its_best_source_was_read() -> None:
    seen = {"full text", "excerpt", "abstract"}
    for fact in _facts():
        if fact.rank == "read":
            assert _readings(fact) & seen, f"{fact.id}: no source of it was read: rank 'copy'?"
        elif fact.rank == "copy":
            assert _readings(fact) & (seen | {"copy or secondary"}), fact.id
        elif fact.rank == "founding":
            kinds = {registry().source(name).kind for name in fact.sources}
            assert "founding" in kinds, fact.id
        elif fact.rank == "derived":
            assert "openntz" in fact.sources, f"{fact.id}: name 'openntz', which computed it"


def test_no_unverified_fact_lowers_vigilance() -> None:
    for fact in _facts():
        assert fact.verified or fact.vigilance != "less", fact.id


def test_unverified_facts_and_project_defaults_are_shown_as_such() -> None:
    for fact in _facts():
        assert ("(unverified)" in fact.shown) == (fact.rank == "unverified"), fact.id
        assert ("(project default)" in fact.shown) == (fact.rank == "project default"), fact.id


# ── model cards and profiles


def _origins(table: Mapping[str, Any]) -> tuple[str, ...]:
    origin = table.get("source", ())
    return (origin,) if isinstance(origin, str) else tuple(origin)


def _numbers_without_origin(
    table: Mapping[str, Any], known: Registry, path: str = "", covered: bool = False
) -> Iterator[str]:
    """Keys of numbers in a card that no table around them gives a source or rank for."""
    here = covered
    if path:  # what stands at the top of a card cites the card, not its numbers
        origin = _origins(table)
        yield from (
            f"{path}: unknown source {name!r}" for name in origin if name not in known.sources
        )
        rank = table.get("rank")
        if rank is not None and rank not in get_args(Rank):
            yield f"{path}: unknown rank {rank!r}"
        here = covered or bool(origin) or rank is not None
    for key, value in table.items():
        place = f"{path}.{key}" if path else key
        if isinstance(value, Mapping):
            yield from _numbers_without_origin(value, known, place, here)
        elif isinstance(value, list) and any(isinstance(item, Mapping) for item in value):
            for n, item in enumerate(value):
                yield from _numbers_without_origin(item, known, f"{place}[{n}]", here)
        elif (
            not here
            and place not in ON_CARDS
            and any(
                isinstance(item, (int, float)) and not isinstance(item, bool)
                for item in (value if isinstance(value, list) else [value])
            )
        ):
            yield place


def test_every_model_card_cites_its_source() -> None:
    for file in sorted((PACKAGE / "models").rglob("*.toml")):
        origins = _origins(tomli.loads(file.read_text("utf-8")))
        assert origins, file.name
        assert set(origins) <= set(registry().sources), file.name


def test_every_number_of_a_model_card_has_a_source_or_a_rank() -> None:
    faults = [
        f"{file.name}: {fault}"
        for file in sorted((PACKAGE / "models").rglob("*.toml"))
        for fault in _numbers_without_origin(tomli.loads(file.read_text("utf-8")), registry())
    ]
    assert not faults, "\n".join(faults)


CARD = """
source = "van-den-berg-2025"
[theta.cl]
value = 0.164
{origin}
[[domain]]
low = 18
rank = "project default"
"""


@pytest.mark.parametrize(
    ("origin", "faults"),
    [
        ("", ["theta.cl.value"]),
        ('source = "van-den-berg-2025"', []),
        ('rank = "read"', []),
        ('source = "nobody"', ["theta.cl: unknown source 'nobody'"]),
        ('rank = "seen"', ["theta.cl: unknown rank 'seen'"]),
        ("interval = [0.1, 0.2]", ["theta.cl.value", "theta.cl.interval"]),
    ],
)
def test_card_scan_finds_a_planted_fault(origin: str, faults: list[str]) -> None:
    card = tomli.loads(CARD.format(origin=origin))
    assert list(_numbers_without_origin(card, registry())) == faults


def _profile_faults(profile: Mapping[str, Any], known: Registry, path: str = "") -> Iterator[str]:
    """Numbers in a profile, and thresholds that are no fact of the registry."""
    for key, value in profile.items():
        place = f"{path}.{key}" if path else key
        if path == "choices" and isinstance(value, list) and all(type(v) is str for v in value):
            continue
        if isinstance(value, Mapping):
            yield from _profile_faults(value, known, place)
        elif isinstance(value, bool) or not isinstance(value, str):
            yield f"{place} = {value!r} is no fact id"
        elif path == "use" and value not in known.facts:
            yield f"{place} = {value!r} is no fact of the registry"


def test_every_threshold_of_a_profile_is_a_fact() -> None:
    files = sorted((PACKAGE / "monitor" / "profiles").glob("*.toml"))
    assert {f.stem for f in files} >= {"base", "eu", "us", "study"}
    faults = [
        f"{file.name}: {fault}"
        for file in files
        for fault in _profile_faults(tomli.loads(file.read_text("utf-8")), registry())
    ]
    assert not faults, "\n".join(faults)


def test_profile_scan_finds_a_planted_fault() -> None:
    planted = {"title": "x", "use": {"a": "pk.half-life", "b": "no.such", "c": 8}, "d": [1]}
    assert list(_profile_faults(planted, registry())) == [
        "use.b = 'no.such' is no fact of the registry",
        "use.c = 8 is no fact id",
        "d = [1] is no fact id",
    ]


# ── source of the rooms that decide


@dataclass(frozen=True)
class Literal:
    """A bare number, or the numbers in a text, and where they stand in the source.

    ``context`` is the function around it (``in_function``) or the constant it defines.
    """

    file: str
    context: str
    in_function: bool
    line: int
    value: float | str
    text: str = ""

    @property
    def allowance(self) -> tuple[Mapping[Any, str], tuple[Any, ...]]:
        """The list that may allow it, and its key there."""
        if isinstance(self.value, str):
            return IN_TEXT, (self.file, self.context, self.value)
        if self.in_function:
            return ARITHMETIC, (self.file, self.context, abs(self.value))
        return SETTINGS, (self.file, self.context)

    def __str__(self) -> str:
        what = f"{self.value} in {self.text!r}" if self.text else f"{self.value!r}"
        return f"{self.file}:{self.line} in {self.context}: {what}"


def _context(node: ast.AST, parents: Mapping[ast.AST, ast.AST]) -> tuple[str, bool]:
    """Name of the function around a node and True, or of the constant it defines and False."""
    names: list[str] = []
    assigned, in_function = "module", False
    while node in parents:
        node = parents[node]
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.append(node.name)
            in_function |= not isinstance(node, ast.ClassDef)
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            assigned = ast.unparse(target)
    parts = reversed(names) if in_function else [*reversed(names), assigned]
    return ".".join(parts), in_function


_YEAR = re.compile(r"\b(?:19|20)\d\d\b")  # of a citation
_SINGULAR = re.compile(r"1 [a-z]+")  # '1 day' beside '{n} days'
_ID = re.compile(r"\S*[a-z]\S*")  # one word: an id or part of one, an encoding
_NUMBER_IN_TEXT = re.compile(r"(?<![\w.*^])(?<![A-Z]-)\d+(?:[.,]\d+)?(?![\w*^]|\.\w)")


def _literals(file: str, text: str) -> Iterator[Literal]:
    """Bare numbers beyond HARMLESS, and texts (no docstrings) with a number of their own."""
    tree = ast.parse(text)
    parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or isinstance(node.value, bool):
            continue
        above = parents[node]
        if isinstance(node.value, (int, float)):
            minus = isinstance(above, ast.UnaryOp) and isinstance(above.op, ast.USub)
            value = -node.value if minus else node.value
            if value not in HARMLESS:
                yield Literal(file, *_context(node, parents), node.lineno, value)
        elif isinstance(node.value, str) and not isinstance(above, ast.Expr):
            numbers = _NUMBER_IN_TEXT.findall(_YEAR.sub("", node.value))
            if numbers and not (_SINGULAR.fullmatch(node.value) or _ID.fullmatch(node.value)):
                where = _context(node, parents)
                yield Literal(file, *where, node.lineno, " ".join(numbers), node.value)


def _all_literals() -> list[Literal]:
    files = [f for room in ROOMS for f in sorted((PACKAGE / room).rglob("*.py"))]
    assert len(files) > len(ROOMS)
    return [
        literal
        for file in files
        for literal in _literals(file.relative_to(PACKAGE).as_posix(), file.read_text("utf-8"))
    ]


def test_no_bare_number_in_the_rooms_that_decide() -> None:
    faults = []
    for literal in _all_literals():
        allowed, key = literal.allowance
        if key not in allowed:
            faults.append(str(literal))
    assert not faults, (
        "Bare numbers: give them as facts, or allow them with a reason.\n" + "\n".join(faults)
    )


def test_every_allowed_number_still_occurs() -> None:
    used = {key for _, key in (literal.allowance for literal in _all_literals())}
    stale = [key for rows in (ARITHMETIC, SETTINGS, IN_TEXT) for key in rows if key not in used]
    assert not stale


def test_every_allowance_has_a_reason() -> None:
    for rows in (ARITHMETIC, SETTINGS, IN_TEXT, ON_CARDS):
        for key, reason in rows.items():
            assert len(reason.split()) >= 3, key


PLANTED = '''
"""Docstring with 42 in it."""
LIMIT: Final = 8
SHARES = (0.5, 0.95)


class Rule:
    """Docstring, 17 too."""

    most: int = 12

    def late(self, days):
        """More than 56 days."""
        if days > 56 or days < -7:
            return (
                f"more than {days} days, beyond 8 weeks; see (Name 2011), T2, 10*9/L, NAP-30"
                "; 1,000 people, 0.5 ug/mL, a 12-week gap"
            )
        key = "pml.band.72-months"
        return "1 day" if days == 1 else days * 2 - 1 + 0
'''


def test_source_scan_finds_planted_numbers() -> None:
    found = [(x.context, x.in_function, x.value) for x in _literals("planted.py", PLANTED)]
    assert sorted(found, key=str) == sorted(
        [
            ("LIMIT", False, 8),
            ("SHARES", False, 0.5),
            ("SHARES", False, 0.95),
            ("Rule.most", False, 12),
            ("Rule.late", True, 56),
            ("Rule.late", True, -7),
            ("Rule.late", True, "8 1,000 0.5 12"),
        ],
        key=str,
    )
