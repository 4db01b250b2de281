"""All rules in the order a reader meets them."""

from __future__ import annotations

from typing import Final

from openntz.monitor.rule import Rule
from openntz.monitor.rules.antibodies import CONFIRM, PERSISTENT
from openntz.monitor.rules.candidate import CANDIDATE
from openntz.monitor.rules.eligibility import AGE, COMBINATION
from openntz.monitor.rules.hypersensitivity import HYPERSENSITIVITY
from openntz.monitor.rules.interval import LATE_DOSE
from openntz.monitor.rules.laboratory import LABORATORY_DUE, PLATELETS_LOW
from openntz.monitor.rules.levels import IMPLAUSIBLE, LOW
from openntz.monitor.rules.liver import LIVER_INJURY
from openntz.monitor.rules.lymphocytes import NO_RISE
from openntz.monitor.rules.newborn import NEWBORN_COUNT
from openntz.monitor.rules.observation import OBSERVATION
from openntz.monitor.rules.pml import STRATUM
from openntz.monitor.rules.pml_checks import JCV_DUE, MRI_DUE
from openntz.monitor.rules.pregnancy import PLAN
from openntz.monitor.rules.re_exposure import BEFORE_RE_EXPOSURE
from openntz.monitor.rules.restart import ACTIVE_DISEASE
from openntz.monitor.rules.review import REVIEW_DUE
from openntz.monitor.rules.stopping import NO_SUCCESSOR, REBOUND_WINDOW
from openntz.monitor.rules.symptoms import WEARING_OFF

RULES: Final[tuple[Rule, ...]] = (
    AGE,
    COMBINATION,
    HYPERSENSITIVITY,
    OBSERVATION,
    NO_RISE,
    CONFIRM,
    PERSISTENT,
    BEFORE_RE_EXPOSURE,
    IMPLAUSIBLE,
    LOW,
    CANDIDATE,
    LATE_DOSE,
    STRATUM,
    MRI_DUE,
    JCV_DUE,
    REBOUND_WINDOW,
    NO_SUCCESSOR,
    ACTIVE_DISEASE,
    PLAN,
    NEWBORN_COUNT,
    LIVER_INJURY,
    PLATELETS_LOW,
    WEARING_OFF,
    LABORATORY_DUE,
    REVIEW_DUE,
)
