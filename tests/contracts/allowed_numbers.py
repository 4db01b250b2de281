"""Bare numbers that may stand in the rooms that decide, each with the reason.

They are arithmetic, settings of a numerical method, or how a picture is sampled: none says
anything about natalizumab or about a person. A threshold, default or published figure never
belongs here; it becomes a fact.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_HALF = "half in the normal density"
_WEEK = "days in a week"
_DIGITS = "where a printed number changes its digits, or stops short of certainty"
_PSIS = "constant of the published estimator of the Pareto shape"
_NUMERICAL = "setting of a numerical method; tests hold the result against an oracle"
_PROPOSAL = "setting of the importance proposal; the weights undo it"

# (file, function, number) -> reason
ARITHMETIC: Final[Mapping[tuple[str, str, float], str]] = {
    ("monitor/profile.py", "_raw", 8): "size of a cache of files",
    ("monitor/consulted.py", "_differing", 64): "size of a cache of pairs of profiles",
    ("monitor/rule.py", "days_text", 7): _WEEK,
    ("monitor/rule.py", "days_text", 14): "from two whole weeks on, days are written as weeks",
    ("monitor/rules/level_words.py", "chance_text", 100): "fraction to per cent",
    ("monitor/rules/cell_response.py", "predictive_text", 100): "fraction to per cent",
    ("definitions/statements.py", "statement", 8192): "size of a cache",
    ("definitions/amounts.py", "level", 0.1): _DIGITS,
    ("definitions/amounts.py", "level", 9.95): _DIGITS,
    ("definitions/amounts.py", "percent", 0.01): _DIGITS,
    ("definitions/amounts.py", "percent", 0.99): _DIGITS,
    ("definitions/amounts.py", "percent", 100): "fraction to per cent",
    ("definitions/amounts.py", "chance", 0.01): _DIGITS,
    ("definitions/amounts.py", "chance", 0.99): _DIGITS,
    ("forecast/domain.py", "domain_check", 7): _WEEK,
    ("forecast/cohort.py", "Cohort.penalty", 0.5): _HALF,
    ("forecast/cohort.py", "Cohort.log_prior", 0.5): _HALF,
    ("forecast/likelihood.py", "terms", 0.5): _HALF,
    ("forecast/likelihood.py", "_observed", 0.5): _HALF,
    ("forecast/mixture.py", "Mixture.local", 0.5): "mean of a matrix and its transpose",
    ("forecast/posterior.py", "_Pool.points", 0.5): "middle of a bracket",
    ("forecast/map_estimate.py", "curvature", 0.5): "mean of a matrix and its transpose",
    ("forecast/settings.py", "Settings.priors", 100): "per cent to fraction",
    ("forecast/pareto.py", "fit_generalised_pareto", 0.5): _PSIS,
    ("forecast/predict.py", "band", 0.5): "probability that defines the median",
    ("forecast/predict.py", "time_below", 0.5): "probability that defines the median",
    ("forecast/triage.py", "predictive_quantile", 10): "bracket of a root search",
    ("forecast/outlook.py", "OutlookSettings.from_registry", 100): "per cent to fraction",
    ("forecast/decide.py", "decide", 8): "size of a cache",
    ("forecast/outlook.py", "build_outlook", 0.5): "probability that defines the median",
    ("forecast/scenarios.py", "compute", 0.5): "probability that defines the median",
    ("forecast/onset.py", "laplace_evidence", 0.5): _HALF,
    ("forecast/onset_prior.py", "OnsetPrior.from_registry", 8): "the week in the fact's name",
    ("forecast/onset_prior.py", "OnsetPrior.from_registry", 12): "the week in the fact's name",
    ("forecast/readouts.py", "ReadoutSettings.from_registry", 100): "per cent to fraction",
    ("forecast/steady_interval.py", "summarise", 0.5): "probability that defines the median",
}

# (file, constant) -> reason; the constant may be tuned, so its number is not fixed here
SETTINGS: Final[Mapping[tuple[str, str], str]] = {
    ("monitor/profile.py", "_DAYS"): _WEEK,
    ("monitor/rules/notes.py", "_LONGEST_QUOTE"): "how much of a note is quoted",
    ("monitor/rules/notes.py", "_MOST_QUOTED"): "how many notes are quoted",
    ("forecast/chain.py", "ENSEMBLES"): _NUMERICAL,
    ("forecast/change.py", "_SURE"): _DIGITS,
    ("forecast/change.py", "_EVEN"): "more likely than not; the median",
    ("forecast/lone_level.py", "_EVEN"): "more probably wrong than right",
    ("forecast/onset.py", "_SCREEN"): _NUMERICAL,
    ("forecast/onset.py", "_SCREEN_TOLERANCE"): _NUMERICAL,
    ("forecast/onset.py", "_FEWEST_DRAWS"): _NUMERICAL,
    ("forecast/onset_prior.py", "_WEEK"): _WEEK,
    ("forecast/onset_prior.py", "_MONTH"): "mean length of a month in days",
    ("forecast/onset_prior.py", "_PERCENT"): "per cent to fraction",
    ("forecast/options.py", "_WIDEST"): "wider priors than this are a slip of the keyboard",
    ("forecast/drift.py", "_STATES"): _NUMERICAL,
    ("forecast/drift.py", "_BRACKET"): _NUMERICAL,
    ("forecast/drift.py", "FIRST"): "fewest errors with a mean and a spread before them",
    ("forecast/drift.py", "_FARTHEST"): "keeps a normal score finite",
    ("forecast/drift.py", "_LEAST_SPREAD"): "keeps a ratio finite",
    ("forecast/metrics.py", "_PER_CENT"): "fraction to per cent",
    ("forecast/metrics.py", "_POINTS"): _NUMERICAL,
    ("forecast/predictive.py", "_FAR"): "beyond double precision of a normal tail",
    ("forecast/scoreboard.py", "_FRACTION"): "per cent to fraction",
    ("forecast/virtual.py", "WEEK"): _WEEK,
    ("forecast/virtual.py", "_PER_CENT"): "per cent to fraction",
    ("forecast/virtual.py", "_MINUTES"): "minutes in a day",
    ("forecast/chain.py", "_WALKERS"): _NUMERICAL,
    ("forecast/chain.py", "_WARM_UP"): _NUMERICAL,
    ("forecast/chain.py", "_LEAST"): _NUMERICAL,
    ("forecast/chain.py", "_MOST"): _NUMERICAL,
    ("forecast/chain.py", "_R_HAT"): _NUMERICAL,
    ("forecast/chain.py", "_WORTH"): _NUMERICAL,
    ("forecast/chain.py", "_DIFFERENCE"): _NUMERICAL,
    ("forecast/chain.py", "_SCATTER"): _NUMERICAL,
    ("forecast/chain.py", "_LEAST_SPREAD"): _NUMERICAL,
    ("forecast/chain.py", "_TINY"): _NUMERICAL,
    ("forecast/chain.py", "_JITTER"): _NUMERICAL,
    ("forecast/chain.py", "_STRETCH_SHARE"): _NUMERICAL,
    ("forecast/chain.py", "_LEAP_SHARE"): _NUMERICAL,
    ("forecast/cause_variants.py", "_YEAR_DAYS"): "days in a year",
    ("forecast/cause_variants.py", "_MOST_EDGES"): "limit of a calculation; fewer levels are exact",
    ("forecast/cause_weights.py", "_MOMENTS"): "points over which a chance is spread evenly",
    ("forecast/cause_weights.py", "_PRIOR_SHARE"): _PROPOSAL,
    ("forecast/cause_weights.py", "_DAY_HOURS"): "hours in a day",
    ("forecast/causes.py", "_TINY"): "keeps a logarithm finite",
    ("forecast/cohort.py", "_COVARIATE_STEP"): _NUMERICAL,
    ("forecast/cohort.py", "EXACT"): _NUMERICAL,
    ("forecast/cohort.py", "SMOOTH"): _NUMERICAL,
    ("forecast/cohort.py", "SPREAD"): _NUMERICAL,
    ("forecast/decide.py", "_DAYS_A_YEAR"): "days in a year",
    ("forecast/outlook.py", "DAYS_A_WEEK"): _WEEK,
    ("forecast/steady_interval.py", "_KEPT_FOR_DAYS"): _NUMERICAL,
    ("forecast/likelihood.py", "_FLOOR"): "keeps a logarithm finite",
    ("forecast/map_estimate.py", "_MOST_ROUNDS"): _NUMERICAL,
    ("forecast/map_estimate.py", "_DAMP_FIRST"): _NUMERICAL,
    ("forecast/map_estimate.py", "_DAMP_UP"): _NUMERICAL,
    ("forecast/map_estimate.py", "_DAMP_DOWN"): _NUMERICAL,
    ("forecast/map_estimate.py", "_DAMP_MOST"): _NUMERICAL,
    ("forecast/map_estimate.py", "_TINY"): _NUMERICAL,
    ("forecast/map_estimate.py", "TOLERANCE"): _NUMERICAL,
    ("forecast/map_estimate.py", "_FLAT"): _NUMERICAL,
    ("forecast/map_estimate.py", "_HESSIAN_STEP"): _NUMERICAL,
    ("forecast/map_estimate.py", "_LEAST_CURVATURE"): _NUMERICAL,
    ("forecast/map_estimate.py", "_NEAR"): _NUMERICAL,
    ("forecast/map_estimate.py", "_NO_DRUG"): _NUMERICAL,
    ("forecast/map_estimate.py", "_ROUGH"): _NUMERICAL,
    ("forecast/map_estimate.py", "_ROUGH_TOLERANCE"): _NUMERICAL,
    ("forecast/likelihood.py", "_CURVATURE_LEAST"): _NUMERICAL,
    ("forecast/likelihood.py", "_CURVATURE_MOST"): _NUMERICAL,
    ("forecast/map_estimate.py", "_RESTARTS"): _NUMERICAL,
    ("forecast/map_estimate.py", "_SECANT_SHARE"): _NUMERICAL,
    ("forecast/chain.py", "_LEAPS_EVERY"): _NUMERICAL,
    ("forecast/chain.py", "_WORTH_SHARE"): _NUMERICAL,
    ("forecast/mixture.py", "_DEGREES"): _PROPOSAL,
    ("forecast/mixture.py", "_PRIOR_SHARE"): _PROPOSAL,
    ("forecast/mixture.py", "_LOCAL_SCALE"): _PROPOSAL,
    ("forecast/posterior.py", "_POINTS"): _PROPOSAL,
    ("forecast/posterior.py", "_LEAST_SHARE"): _PROPOSAL,
    ("forecast/posterior.py", "_HALVINGS"): _NUMERICAL,
    ("forecast/triage.py", "_MOST_ROUNDS"): _NUMERICAL,
    ("forecast/triage.py", "_CLOSE"): _NUMERICAL,
    ("forecast/pareto.py", "_PRIOR_SHAPE"): _PSIS,
    ("forecast/pareto.py", "_GRID_MIN"): _PSIS,
    ("forecast/pareto.py", "_QUARTILE"): _PSIS,
    ("forecast/pareto.py", "_TAIL_SHARE"): _PSIS,
    ("forecast/pareto.py", "_MIN_TAIL"): _PSIS,
    ("forecast/pareto.py", "_PRIOR_K"): _PSIS,
    ("forecast/pareto.py", "_PRIOR_COUNT"): _PSIS,
    ("forecast/posterior.py", "_ENOUGH"): _PROPOSAL,
    ("forecast/posterior.py", "_TOO_FEW"): "when Markov chains take over",
    ("forecast/predict.py", "_AFTER_DOSE_DAYS"): "where a drawn curve is sampled after a dose",
}

# (file, function, numbers in the text) -> reason. Only names of a study's own group or band,
# beside the fact that carries its figure: a site cannot set them.
IN_TEXT: Final[Mapping[tuple[str, str, str], str]] = {
    ("monitor/rules/candidate_trials.py", "_nova", "4 6 4"): "entry to NOVA and its two arms",
    ("monitor/rules/candidate_trials.py", "_by_level", "1,000"): "denominator of a published rate",
    ("monitor/rules/candidate_trials.py", "_by_level", "4"): "the standard arm of NEXT-MS",
    ("definitions/amounts.py", "level", "0.1"): _DIGITS,
    ("definitions/amounts.py", "percent", "1"): _DIGITS,
    ("definitions/amounts.py", "percent", "99"): _DIGITS,
    ("definitions/amounts.py", "chance", "1"): _DIGITS,
    ("definitions/amounts.py", "chance", "99"): _DIGITS,
    ("monitor/rules/observation.py", "_early_events", "2"): "the dose its fact is named for",
    ("monitor/rules/observation.py", "_early_events", "7"): "the dose its fact is named for",
    ("monitor/rules/re_exposure.py", "_by_tests", "1"): "the least there can be",
}

# Numbers of a model card that count its parts; the card as a whole cites its source.
ON_CARDS: Final[Mapping[str, str]] = {
    "structure.compartments": "how many compartments the cited model has, not a measurement",
}
