"""What a rule consulted in a profile, so that profiles which agree on it need not be asked.

A rule is a function of the situation and of what it looks up in the profile. Where another
profile holds the same facts under every key it looked up, its answer is the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Final, TypeVar

from msgspec import Struct, field

from openntz.evidence.registry import Fact
from openntz.forecast.result import PersonForecast
from openntz.monitor.profile import Profile
from openntz.monitor.rule import Situation

Value = TypeVar("Value")


class Watched(Mapping[str, Value]):
    """A mapping that notes every key it was asked for."""

    __slots__ = ("_held", "keys_seen")

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


def _unlike(one: Mapping[str, Value], other: Mapping[str, Value]) -> frozenset[str]:
    """The keys under which two mappings hold different things, or one holds nothing."""
    return frozenset(key for key in {*one, *other} if one.get(key) != other.get(key))


# Asked for every person and rule, of the same few profiles.
@lru_cache(maxsize=64)
def _differing(one: Profile, other: Profile) -> tuple[frozenset[str], frozenset[str]]:
    """The thresholds and the choices in which two profiles differ."""
    return _unlike(one.use, other.use), _unlike(one.choose, other.choose)


# The field itself, which a property of the same name hides in a watched situation.
_FORECAST: Final[Any] = vars(Situation)["forecast"]


class WatchedSituation(Situation, frozen=True, kw_only=True):
    """A situation that notes whether it was asked for the forecast."""

    _asked: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, situation: Situation, profiles: Mapping[str, Profile]) -> WatchedSituation:
        """The same situation, watched, with the profiles a rule may compare its own with."""
        return cls(
            as_of=situation.as_of,
            course=situation.course,
            booked=situation.booked,
            therapy=situation.therapy,
            forecast=situation.forecast,
            incomplete=situation.incomplete,
            profiles=profiles,
        )

    # The field is there all the same, behind the property that stands before it.
    @property
    def forecast(self) -> PersonForecast:  # pyright: ignore[reportIncompatibleVariableOverride]
        """The forecast; asking for it is noted."""
        self._asked.add("forecast")
        return _FORECAST.__get__(self)

    @property
    def forecast_seen(self) -> bool:
        """Whether it was asked for."""
        return "forecast" in self._asked


class Consulted(Struct, frozen=True):
    """A situation and a profile to be handed to one rule, and what it looked up in them."""

    situation: WatchedSituation
    profile: Profile
    asked: Profile
    use: Watched[Fact]
    choose: Watched[str]
    profiles: Watched[Profile]

    @classmethod
    def of(cls, situation: Situation, profile: Profile) -> Consulted:
        """Watch a profile and the profiles a rule may compare it with."""
        use, choose = Watched(profile.use), Watched(profile.choose)
        profiles = Watched(situation.profiles)
        return cls(
            WatchedSituation.of(situation, profiles),
            Profile(profile.id, profile.title, use, choose),
            profile,
            use,
            choose,
            profiles,
        )

    def same_under(self, other: Profile) -> bool:
        """Whether the rule must answer the same under another profile.

        A rule that compares profiles sees another choice of them under each.
        """
        if self.profiles.keys_seen:
            return False
        use, choose = _differing(self.asked, other)
        return use.isdisjoint(self.use.keys_seen) and choose.isdisjoint(self.choose.keys_seen)
