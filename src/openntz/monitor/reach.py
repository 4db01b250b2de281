"""Which thresholds a rule may look up, read from its own code.

A rule asks its profile for keys by name, so the names stand in its functions and in those they
call. They are collected from the compiled code: what a rule can reach, whether or not it does
for a given person. A key put together from a fixed beginning counts with all that begin so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from functools import cache, lru_cache
from types import CodeType, FunctionType
from typing import Any, Final

from openntz.monitor.profile import PROFILES, load_profile
from openntz.monitor.rule import Rule
from openntz.monitor.rules.catalogue import RULES

_PACKAGE: Final = "openntz."
_JOINTS: Final = (".", "-")


def _constants(value: Any) -> Iterator[str]:
    """Texts in a constant, however it is nested."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, (tuple, list, Set)):
        for item in value:
            yield from _constants(item)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _constants(key)
            yield from _constants(item)


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


def _ours(thing: Any) -> bool:
    return str(getattr(thing, "__module__", "")).startswith(_PACKAGE)


def _functions(thing: Any) -> Iterator[FunctionType]:
    """The functions behind a thing of this package: itself, what it wraps, its methods."""
    thing = getattr(thing, "func", getattr(thing, "__wrapped__", thing))
    if not _ours(thing):
        return
    if isinstance(thing, FunctionType):
        yield thing
    elif isinstance(thing, type):
        for member in vars(thing).values():
            inner = getattr(member, "fget", getattr(member, "__func__", member))
            if isinstance(inner, FunctionType):
                yield inner


def _texts(start: tuple[Any, ...]) -> frozenset[str]:
    """Every text in the functions and in all that they name, of this package."""
    waiting = [f for thing in start for f in _functions(thing)]
    seen: set[FunctionType] = set()
    found: set[str] = set()
    while waiting:
        function = waiting.pop()
        if function in seen:
            continue
        seen.add(function)
        cells = [cell.cell_contents for cell in function.__closure__ or ()]
        named = [
            function.__globals__[name]
            for code in _codes(function.__code__)
            for name in code.co_names
            if name in function.__globals__
        ]
        for code in _codes(function.__code__):
            found.update(
                _constants(tuple(c for c in code.co_consts if isinstance(c, (str, tuple))))
            )
        for thing in (*cells, *named):
            found.update(_constants(thing))
            waiting += _functions(thing)
    return frozenset(found)


@cache
def keys_of(rule: Rule) -> frozenset[str]:
    """The thresholds and choices of any profile that a rule may look up."""
    profiles = [load_profile(name) for name in PROFILES]
    known = {key for p in profiles for key in (*p.use, *p.choose)}
    texts = _texts((rule.derive, rule.decide))
    parts = tuple(t for t in texts if len(t) > 2 and t.endswith(_JOINTS) and " " not in t)
    return frozenset(key for key in known if key in texts or (parts and key.startswith(parts)))


@lru_cache(maxsize=1)
def rules_by_fact() -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    """By fact, the rules that may look it up, each with the profiles under which it does."""
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for rule in RULES:
        for name in PROFILES:
            use = load_profile(name).use
            for fact in {use[key].id for key in keys_of(rule) if key in use}:
                under = found.setdefault(fact, {})
                under[rule.id] = (*under.get(rule.id, ()), name)
    return found
