"""The analysis datasets of courses, together."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from openntz.course.course import Course
from openntz.evidence.registry import Registry
from openntz.forecast.settings import Settings
from openntz.reanalyse.limits import antibody_limits, days
from openntz.records.adam.antibodies import adab
from openntz.records.adam.common import WEEK, Frame
from openntz.records.adam.events import PARAMETERS, adae, adtte, antibody_times
from openntz.records.adam.findings import adlb, adpc
from openntz.records.adam.ppk import adppk
from openntz.records.adam.subjects import adex, adsl
from openntz.records.datasets import Dataset
from openntz.records.problems import Problem


def adam_datasets(
    courses: Sequence[Course], evidence: Registry, as_of: date, study: str = "OPENNTZ"
) -> tuple[tuple[Dataset, ...], tuple[Problem, ...]]:
    """ADSL, ADEX, ADLB, ADPC, ADPPK, ADAB, ADAE and ADTTE, and what was assumed for ADPPK.

    Raises
    ------
    EvidenceError
        When a number of a definition is missing.
    """
    frame = Frame(study, as_of, round(days(evidence.fact("dosing.label-interval")) / WEEK))
    limits = antibody_limits(evidence)
    rise = evidence.fact("definition.antibodies.boosted.log10-rise").number
    ppk, assumed = adppk(courses, frame, Settings.from_registry(evidence).assumed)
    parameters = (*PARAMETERS, antibody_times(limits.threshold_ng_per_ml))
    return (
        adsl(courses, frame),
        adex(courses, frame),
        adlb(courses, frame),
        adpc(courses, frame),
        ppk,
        adab(courses, frame, limits, rise),
        adae(courses, frame),
        adtte(courses, frame, parameters),
    ), assumed
