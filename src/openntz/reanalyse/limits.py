"""The numbers of shared definitions, taken from the registry as a profile would."""

from __future__ import annotations

from openntz.definitions.antibodies import AntibodyLimits, Definition
from openntz.definitions.edss_worsening import WorseningRule
from openntz.definitions.neda import NedaLimits
from openntz.definitions.rebound import ReboundLimits
from openntz.definitions.therapy import TherapyLimits
from openntz.definitions.treatments import TreatmentNames
from openntz.errors import EvidenceError
from openntz.evidence.registry import Fact, Registry

_DAYS = {"h": 1 / 24, "d": 1, "wk": 7}

# Conventions of EDSS worsening that differ at 5.5; both are always told.
CONVENTIONS = ("msprog", "msoutcomes")


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


def neda_limits(evidence: Registry) -> NedaLimits:
    """NEDA with both conventions of EDSS worsening, confirmed after 12 weeks."""

    def number(name: str) -> float:
        return evidence.fact(name).number

    def whole(name: str) -> int:
        return round(days(evidence.fact(name)))

    return NedaLimits(
        baseline=whole("neda.baseline"),
        relapse_apart=whole("relapse.apart"),
        volume_loss_percent=number("neda.volume-loss"),
        conventions={
            name: WorseningRule(
                from_zero=number("edss.rise.from-zero"),
                middle=number("edss.rise.middle"),
                high=number("edss.rise.high"),
                high_from=number(f"edss.high-from.{name}"),
                confirmed_after=whole("edss.confirmed-after.short"),
                apart_from_relapse=whole("edss.apart-from-relapse"),
            )
            for name in CONVENTIONS
        },
    )


def rebound_limits(evidence: Registry) -> ReboundLimits:
    """The numbers of the four definitions of rebound."""

    def number(name: str) -> float:
        return evidence.fact(name).number

    return ReboundLimits(
        before_days=round(days(evidence.fact("rebound.rate-before"))),
        follow_days=round(days(evidence.fact("rebound.follow-up"))),
        gueguen_lesions=number("rebound.gueguen-2014.gd"),
        ivmp_lesions=number("rebound.ivmp.gd"),
        next_drug_days=round(days(evidence.fact("rebound.ivmp.next-drug"))),
        edss_steps=round(number("rebound.edss-steps")),
    )


def therapy_limits(evidence: Registry) -> TherapyLimits:
    """Days that say whether somebody is on therapy."""

    def whole(name: str) -> int:
        return round(days(evidence.fact(name)))

    return TherapyLimits(
        label_interval=whole("dosing.label-interval"),
        presumed_stopped_from=whole("late-dose.presumed-stopped-from"),
        left_from=whole("late-dose.left-from"),
    )


def treatment_names(evidence: Registry) -> TreatmentNames:
    """Words that tell kinds of treatment apart."""

    def words(name: str) -> tuple[str, ...]:
        return tuple(w.strip() for w in str(evidence.fact(name).value).split(",") if w.strip())

    return TreatmentNames(
        dmt_kinds=words("treatment.dmt-kinds"),
        immunosuppressant_kinds=words("treatment.immunosuppressant-kinds"),
        immunosuppressants=words("treatment.immunosuppressants"),
        natalizumab=words("combination.own-names"),
        harmless=words("combination.harmless-kinds"),
    )
