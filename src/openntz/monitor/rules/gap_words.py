"""What a dose on some day would cross of the four limits on gaps, in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from types import MappingProxyType
from typing import Final

from openntz.definitions.gap_limits import (
    Crossing,
    GapLimit,
    GapLimits,
    crossed,
    gap_crossings,
    next_crossing,
)
from openntz.definitions.therapy import Therapy
from openntz.monitor.profile import Profile
from openntz.monitor.rule import days_text
from openntz.monitor.rules.standing import joined, months_text

LIMIT_KEYS: Final[Mapping[GapLimit, tuple[str, ...]]] = MappingProxyType(
    {
        GapLimit.DELAY: ("late-dose.act-after",),
        GapLimit.RE_EXPOSURE: ("re-exposure.doses", "re-exposure.gap"),
        GapLimit.RECOUNT: ("observation.recount-gap",),
    }
)


def gap_limits(profile: Profile, planned_days: int) -> GapLimits:
    """The numbers of the four limits under a profile, for an interval in days."""
    return GapLimits(
        planned_days=planned_days,
        delay_days=profile.days("late-dose.act-after"),
        short_doses=round(profile.number("re-exposure.doses")),
        re_exposure_days=profile.days("re-exposure.gap"),
        recount_days=profile.days("observation.recount-gap"),
    )


def _by(profile: Profile, key: str, who: str) -> str:
    """Whose limit it is, with the warning its rank asks for: '(EU label, unverified)'.

    A number a site has set is the site's, and no longer the source's.
    """
    fact = profile.fact(key)
    mark = fact.shown.partition(" (")[2].rstrip(")")
    if fact.site is not None and fact.site.replaces is not None:
        return f"({mark})"
    return f"({who}, {mark})" if mark else f"({who})"


def _delay(profile: Profile) -> str:
    key = "late-dose.act-after"
    return (
        f"{days_text(profile.days(key))}, up to which a delay is called fine "
        f"{_by(profile, key, 'founding case report')}"
    )


def _re_exposure(profile: Profile) -> str:
    key = "re-exposure.gap"
    return (
        f"{months_text(profile.days(key), profile)} after no more than "
        f"{profile.number('re-exposure.doses'):g} doses, from which antibodies are tested first "
        f"{_by(profile, key, 'labels')}"
    )


def _recount(profile: Profile) -> str:
    key = "observation.recount-gap"
    return (
        f"{months_text(profile.days(key), profile)}, from which the doses to be observed count "
        f"anew {_by(profile, key, 'EU label')}"
    )


_WORDS: Final[Mapping[GapLimit, Callable[[Profile], str]]] = MappingProxyType(
    {
        GapLimit.DELAY: _delay,
        GapLimit.RE_EXPOSURE: _re_exposure,
        GapLimit.RECOUNT: _recount,
    }
)


def _told(crossings: tuple[Crossing, ...]) -> tuple[Crossing, ...]:
    """The limits besides the planned date, of which the rule speaks anyway."""
    return tuple(c for c in crossings if c.limit in _WORDS)


def limits_of(therapy: Therapy, profile: Profile) -> tuple[Crossing, ...]:
    """The limits a gap after this person's last dose can cross, the planned date left out."""
    limits = gap_limits(profile, therapy.interval_days)
    return _told(gap_crossings(limits, len(therapy.doses)))


def earliest_limit(profile: Profile) -> int:
    """The first day after any dose on which a gap may cross one of these limits."""
    keys = ("re-exposure.gap", "observation.recount-gap")
    return min(profile.days("late-dose.act-after") + 1, *(profile.days(key) for key in keys))


def crossing_keys(found: tuple[Crossing, ...]) -> tuple[str, ...]:
    """Thresholds behind limits."""
    return tuple(key for c in found for key in LIMIT_KEYS[c.limit])


def dose_crosses(therapy: Therapy, on: date, profile: Profile) -> tuple[str, tuple[str, ...]]:
    """What a dose on a day would cross, and what it would cross next; with the thresholds.

    Empty where no dose was given yet.
    """
    last = therapy.last_dose
    if last is None:
        return "", ()
    limits, days = limits_of(therapy, profile), (on - last.day).days
    passed, ahead = crossed(limits, days), next_crossing(limits, days)
    when = "today" if on == therapy.as_of else f"on {on}"
    over = "; ".join(_WORDS[c.limit](profile) for c in passed)
    said = f"A dose {when} comes after {days_text(days)}: past {over}." if passed else ""
    after = ""
    if ahead is not None:
        first = last.day + timedelta(days=ahead.from_day)
        after = f"The next limit, from {first}: {_WORDS[ahead.limit](profile)}."
    found = (*passed, *((ahead,) if ahead is not None else ()))
    return joined(said, after), crossing_keys(found)
