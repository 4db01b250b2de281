"""The numbers a forecast runs on, read once from the registry."""

from __future__ import annotations

import math

from msgspec import Struct

from openntz.evidence.registry import Registry, registry
from openntz.forecast.assumptions import Priors
from openntz.forecast.causes import CauseSettings
from openntz.forecast.history import Assumed
from openntz.forecast.onset_prior import OnsetPrior
from openntz.forecast.outlook import OutlookSettings
from openntz.forecast.readouts import ReadoutName, ReadoutSettings


def _numbers(text: object) -> tuple[float, ...]:
    return tuple(float(word) for word in str(text).split())


class Settings(Struct, frozen=True, kw_only=True):
    """Defaults of a forecast; every field is a fact named in :meth:`from_registry`."""

    assumed: Assumed
    not_a_trough_hours: float
    antibody_factor: float
    antibody_log_sd: float
    weight_median_kg: float
    weight_cv_percent: float
    draws: int
    triage_draws: int
    low: float
    high: float
    unusual_low: float
    unusual_high: float
    impossible_factor: float
    pareto_k_limit: float
    r_hat_limit: float
    misfit_tail: float
    misfits_allowed: int
    recent_levels: int
    horizon_days: tuple[int, ...]
    below_horizon_days: int
    fall_step_days: float
    fall_step_late_days: float
    curve_before_days: int
    curve_after_days: int
    targets_ug_per_ml: tuple[float, ...]
    onset: OnsetPrior
    readout: ReadoutSettings
    assay_log_sd: float
    assay_bias_from: int
    uninformative_share: float
    outlook: OutlookSettings
    causes: CauseSettings

    # What is asked for beyond the defaults: other readings in the likelihood, wider priors.
    readouts: tuple[ReadoutName, ...] = ()
    flatten: float = 1.0

    @property
    def priors(self) -> Priors:
        """Assumptions of the unknowns that no card covers."""
        log_sd = math.sqrt(math.log1p((self.weight_cv_percent / 100) ** 2))
        return Priors(
            antibody_factor=self.antibody_factor,
            antibody_log_sd=self.antibody_log_sd,
            assay_log_sd=self.assay_log_sd,
            flatten=self.flatten,
            covariates={"weight": (self.weight_median_kg, log_sd)},
        )

    @classmethod
    def from_registry(cls, facts: Registry | None = None) -> Settings:
        """Settings from the shipped registry or one with a site's decisions.

        Raises
        ------
        EvidenceError
            When a fact is missing or is not a number.
        """
        known = facts or registry()

        def number(name: str) -> float:
            return known.fact(name).number

        return cls(
            assumed=Assumed(
                hour=number("forecast.unknown-time-of-day"),
                infusion_minutes=number("forecast.infusion-duration"),
            ),
            not_a_trough_hours=number("forecast.not-a-trough-after-end"),
            antibody_factor=number("pk.persistent-ada-clearance-factor"),
            antibody_log_sd=number("forecast.persistent-antibody-clearance-log-sd"),
            weight_median_kg=number("forecast.weight-unknown-median"),
            weight_cv_percent=number("forecast.weight-unknown-cv"),
            draws=round(number("forecast.draws")),
            triage_draws=round(number("forecast.triage-draws")),
            low=number("forecast.low-quantile"),
            high=number("forecast.high-quantile"),
            unusual_low=number("forecast.unusual-low-quantile"),
            unusual_high=number("forecast.unusual-high-quantile"),
            impossible_factor=number("forecast.impossible-factor"),
            pareto_k_limit=number("forecast.pareto-k-limit"),
            r_hat_limit=number("forecast.r-hat-limit"),
            misfit_tail=number("forecast.misfit-tail"),
            misfits_allowed=round(number("forecast.misfits-allowed")),
            recent_levels=round(number("forecast.recent-levels")),
            horizon_days=tuple(
                round(d) for d in _numbers(known.fact("forecast.horizon-days").value)
            ),
            below_horizon_days=round(number("forecast.below-horizon")),
            fall_step_days=number("forecast.fall-step"),
            fall_step_late_days=number("forecast.fall-step-late"),
            curve_before_days=round(number("forecast.curve-before")),
            curve_after_days=round(number("forecast.curve-after")),
            targets_ug_per_ml=_numbers(known.fact("forecast.targets").value),
            outlook=OutlookSettings.from_registry(known),
            onset=OnsetPrior.from_registry(known),
            readout=ReadoutSettings.from_registry(known),
            assay_log_sd=number("forecast.assay-bias-log-sd"),
            assay_bias_from=round(number("forecast.assay-bias-from")),
            uninformative_share=number("forecast.uninformative-share"),
            causes=CauseSettings.from_registry(known),
        )
