"""What each metric of an evaluation means, in the words printed beside it."""

from __future__ import annotations

from openntz.forecast.scoreboard import Rules
from openntz.forecast.virtual import Design
from openntz.report.words import short


def per_cent(share: float) -> str:
    """A fixed share as '90 %'."""
    return f"{short(100 * share)} %"


def metric_definitions(rules: Rules) -> dict[str, str]:
    """Definition by metric, for people who will compare them with other studies."""
    inner, outer, sure = (per_cent(s) for s in (rules.inner, rules.outer, rules.confidence))
    low, _, high = (short(100 * q) for q in rules.vpc_percentiles)
    return {
        "forecast": "Distribution of the level the laboratory would report, from doses, weights, "
        "antibody results and usable levels recorded up to the day before; assay error included; "
        "where tests or levels then raised the question of antibodies, a change of clearance at an "
        "unrecorded time is allowed for, as on the person's page. The bias of a laboratory is not "
        "estimated here. The prediction is the median.",
        "MPE": "Mean of (predicted - measured) / measured, in %: above 0, forecasts are too high. "
        "Only levels reported as numbers: where many results are below a limit, the numbers left "
        "are the high ones and this looks too low; read the standardised error there.",
        "MAPE": "Mean of |predicted - measured| / measured, in %. Only levels reported as numbers.",
        "RMSE": "Root of the mean of (predicted - measured) squared, in µg/mL. Only levels "
        "reported as numbers.",
        "within": f"Share of numbers with |predicted - measured| / measured up to "
        f"{short(rules.within_percent)} %.",
        "perfect": "The same metric if every true level were the forecast median and known, and "
        "only the assay erred as the model says: no forecast of a measured level can be expected "
        "to do better.",
        "coverage": f"Share of levels inside the central {inner} and {outer} interval of their "
        f"forecast, with {sure} limits (Wilson). A result beyond a limit counts by the part of its "
        "forecast probability that lies inside.",
        "PIT": "Probability integral transform: the share of its forecast distribution below a "
        "measured level. Level bars mean calibrated; heaped at both ends, forecasts too sure of "
        "themselves; in the middle, too unsure; at one end, biased. A result beyond a limit is "
        "spread evenly over the range it stands for.",
        "standardised error": f"Normal score of the transform: mean 0 and SD 1 if the model holds. "
        f"Above 0, levels are higher than forecast. Its mean is shown with {sure} limits.",
        "limits": "Results below the limit of quantification: how many there are, beside the sum "
        "of the forecast probabilities of such a result over all levels whose limit is known.",
        "pcVPC": f"Prediction-corrected visual predictive check (Bergstrand 2011): the {low}th, "
        f"50th and {high}th percentile of measured levels against the {sure} range of the same "
        "percentiles in simulated studies of the same people, doses and days, without using any "
        "level. Each level is multiplied by the typical prediction of its bin over its own. "
        "Results below a limit take part as the lowest.",
        "drift": "Two-sided self-starting cumulative sum of the standardised errors of one assay "
        "in order of date: each is held against the mean and spread of those before it, so that a "
        "constant bias raises no alarm. Allowance "
        f"{short(rules.allowance)} SD; limit chosen so that an assay that does not change raises "
        f"an alarm with a chance of {per_cent(rules.false_alarm)} over all its levels.",
    }


def study_definitions(design: Design) -> dict[str, str]:
    """Definition by metric of the repeated study."""
    weeks = f"{design.standard_week} to {design.longest_week}"
    return {
        "people": f"Weight log-normal (median {short(design.weight_median_kg)} kg, CV "
        f"{short(design.weight_cv_percent)} %, {short(design.lightest_kg)} to "
        f"{short(design.heaviest_kg)} kg), parameters from the model's population, "
        f"{short(design.dose_mg)} mg every {design.standard_week} weeks, no antibodies.",
        "known": f"Weight and measured troughs (the model's assay error) before the last doses up "
        f"to dose {design.last_trough}; the estimate is the mode of the posterior (MAP).",
        "interval": f"The longest whole number of weeks from {weeks} at which the predicted "
        f"steady trough (after {short(design.steady_after_week)} weeks at that interval) reaches "
        f"the target; {design.standard_week} weeks where none does.",
        "mean error": "Mean of (predicted - true) / true over all people, in %, at the interval "
        "chosen; 'true' is the person's own steady trough there, without assay error.",
        "absolute error": "Mean of |predicted - true| / true, in %.",
        "RMSE": "Root of the mean of (predicted - true) squared, in µg/mL.",
        "mean interval": "Mean of the chosen intervals, in weeks.",
        "fewer infusions": f"1 - mean of {design.standard_week} weeks / chosen interval.",
        "below target": "Share of all people for whom an interval longer than the standard was "
        "chosen although their true trough there is below the target.",
        "low trough": "True trough at the chosen interval that "
        f"{short(100 * design.low_share)} % of people lie below.",
        "saturation": f"Measured with an error of {short(100 * design.saturation_error)} points "
        "of saturation at the same troughs; everybody has the same relation of saturation and "
        "level, so this is the most such a test can buy.",
    }
