"""Each rule in words: what leads to each answer, with the thresholds of a profile."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from importlib import resources
from types import MappingProxyType
from typing import Final

import tomli

from openntz.evidence.registry import Fact
from openntz.monitor.finding import Status
from openntz.monitor.profile import Profile

KEY: Final = re.compile(r"\{([^{}]+)\}")

Words = tuple[tuple[Status, str], ...]


@lru_cache(maxsize=1)
def templates() -> Mapping[str, Mapping[str, str]]:
    """By rule and status, the words with the keys of thresholds in braces."""
    file = resources.files("openntz.monitor.rules") / "words.toml"
    return MappingProxyType(tomli.loads(file.read_text(encoding="utf-8")))


def rules_in_words(profile: Profile, show: Callable[[Fact], str]) -> Mapping[str, Words]:
    """What leads to each answer of each rule under a profile.

    Parameters
    ----------
    show : Callable[[Fact], str]
        How a fact's value is written, with its unit and the warning its rank asks for.
    """

    def filled(text: str) -> str:
        return KEY.sub(lambda found: show(profile.fact(found[1])), text)

    return {
        rule: tuple((status, filled(by[status])) for status in Status if status in by)
        for rule, by in templates().items()
    }
