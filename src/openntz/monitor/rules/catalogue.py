"""All rules in the order a reader meets them."""

from __future__ import annotations

from typing import Final

from openntz.monitor.rule import Rule
from openntz.monitor.rules.antibodies import CONFIRM, PERSISTENT
from openntz.monitor.rules.antibody_assay import ASSAY
from openntz.monitor.rules.antibody_schedule import TEST_DUE
from openntz.monitor.rules.benefit import BENEFIT
from openntz.monitor.rules.candidate import CANDIDATE
from openntz.monitor.rules.cell_response import RESPONSE
from openntz.monitor.rules.conditions import CONDITION
from openntz.monitor.rules.consent import RE_AUTHORISATION, RE_INFORM
from openntz.monitor.rules.counts_after_stopping import AFTER_STOPPING
from openntz.monitor.rules.eligibility import AGE, COMBINATION
from openntz.monitor.rules.follow_up_call import FOLLOW_UP_CALL
from openntz.monitor.rules.home import HOME
from openntz.monitor.rules.hypersensitivity import HYPERSENSITIVITY
from openntz.monitor.rules.indication import INDICATION
from openntz.monitor.rules.infection import BEFORE_DOSE, INFECTION
from openntz.monitor.rules.interval import LATE_DOSE
from openntz.monitor.rules.laboratory import LABORATORY_DUE, PLATELETS_LOW
from openntz.monitor.rules.lactation import LACTATION
from openntz.monitor.rules.level_implausible import IMPLAUSIBLE
from openntz.monitor.rules.level_low import LOW
from openntz.monitor.rules.liver import LIVER_INJURY
from openntz.monitor.rules.lymphocytes import NO_RISE
from openntz.monitor.rules.mood_gallstones import MOOD_GALLSTONES
from openntz.monitor.rules.neda import NEDA
from openntz.monitor.rules.neutrophils import CHANGE
from openntz.monitor.rules.newborn import NEWBORN_COUNT
from openntz.monitor.rules.newborn_vaccines import NEWBORN_VACCINES
from openntz.monitor.rules.observation import OBSERVATION
from openntz.monitor.rules.on_therapy import ON_THERAPY
from openntz.monitor.rules.pml import STRATUM
from openntz.monitor.rules.pml_baseline import AFTER_SWITCH, BASELINE_MRI
from openntz.monitor.rules.pml_checks import JCV_DUE, MRI_DUE
from openntz.monitor.rules.pml_suspected import SUSPECTED
from openntz.monitor.rules.pregnancy import PLAN
from openntz.monitor.rules.re_exposure import BEFORE_RE_EXPOSURE
from openntz.monitor.rules.reaction_grading import GRADING
from openntz.monitor.rules.rebound import REBOUND
from openntz.monitor.rules.record_of_doses import DOSE_RECORD
from openntz.monitor.rules.restart import ACTIVE_DISEASE
from openntz.monitor.rules.restart_gate import GATE
from openntz.monitor.rules.review import REVIEW_DUE
from openntz.monitor.rules.stop_plan import STOP_PLAN
from openntz.monitor.rules.stopping import REBOUND_WINDOW
from openntz.monitor.rules.successor import NO_SUCCESSOR
from openntz.monitor.rules.symptoms import WEARING_OFF
from openntz.monitor.rules.vaccination import LIVE_VACCINE
from openntz.monitor.rules.washout import WASHOUT

RULES: Final[tuple[Rule, ...]] = (
    INDICATION,
    AGE,
    CONDITION,
    COMBINATION,
    HYPERSENSITIVITY,
    OBSERVATION,
    FOLLOW_UP_CALL,
    GRADING,
    HOME,
    DOSE_RECORD,
    NO_RISE,
    RESPONSE,
    TEST_DUE,
    CONFIRM,
    PERSISTENT,
    BEFORE_RE_EXPOSURE,
    ASSAY,
    IMPLAUSIBLE,
    LOW,
    CANDIDATE,
    LATE_DOSE,
    INFECTION,
    BEFORE_DOSE,
    SUSPECTED,
    STRATUM,
    BASELINE_MRI,
    MRI_DUE,
    JCV_DUE,
    AFTER_SWITCH,
    STOP_PLAN,
    REBOUND_WINDOW,
    REBOUND,
    NO_SUCCESSOR,
    WASHOUT,
    ACTIVE_DISEASE,
    GATE,
    ON_THERAPY,
    NEDA,
    PLAN,
    NEWBORN_COUNT,
    NEWBORN_VACCINES,
    LACTATION,
    LIVE_VACCINE,
    LIVER_INJURY,
    PLATELETS_LOW,
    CHANGE,
    AFTER_STOPPING,
    WEARING_OFF,
    MOOD_GALLSTONES,
    LABORATORY_DUE,
    REVIEW_DUE,
    BENEFIT,
    RE_INFORM,
    RE_AUTHORISATION,
)

# Whose findings come first among equally urgent ones: harm at hand, then what bears on the next
# dose or on being without one, then all else (overdue checks). A judgment of this project.
_HARM_AT_HAND: Final = frozenset(
    {
        "hypersensitivity.contraindicated",
        "administration.home",
        "pml.suspected",
        "infection.serious",
        "contraindication.condition",
        "safety.mood-gallstones",
        "liver.injury",
        "platelets.low",
        "combination.contraindicated",
        "restart.active-disease",
        "stopping.rebound",
        "eligibility.age",
        "pregnancy.plan",
        "vaccination.live",
    }
)
_NEXT_DOSE: Final = frozenset(
    {
        "antibody.persistent",
        "antibody.before-re-exposure",
        "level.low",
        "interval.late-dose",
        "stopping.no-successor",
        "restart.gate",
    }
)


def gravity(rule: str) -> int:
    """Tier of a rule among findings of the same status: 0 comes first."""
    if rule in _HARM_AT_HAND:
        return 0
    return 1 if rule in _NEXT_DOSE else 2
