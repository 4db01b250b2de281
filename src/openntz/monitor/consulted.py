"""What a rule consulted in a profile, so that profiles which agree on it need not be asked.

A rule is a function of the situation and of what it looks up in the profile. Where another
profile holds the same facts under every key it looked up, its answer is the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from openntz.evidence.registry import Fact
from openntz.monitor.profile import Profile
from openntz.monitor.rule import Situation

Value = TypeVar("Value")


class Watched(Mapping[str, Value]):
    """A mapping that notes every key it was asked for."""

    def __init__(self, held: Mapping[str, Value]) -> None:
        self._held = held
        self.keys_seen: set[str] = set()

    def __getitem__(self, key: str) -> Value:
        self.keys_seen.add(key)
        return self._held[key]

    def __iter__(self) -> Iterator[str]:
        for key in self._held:
            self.keys_seen.add(key)
            yield key

    def __len__(self) -> int:
        # The number alone tells something of every key.
        self.keys_seen.update(self._held)
        return len(self._held)

    def shared_with(self, other: Mapping[str, Value]) -> bool:
        """Whether ``other`` holds the same under every key seen, or lacks it too."""
        return all(self._held.get(key) == other.get(key) for key in self.keys_seen)


@dataclass(frozen=True, slots=True)
class Consulted:
    """A situation and a profile to be handed to one rule, and what it looked up in them."""

    situation: Situation
    profile: Profile
    use: Watched[Fact] = field(repr=False)
    choose: Watched[str] = field(repr=False)
    profiles: Watched[Profile] = field(repr=False)

    @classmethod
    def of(cls, situation: Situation, profile: Profile) -> Consulted:
        """Watch a profile and the profiles a rule may compare it with."""
        use, choose = Watched(profile.use), Watched(profile.choose)
        profiles = Watched(situation.profiles)
        return cls(
            replace(situation, profiles=profiles),
            replace(profile, use=use, choose=choose),
            use,
            choose,
            profiles,
        )

    def same_under(self, other: Profile) -> bool:
        """Whether the rule must answer the same under another profile.

        A rule that compares profiles sees another choice of them under each.
        """
        return (
            not self.profiles.keys_seen
            and self.use.shared_with(other.use)
            and self.choose.shared_with(other.choose)
        )
