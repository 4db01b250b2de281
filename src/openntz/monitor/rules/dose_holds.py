"""Which rules hold a dose until they are settled, besides what forbids natalizumab as such."""

from __future__ import annotations

from openntz.monitor.finding import Status
from openntz.monitor.profile import Profile
from openntz.monitor.rule import Rule, Situation
from openntz.monitor.rules.conditions import CONDITION
from openntz.monitor.rules.eligibility import COMBINATION
from openntz.monitor.rules.forbidden import Forbidden
from openntz.monitor.rules.infection import INFECTION
from openntz.monitor.rules.laboratory import PLATELETS_LOW
from openntz.monitor.rules.liver import LIVER_INJURY
from openntz.monitor.rules.pml_suspected import SUSPECTED
from openntz.monitor.rules.restart_gate import GATE

# In somebody whose stop is only presumed these are to watch, and yet against a dose.
_ALSO_TO_WATCH = (SUSPECTED, CONDITION, INFECTION)
_HOLDING = (*_ALSO_TO_WATCH, LIVER_INJURY, PLATELETS_LOW, COMBINATION)
# Asked for before the next dose, so no longer interval is offered in the meantime; a dose that
# is late is not held back for them.
_FIRST = {
    GATE: (Status.ACT, Status.DUE, Status.UNKNOWN),
    LIVER_INJURY: (Status.DUE,),
    PLATELETS_LOW: (Status.DUE,),
}


def dose_holds(
    situation: Situation, profile: Profile, forbids: Forbidden | None
) -> tuple[Rule, ...]:
    """The rules that hold a dose, gravest first; not the one that ``forbids`` speaks for."""
    found = []
    for rule in _HOLDING:
        if forbids is not None and rule.id == forbids.rule:
            continue
        status = rule.decide(rule.derive(situation, profile), profile).status
        watched = rule in _ALSO_TO_WATCH and not situation.therapy.expects_dose
        if status is Status.ACT or (watched and status is Status.WATCH):
            found.append(rule)
    return tuple(found)


def interval_holds(
    situation: Situation, profile: Profile, forbids: Forbidden | None
) -> tuple[Rule, ...]:
    """The rules that hold a longer interval: those that hold a dose, then what comes before one.

    Those are a restart whose checks are not all done or known, and liver values or platelets that
    are to be repeated and explained before the next dose; blood tests due by routine are not.
    """
    first = (
        rule
        for rule, statuses in _FIRST.items()
        if rule.decide(rule.derive(situation, profile), profile).status in statuses
    )
    return (*dose_holds(situation, profile, forbids), *first)
