"""The numbers of shared definitions, taken from the registry as a profile would."""

from __future__ import annotations

from openntz.definitions.antibodies import AntibodyLimits, Definition
from openntz.errors import EvidenceError
from openntz.evidence.registry import Fact, Registry

_DAYS = {"h": 1 / 24, "d": 1, "wk": 7}


def days(fact: Fact) -> float:
    """A time as days.

    Raises
    ------
    EvidenceError
        When its unit is no time.
    """
    if fact.unit not in _DAYS:
        raise EvidenceError(
            f"fact {fact.id!r} is in {fact.unit!r}.", remedy="Give it in h, d or wk."
        )
    return fact.number * _DAYS[fact.unit]


def numbers(fact: Fact) -> tuple[float, ...]:
    """The numbers of a fact that lists them with commas between.

    Raises
    ------
    EvidenceError
        When one of them is no number.
    """
    try:
        return tuple(float(part) for part in str(fact.value).split(","))
    except ValueError:
        raise EvidenceError(
            f"fact {fact.id!r} is {fact.value!r}.", remedy="Give numbers with commas between."
        ) from None


def antibody_limits(evidence: Registry) -> AntibodyLimits:
    """The numbers of the five definitions of persistent antibodies."""

    def whole(name: str) -> int:
        return round(days(evidence.fact(name)))

    return AntibodyLimits(
        threshold_ng_per_ml=evidence.fact("ada.threshold.affirm").number,
        eu_apart_days=whole("definition.antibodies.eu.apart"),
        us_apart_days=whole("definition.antibodies.us.apart"),
        affirm_apart_days=whole("ada.affirm.separation"),
        shankar_apart_days=whole("definition.antibodies.adam.apart"),
        malaga_positives=round(evidence.fact("definition.antibodies.malaga.positives").number),
    )


# What trials reported by; the labels and others are shown beside it.
DEFINITION = Definition.AFFIRM
