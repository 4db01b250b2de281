"""Which findings about one person are read before anything about a further dose."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from openntz.monitor.finding import Finding, Status
from openntz.monitor.rules.catalogue import gravity

# Findings to act on that forbid the next dose until they are settled, gravest first.
AGAINST_A_DOSE: Final = (
    "hypersensitivity.contraindicated",
    "pml.suspected",
    "infection.serious",
    "contraindication.condition",
    "liver.injury",
    "platelets.low",
    "combination.contraindicated",
    "eligibility.age",
    "restart.gate",
)
# Only to watch in somebody who expects no dose, and yet against one that is supposed.
_AGAINST_ANY_DOSE: Final = frozenset(
    {
        "hypersensitivity.contraindicated",
        "pml.suspected",
        "infection.serious",
        "contraindication.condition",
        "antibody.persistent",
        "antibody.before-re-exposure",
        "restart.gate",
    }
)
# Bears on what follows the last dose, not on a further one.
_WITHOUT_DOSE: Final = "stopping.no-successor"
# Tiers of `gravity` that bear on a dose: harm at hand, and the next dose.
_TIERS: Final = 2


def before_dose(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The open findings that forbid a further dose, then those that question it."""
    found = [
        f
        for f in findings
        if (f.status is Status.ACT and gravity(f.rule) < _TIERS and f.rule != _WITHOUT_DOSE)
        or (f.status is Status.WATCH and f.rule in _AGAINST_ANY_DOSE)
    ]
    return tuple(sorted(found, key=_place))


def _place(finding: Finding) -> tuple[bool, int, int]:
    """What forbids first, though in somebody off therapy it be only to watch."""
    forbids = finding.rule in AGAINST_A_DOSE
    return (not forbids, finding.status.urgency, gravity(finding.rule))


def forbids_dose(findings: Iterable[Finding]) -> bool:
    """Whether one of them stands against the next dose as such."""
    return any(f.status is Status.ACT and f.rule in AGAINST_A_DOSE for f in findings)
