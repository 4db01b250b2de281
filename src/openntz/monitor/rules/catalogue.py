"""All rules in the order a reader meets them."""

from __future__ import annotations

from typing import Final

from openntz.monitor.rule import Rule
from openntz.monitor.rules.antibodies import CONFIRM, PERSISTENT
from openntz.monitor.rules.candidate import CANDIDATE
from openntz.monitor.rules.eligibility import AGE, COMBINATION
from openntz.monitor.rules.hypersensitivity import HYPERSENSITIVITY
from openntz.monitor.rules.interval import LATE_DOSE
from openntz.monitor.rules.levels import IMPLAUSIBLE, LOW
from openntz.monitor.rules.lymphocytes import NO_RISE
from openntz.monitor.rules.observation import OBSERVATION
from openntz.monitor.rules.re_exposure import BEFORE_RE_EXPOSURE

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
)
