"""A level on treatment that antibodies may explain, and that asks for a test of them."""

from __future__ import annotations

from datetime import date
from typing import Final

from msgspec import Struct

from openntz.course.events import Ref
from openntz.definitions.results import below
from openntz.forecast.result import LevelVerdict
from openntz.monitor.profile import Profile
from openntz.monitor.rule import Situation
from openntz.monitor.rules.level_forecast import limit
from openntz.monitor.rules.level_implausible import IMPLAUSIBLE
from openntz.monitor.rules.level_low import LOW, low_facts
from openntz.monitor.rules.level_words import level_text

_KEY: Final = "level.due-below"
_USED: Final = frozenset({"fitted", "censored above"})


class LowLevel(Struct, frozen=True):
    """The level, the rule that speaks of it, and the threshold it passed."""

    what: str
    day: date
    ref: Ref
    rule: str
    keys: tuple[str, ...] = ()


def _too_low(verdict: LevelVerdict) -> bool:
    """Unusual or all but impossible, and not for being high: antibodies raise no level."""
    odd = verdict.unusual or verdict.misfit
    value, usual = verdict.value, verdict.predicted
    return odd and (value is None or usual is None or value < usual)


def low_level(situation: Situation, profile: Profile) -> LowLevel | None:
    """The latest level, where it is low for anybody or for this person's doses."""
    latest = low_facts(situation, profile).latest
    if latest is not None and below(latest, profile.number(_KEY)):
        number = level_text(latest.value, latest.censor, profile.number(_KEY))
        what = f"level {number} on {latest.day}, below {limit(profile, _KEY)}"
        return LowLevel(what, latest.day, latest.ref, LOW.id, (_KEY,))
    used = [v for v in situation.forecast.levels if v.use in _USED]
    last = max(used, key=lambda v: v.at, default=None)
    if last is None or not _too_low(last):
        return None
    day = last.at.date()
    what = f"level {level_text(last.value, last.censor)} on {day}, which the doses do not explain"
    rule = IMPLAUSIBLE.id if last.unusual else LOW.id
    return LowLevel(what, day, Ref("measurements", last.line), rule)
