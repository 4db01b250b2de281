"""When the effect of natalizumab is gone, in the words of the sources."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Final

from openntz.definitions.effect_window import EffectWindow, Sign, effect_window
from openntz.evidence.registry import Fact
from openntz.forecast.outlook import DAYS_A_WEEK
from openntz.monitor.profile import Profile

# Threshold of each sign, what its source looked at, and who.
SIGNS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "effect.relapses": ("first relapses", "RESTORE"),
        "effect.mri": ("first MRI activity", "RESTORE"),
        "effect.label": ("effect on lymphocytes over", "EU label"),
        "effect.trafficking": ("cells back in the brain", "founding case report"),
        "effect.counts": ("blood counts back", "US text"),
    }
)
_UNIT: Final[Mapping[str, str]] = MappingProxyType({"wk": "weeks", "mo": "months", "d": "days"})


def _days(fact: Fact, profile: Profile) -> tuple[int, int]:
    """A time or range in days; months by the calendar's mean."""
    factor = {"d": 1, "wk": DAYS_A_WEEK, "mo": profile.number("calendar.month")}[fact.unit]
    low = fact.low if fact.low is not None else fact.number
    high = fact.high if fact.high is not None else fact.number
    return round(low * factor), round(high * factor)


def effect_after(last_dose: date, profile: Profile) -> EffectWindow:
    """The window over which the effect goes after a last dose, by the profile's facts."""
    signs = [Sign(key, *_days(profile.fact(key), profile)) for key in SIGNS]
    return effect_window(signs, last_dose)


def _told(key: str, profile: Profile) -> str:
    """'first relapses at 4 to 8 weeks (RESTORE)', with the warning the rank asks for."""
    fact = profile.fact(key)
    time, _, mark = fact.shown.partition(" (")
    what, who = SIGNS[key]
    unit = _UNIT[fact.unit]
    said = f"{what} at {time.removesuffix(f' {fact.unit}')} {unit}"
    return f"{said} ({who}, {mark.rstrip(')')})" if mark else f"{said} ({who})"


def effect_text(last_dose: date, profile: Profile) -> str:
    """The window and each sign with its time and source, as one sentence."""
    found = effect_after(last_dose, profile)
    told = ", ".join(_told(s.key, profile) for s in found.signs)
    return f"The effect goes over a window, not on a day, {found.opens} to {found.closes}: {told}."
