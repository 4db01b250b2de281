"""What is planted in which study, and the rows of the analysis that must find it again."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from benchmarks import truth_studies as of
from scipy.special import beta
from scipy.stats import binom, norm

from openntz.reanalyse.activity import ACTIVITY
from openntz.reanalyse.immunogenicity import IMMUNOGENICITY
from openntz.reanalyse.intervals import EXTENDED_INTERVAL
from openntz.reanalyse.lymphocytosis import LYMPHOCYTOSIS
from openntz.reanalyse.reactions import REACTIONS
from openntz.reanalyse.result import Analysis
from openntz.reanalyse.statistics import Method, proportion
from openntz.reanalyse.stopping import STOPPING
from openntz.reanalyse.troughs import TROUGHS
from openntz.reanalyse.wearing_off import WEARING_OFF

Planted = Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class Check:
    """A row and what it must hold.

    ``kind``: 'interval' counts intervals that hold the truth, 'test' tests that reject, 'mean'
    compares the mean of the estimates with the truth, 'between' asks that the truth lies between
    the means of the row's two bounds. ``null`` is the truth at which a rejection is an error.
    ``of`` people with ``method`` make the exact coverage of a share's interval known; 'at least'
    says that a method promises no less than its level. ``column`` holds the estimate of a mean;
    of a test its p, or whether it rejects.
    """

    what: str
    measure: str
    group: str = ""
    truth: Callable[[Planted], float]
    also: Mapping[str, Any] = field(default_factory=dict)
    kind: Literal["interval", "test", "mean", "between"] = "interval"
    null: float | None = None
    level: float = 0.95
    of: int | None = None
    method: Method = "wilson"
    at_least: bool = False
    why: str = ""
    column: str = "value"

    def coverage(self, planted: Planted) -> float:
        """The coverage the interval has: its level, or of a share of known size the exact one."""
        if self.of is None:
            return self.level
        share, total = self.truth(planted), 0.0
        for count in range(self.of + 1):
            found = proportion(count, self.of, self.method, self.level)
            assert found.low is not None
            assert found.high is not None
            if found.low <= share <= found.high:
                total += float(binom.pmf(count, self.of, share))
        return total


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """A study by its planted numbers, first those of the null, and the rows checked on it."""

    analysis: Analysis
    name: str
    make: of.Maker
    planted: tuple[Planted, ...]
    checks: tuple[Check, ...]


def key(name: str) -> Callable[[Planted], float]:
    """The planted number of this name is the truth."""
    return lambda planted: planted[name]


def _rise(shift: float) -> float:
    """Chance of a rise of 0.8 or more of people whose mean change is less by ``shift``."""
    return float(norm.cdf((of.MEAN_CHANGE - shift - 0.8) / of.APART))


def _rise_alone(_: Planted) -> float:
    """Chance of a rise without antibodies, whatever was planted."""
    return _rise(0.0)


def _second_product(_: Planted) -> float:
    """The share planted on the second product, whatever the difference."""
    return 0.15


def _any(planted: Planted) -> float:
    """Chance of any reaction at an infusion."""
    return 1 - (1 - planted["mild"]) * (1 - planted["severe"])


def _ever(planted: Planted, doses: int) -> float:
    """Chance of a reaction at one of so many infusions: the beta mean of a power."""
    a, b = 2 * planted["mild"], 2 * (1 - planted["mild"])
    clean = float(beta(a, b + doses) / beta(a, b))
    return 1 - clean * (1 - planted["severe"]) ** doses


def _icc(planted: Planted) -> float:
    """Intraclass correlation of lognormal values on their own scale."""
    s, t = planted["between"] ** 2, planted["within"] ** 2
    return math.expm1(s) / math.expm1(s + t)


def _neda(planted: Planted) -> float:
    return float(np.prod([1 - planted[k] for k in ("relapse", "lesion", "edss")]))


WALD = "A normal interval of few events."
SCENARIOS: tuple[Scenario, ...] = (
    Scenario(
        analysis=LYMPHOCYTOSIS, name="12 people with persistent antibodies, 48 without",
        make=of.lymphocytes, planted=({"area": 0.5, "b": 0.5}, {"area": 0.76, "b": 0.76}),
        checks=(
            Check(what="area under the ROC curve, lymphocytes (DeLong)",
                  measure="area under the ROC", group="smaller change, for persistent",
                  truth=key("area"), null=0.5,
                  why="DeLong's variance is that of large samples; here are 12 cases."),
            Check(what="specificity of no rise (Wilson)", measure="specificity", of=48,
                  truth=_rise_alone),
            Check(what="sensitivity of no rise (Wilson)", measure="sensitivity", of=12,
                  truth=lambda p: 1 - _rise(of.apart(p["area"]))),
            Check(what="share with a rise, no antibodies (Wilson)", measure="rise", of=48,
                  group="no antibodies", also={"week": 12}, truth=_rise_alone),
            Check(what="area under the ROC curve, B cells (DeLong)",
                  measure="area under the ROC curve, B cells", truth=key("b"), null=0.5,
                  why="DeLong's variance is that of large samples; here are 12 cases."),
        ),
    ),
    Scenario(
        analysis=IMMUNOGENICITY, name="80 people on each of two products",
        make=of.products, planted=({"difference": 0.0}, {"difference": 0.2}),
        checks=(
            Check(what="difference of products (Newcombe)", measure="difference of shares",
                  truth=key("difference"), null=0.0, level=0.90),
            Check(what="share persistent on the second product (Wilson)",
                  measure="persistent by the product", group="b", of=80, truth=_second_product),
        ),
    ),
    Scenario(
        analysis=IMMUNOGENICITY, name="60 people tested at days of their own",
        make=of.onset, planted=({"by week 12": 0.3}, {"by week 12": 0.6}),
        checks=(
            Check(what="first positive by week 12 (Turnbull)", measure="positive by week",
                  also={"week": 12}, kind="between", truth=key("by week 12")),
        ),
    ),
    Scenario(
        analysis=IMMUNOGENICITY, name="120 samples read by two assays",
        make=of.assays, planted=({"agree": 0.5}, {"agree": 0.9}),
        checks=(
            Check(what="samples on which assays agree (Wilson)", measure="samples on which",
                  truth=key("agree"), of=120),
        ),
    ),
    Scenario(
        analysis=TROUGHS, name="80 people with 2 troughs",
        make=of.levels,
        planted=({"kg": 1.0, "week": 1.0, "steep": 0.0}, {"kg": 0.85, "week": 0.8, "steep": 1.0}),
        checks=(
            Check(what="ratio per 10 kg (clustered)", measure="ratio of troughs", group="10 kg",
                  truth=key("kg"), null=1.0,
                  why="The sandwich variance is somewhat small with 80 people."),
            Check(what="ratio per week of interval (clustered)", measure="ratio of troughs",
                  group="1 week", truth=key("week"), null=1.0,
                  why="The sandwich variance is somewhat small with 80 people."),
            Check(what="trough and relapse rate (Spearman)", measure="rank correlation",
                  kind="test", truth=key("steep"), null=0.0),
        ),
    ),
    Scenario(
        analysis=TROUGHS, name="60 people with 3 troughs, alike or not",
        make=of.steady,
        planted=({"between": 0.0, "within": 0.1}, {"between": 0.1, "within": 0.1}),
        checks=(
            Check(what="intraclass correlation (F)", measure="intraclass", truth=_icc, null=0.0),
            Check(what="within-person variation (chi-square)", measure="within-person coefficient",
                  truth=lambda p: math.sqrt(math.expm1(p["within"] ** 2))),
        ),
    ),
    Scenario(
        analysis=TROUGHS, name="60 people, a share of them high",
        make=of.steady,
        planted=(
            {"between": 0.1, "within": 0.1, "high": 0.5},
            {"between": 0.1, "within": 0.1, "high": 0.94},
        ),
        checks=(
            Check(what="people at or above 10 ug/mL (Wilson)", measure="at least 10 ",
                  group="people", truth=key("high"), of=60),
        ),
    ),
    Scenario(
        analysis=REACTIONS, name="300 people, five covariates",
        make=of.covariates,
        planted=(
            {"age": 1.0, "female": 1.0, "interval": 1.0, "doses": 1.0, "years": 1.0},
            {"age": 1.03, "female": 2.0, "interval": 1.3, "doses": 1.15, "years": 1.05},
        ),
        checks=tuple(
            Check(what=f"odds ratio, {told} (logistic)", measure="odds ratio of a reaction",
                  group=group, truth=key(name), null=1.0)
            for name, group, told in (
                ("age", "age", "age"), ("female", "female", "sex"),
                ("interval", "interval_weeks", "interval"), ("doses", "doses", "infusions"),
                ("years", "years_of_disease", "duration"),
            )
        ),
    ),
    Scenario(
        analysis=REACTIONS, name="100 people, 6 infusions, chances of their own",
        make=of.clusters,
        planted=({"mild": 0.1, "severe": 0.002}, {"mild": 0.3, "severe": 0.01}),
        checks=(
            Check(what="infusions with a reaction (clustered)", measure="infusions with",
                  group="any, inf", truth=_any,
                  why="A normal interval on the logit with people so unlike each other."),
            Check(what="people with a reaction (Wilson)", measure="people with a reaction",
                  group="any", truth=lambda p: _ever(p, 6), of=100),
            Check(what="first reaction by dose 3 (Kaplan and Meier)",
                  measure="first reaction by dose", group="by dose 3",
                  truth=lambda p: _ever(p, 3)),
            Check(what="first reaction by week 12 (Kaplan and Meier)",
                  measure="first reaction by week", group="by week 12",
                  truth=lambda p: _ever(p, 4)),
            Check(what="severe and unobserved, waiver 0 (exact)",
                  measure="of these grade 3", group="waived after 0", truth=key("severe"),
                  of=600, method="exact"),
        ),
    ),
    Scenario(
        analysis=REACTIONS, name="100 people, half turn positive",
        make=of.antibody_onset, planted=({"odds": 1.0}, {"odds": 3.0}),
        checks=(
            Check(what="from the first positive test on (clustered)",
                  measure="odds ratio of a reaction at an infusion", truth=key("odds"), null=1.0,
                  why="The sandwich variance is somewhat small with 100 people."),
        ),
    ),
    Scenario(
        analysis=ACTIVITY, name="60 people an arm, spread rates",
        make=of.relapses,
        planted=({"ratio": 1.0, "lesion": 0.15}, {"ratio": 0.5, "lesion": 0.43}),
        checks=(
            Check(what="ratio of relapse rates (negative binomial)", measure="ratio of relapse",
                  truth=key("ratio"), null=1.0),
            Check(what="new T2 lesion by year 1 (Wilson)", measure="new or enlarging T2",
                  also={"n": 120}, truth=key("lesion"), of=120),
            Check(what="first lesion in quarter 4 (Wilson)", measure="first new T2",
                  also={"quarter": 4}, truth=key("lesion"), of=120),
        ),
    ),
    Scenario(
        analysis=ACTIVITY, name="80 people, a year from re-baseline",
        make=of.quiet_people,
        planted=(
            {"relapse": 0.05, "lesion": 0.05, "edss": 0.05},
            {"relapse": 0.3, "lesion": 0.3, "edss": 0.2},
        ),
        checks=(
            Check(what="NEDA-3 over a year (Wilson)", measure="NEDA-3 over 1 y",
                  group="EDSS by msprog", truth=_neda, of=80),
            Check(what="relapses a person-year (exact Poisson)", measure="relapses a person-year",
                  truth=lambda p: p["relapse"] * 365.25 / 600, at_least=True),
        ),
    ),
    Scenario(
        analysis=WEARING_OFF, name="30 people with wearing-off, 30 without",
        make=of.wearing,
        planted=(
            {"saturation": 0.0, "level": 0.0, "interval": 0.0, "active": 0.0},
            {"saturation": 8.0, "level": 0.4, "interval": 0.4, "active": 0.4},
        ),
        checks=(
            Check(what="saturation (Mann-Whitney)", measure="median saturation", group="not",
                  kind="test", truth=key("saturation"), null=0.0),
            Check(what="level (Mann-Whitney)", measure="median level", group="not",
                  kind="test", truth=key("level"), null=0.0),
            Check(what="interval (Mann-Whitney)", measure="median interval", group="not",
                  kind="test", truth=key("interval"), null=0.0),
            Check(what="later activity (Fisher)", measure="no activity", group="not",
                  kind="test", truth=key("active"), null=0.0, at_least=True),
            Check(what="no activity in the year after (exact)", measure="no activity",
                  group="wearing-off", of=30, method="exact",
                  truth=lambda p: 0.7 - p["active"]),
        ),
    ),
    Scenario(
        analysis=EXTENDED_INTERVAL, name="150 people who change to 42 days",
        make=of.switchers, planted=({"ratio": 1.0}, {"ratio": 2.0}),
        checks=(
            Check(what="hazard ratio (time-varying Cox)", measure="hazard ratio",
                  truth=key("ratio"), null=1.0),
        ),
    ),
    Scenario(
        analysis=EXTENDED_INTERVAL, name="120 people at 28 days, 120 at 42",
        make=of.rates, planted=({"difference": 0.0}, {"difference": 100.0}),
        checks=tuple(
            Check(what=f"difference of rates ({100 * level:g} %)",
                  measure=f"difference of rates, per 1,000 person-years ({100 * level:g}",
                  truth=key("difference"), null=0.0, level=level, why=WALD)
            for level in (0.90, 0.95)
        ),
    ),
    Scenario(
        analysis=EXTENDED_INTERVAL, name="60 people over two years",
        make=of.exposed, planted=({"share": 0.1}, {"share": 0.5}),
        checks=tuple(
            Check(what=f"extended by {name} (Wilson)", measure="people on an extended", group=name,
                  truth=key("share"), of=60)
            for name in ("last 18 months", "any 6 months", "fewer than 10 doses a year")
        ),
    ),
    Scenario(
        analysis=STOPPING, name="80 people who stopped, two successors",
        make=of.rebounds,
        planted=({"share": 0.12, "more": 0.0}, {"share": 0.12, "more": 0.3}),
        checks=(
            *(
                Check(what=f"rebound by {name}, second successor (Wilson)",
                      measure=f"rebound by {name}", group="successor: rituximab",
                      truth=key("share"), of=40)
                for name in ("sorensen", "gueguen", "ivmp", "edss")
            ),
            Check(what="difference between successors (Newcombe)",
                  measure="difference of rebound by edss", truth=key("more"), null=0.0),
            Check(what="relapse by week 16 (Kaplan and Meier)", measure="relapse by week",
                  also={"week": 16}, kind="mean", truth=lambda p: p["share"] + p["more"] / 2),
            Check(what="active scan by week 16 (Turnbull)", measure="active MRI by week",
                  group="all", also={"week": 16}, kind="mean",
                  truth=lambda p: p["share"] + p["more"] / 2),
        ),
    ),
    # Later ones stand last: results are kept by the place of their scenario.
    Scenario(
        analysis=IMMUNOGENICITY, name="120 samples read by two assays, beyond chance",
        make=of.assays, planted=({"agree": 0.5}, {"agree": 0.9}),
        checks=(
            Check(what="kappa of two assays", measure="samples on which", kind="mean",
                  column="kappa", truth=lambda p: 2 * p["agree"] - 1,
                  why="Kappa of a sample is somewhat below that of the assays."),
        ),
    ),
    Scenario(
        analysis=IMMUNOGENICITY, name="250 people on each of two products",
        make=of.many_on_products, planted=({"difference": of.MARGIN}, {"difference": 0.0}),
        checks=(
            Check(what="products called equivalent (Newcombe, 90 %)", kind="test",
                  measure="difference of shares", column="within_margin",
                  truth=key("difference"), null=of.MARGIN, at_least=True),
        ),
    ),
    Scenario(
        analysis=ACTIVITY, name="60 people on each of two products",
        make=of.active_on_products, planted=({"difference": 0.0}, {"difference": 0.3}),
        checks=(
            Check(what="difference of activity by product (Newcombe)",
                  measure="difference of new or enlarging T2 lesion by year 1",
                  truth=key("difference"), null=0.0),
            Check(what="new T2 lesion on the second product (Wilson)", of=60, group="product: b",
                  measure="new or enlarging T2 lesion by year 1 by product",
                  truth=lambda _: of.ACTIVE),
        ),
    ),
    Scenario(
        analysis=LYMPHOCYTOSIS, name="48 people counted every four weeks",
        make=of.risers, planted=({"a visit": 0.1}, {"a visit": 0.4}),
        checks=tuple(
            # A visit's window holds the count four weeks after it; there is none after week 24.
            Check(what=f"ever a rise by week {week} (Kaplan and Meier)", kind="mean",
                  measure="ever a rise by week", group="no antibodies", also={"week": week},
                  truth=lambda p, visits=visits: 1 - (1 - p["a visit"]) ** visits)
            for week, visits in ((12, 4), (24, 6))
        ),
    ),
)  # fmt: skip
