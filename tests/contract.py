"""What others script against, typed here and not taken from the package."""

from __future__ import annotations

RULE_IDS = (
    "eligibility.age",
    "combination.contraindicated",
    "hypersensitivity.contraindicated",
    "observation.post-infusion",
    "antibody.no-lymphocyte-rise",
    "antibody.confirm",
    "antibody.persistent",
    "antibody.before-re-exposure",
    "level.implausible",
    "level.low",
    "interval.candidate",
    "interval.late-dose",
    "pml.stratum",
    "pml.mri-due",
    "pml.jcv-due",
    "stopping.rebound-window",
    "stopping.no-successor",
    "restart.active-disease",
    "pregnancy.plan",
    "pregnancy.newborn-count",
    "liver.injury",
    "platelets.low",
    "symptom.wearing-off",
    "laboratory.due",
    "review.due",
)
