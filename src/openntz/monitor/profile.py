"""Profiles: which fact decides which threshold, for a label, a study or a site."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from importlib import resources
from types import MappingProxyType
from typing import Any, Final

import tomli
from msgspec import Struct

from openntz.errors import ProfileError
from openntz.evidence.registry import Fact, Registry, registry

PROFILES: Final = ("eu", "us", "study")
_DAYS: Final = {"d": 1, "wk": 7}


# Asked for once per person and rule, and the same few texts each time.
@cache
def _terms(text: str) -> tuple[str, ...]:
    return tuple(t.strip() for t in text.split(",") if t.strip())


# One profile object is the same as itself alone: what is kept about two of them goes by that.
class Profile(Struct, frozen=True, eq=False):
    """A named set of thresholds; every one is a fact of the registry.

    ``use`` maps a threshold's key to a fact; ``choose`` maps a key to a named definition
    (for example which definition of 'persistent' counts).
    """

    id: str
    title: str
    use: Mapping[str, Fact]
    choose: Mapping[str, str]

    def fact(self, key: str) -> Fact:
        """The fact behind a threshold.

        Raises
        ------
        ProfileError
            When the profile does not define the key.
        """
        try:
            return self.use[key]
        except KeyError:
            raise ProfileError(
                f"profile {self.id!r} has no threshold {key!r}.", remedy="Add it to the profile."
            ) from None

    def number(self, key: str) -> float:
        """The threshold as a number."""
        return self.fact(key).number

    def days(self, key: str) -> int:
        """The threshold as whole days; weeks are converted, calendar months are not.

        Raises
        ------
        ProfileError
            When the fact is not in days or weeks.
        """
        fact = self.fact(key)
        factor = _DAYS.get(fact.unit)
        if factor is None:
            raise ProfileError(
                f"threshold {key!r} is in {fact.unit!r}.", remedy="Give it in d or wk."
            )
        return round(fact.number * factor)

    def words(self, key: str) -> tuple[str, ...]:
        """The terms of a fact that lists them with commas between."""
        return _terms(str(self.fact(key).value))

    def chosen(self, key: str) -> str:
        """The named definition this profile uses.

        Raises
        ------
        ProfileError
            When the profile does not choose one.
        """
        try:
            return self.choose[key]
        except KeyError:
            raise ProfileError(
                f"profile {self.id!r} does not choose {key!r}.", remedy="Add it to the profile."
            ) from None


@lru_cache(maxsize=8)
def _raw(name: str) -> Mapping[str, Any]:
    file = resources.files("openntz.monitor.profiles") / f"{name}.toml"
    return tomli.loads(file.read_text(encoding="utf-8"))


def _check_choices(
    decided: Mapping[str, str], offered: Mapping[str, Sequence[str]], site: str
) -> None:
    for key, value in decided.items():
        if key not in offered:
            raise ProfileError(
                f"there is nothing to choose under {key!r}.",
                where=site,
                remedy=f"Choices are {', '.join(sorted(offered))}.",
            )
        if value not in offered[key]:
            raise ProfileError(
                f"{value!r} is no choice for {key!r}.",
                where=site,
                remedy=f"Choose {', '.join(offered[key])}.",
            )


def load_profile(name: str, facts: Registry | None = None) -> Profile:
    """A shipped profile, resolved against a registry (with site decisions, if any).

    Raises
    ------
    ProfileError
        When there is no such profile, or the site file chooses what is not offered.
    EvidenceError
        When it names a fact that is not in the registry.
    """
    if name not in PROFILES:
        raise ProfileError(
            f"no profile {name!r}.", where="--profile", remedy=f"Choose {', '.join(PROFILES)}."
        )
    known = facts or registry()
    base, own = _raw("base"), _raw(name)
    use = {**base["use"], **own.get("use", {})}
    decided = {key: choice.value for key, choice in known.choices.items()}
    _check_choices(decided, base["choices"], known.site)
    return Profile(
        id=name,
        title=own["title"],
        use=MappingProxyType({key: known.fact(fact) for key, fact in use.items()}),
        choose=MappingProxyType({**base["choose"], **own.get("choose", {}), **decided}),
    )
