"""Which rules hold a dose until they are settled, besides what forbids natalizumab as such."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from openntz.course.events import Ref
from openntz.monitor.finding import Status
from openntz.monitor.profile import Profile
from openntz.monitor.rule import Rule, Situation, Verdict
from openntz.monitor.rules.conditions import CONDITION
from openntz.monitor.rules.eligibility import COMBINATION
from openntz.monitor.rules.forbidden import Forbidden
from openntz.monitor.rules.infection import INFECTION
from openntz.monitor.rules.laboratory import PLATELETS_LOW
from openntz.monitor.rules.liver import LIVER_INJURY
from openntz.monitor.rules.pml_suspected import SUSPECTED
from openntz.monitor.rules.restart_gate import GATE

# In somebody whose stop is only presumed these are to watch, and yet against a dose.
_ALSO_TO_WATCH = (SUSPECTED, CONDITION, INFECTION, GATE)
_HOLDING = (SUSPECTED, CONDITION, INFECTION, LIVER_INJURY, PLATELETS_LOW, COMBINATION, GATE)
# What these call due is asked for before the next dose, so no longer interval is offered in the
# meantime; a dose that is late is not held back for it.
_FIRST = (GATE, LIVER_INJURY, PLATELETS_LOW)
HOLDS_SILENCE = tuple(dict.fromkeys(s for rule in (*_HOLDING, *_FIRST) for s in rule.silence))
"""Where rows that were set aside or lost leave it open whether anything holds a longer interval."""


class Hold(Struct, frozen=True):
    """A rule that holds a dose or a longer interval, and what it says."""

    rule: Rule
    verdict: Verdict

    @property
    def name(self) -> str:
        """'Title (rule)', as other rules name it."""
        return f"{self.rule.title} ({self.rule.id})"


class IntervalHolds(Struct, frozen=True):
    """What holds a longer interval.

    ``dose`` holds any dose, gravest first; ``interval`` only a longer interval, since a dose that
    is due is given; of ``unknown`` nobody can say for want of a table.
    """

    dose: tuple[Hold, ...] = ()
    interval: tuple[Hold, ...] = ()
    unknown: tuple[Hold, ...] = ()

    @property
    def refs(self) -> tuple[Ref, ...]:
        """The rows they rest on."""
        return tuple(
            ref for h in (*self.dose, *self.interval, *self.unknown) for ref in h.verdict.evidence
        )


def _asked(rule: Rule, situation: Situation, profile: Profile) -> Hold:
    return Hold(rule, rule.decide(rule.derive(situation, profile), profile))


def _holding(situation: Situation, profile: Profile, forbids: Forbidden | None) -> Iterator[Hold]:
    for rule in _HOLDING:
        if forbids is not None and rule.id == forbids.rule:
            continue
        asked = _asked(rule, situation, profile)
        status = asked.verdict.status
        watched = rule in _ALSO_TO_WATCH and not situation.therapy.expects_dose
        if status is Status.ACT or (watched and status is Status.WATCH):
            yield asked


def dose_holds(
    situation: Situation, profile: Profile, forbids: Forbidden | None
) -> tuple[Rule, ...]:
    """The rules that hold a dose, gravest first; not the one that ``forbids`` speaks for."""
    return tuple(h.rule for h in _holding(situation, profile, forbids))


def interval_holds(
    situation: Situation, profile: Profile, forbids: Forbidden | None
) -> IntervalHolds:
    """What holds a longer interval: what holds a dose, and what comes before the next one.

    The latter are a restart whose checks are not all done or known, and liver values or platelets
    that are to be repeated and explained before the next dose; blood tests due by routine are not.
    """
    gate, *others = (_asked(rule, situation, profile) for rule in _FIRST)
    return IntervalHolds(
        dose=tuple(_holding(situation, profile, forbids)),
        interval=tuple(h for h in (gate, *others) if h.verdict.status is Status.DUE),
        unknown=(gate,) if gate.verdict.status is Status.UNKNOWN else (),
    )
