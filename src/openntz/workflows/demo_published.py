"""The printed figures that stand beside a demo's rows."""

from __future__ import annotations

from typing import Final

from openntz.evidence.registry import Fact, Registry
from openntz.report.reanalyse_page import Published
from openntz.workflows.demo_rows import ARMS, of

_GROUPS: Final = (
    ("no natalizumab", "placebo", 12),
    ("persistent antibodies", "persistent-ada", 12),
    ("no antibodies found", "no-ada-week-12", 12),
)
_PER: Final = "per year"
_RETURN: Final = "active MRI by week (interval-censored)"


def number_of(fact: Fact) -> float | None:
    """A printed figure on the scale of a row: a share of one, or a rate a year."""
    if fact.unit == "%":
        return fact.number / 100
    if fact.unit.startswith("of "):
        return fact.number / of(fact)
    return fact.number if fact.unit == _PER else None


def _printed(
    evidence: Registry, fact: str, what: str, analysis: str, measure: str, group: str,
    week: int | None = None, count: str = "",
) -> Published:  # fmt: skip
    found = evidence.fact(fact)
    ends = ""
    if found.high is not None:
        low = 0.0 if found.low is None else found.low
        ends = f" ({low:g} to {found.high:g})"
    counted = f"{evidence.fact(count).value} {evidence.fact(count).unit}, " if count else ""
    return Published(
        what=what,
        analysis=analysis,
        measure=measure,
        group=group,
        shown=f"{counted}{found.value} {found.unit}{ends}",
        sources=found.sources,
        week=week,
        number=number_of(found),
    )


def _observation(evidence: Registry) -> tuple[Published, ...]:
    return tuple(
        _printed(evidence, f"reaction.tehran.{term}", f"people with {told}", "reactions",
                 "people with a reaction", group, count=f"reaction.tehran.{term}.count")
        for term, told, group in (
            ("fatigue", "fatigue", "fatigue"),
            ("headache", "headache", "headache"),
            ("cough", "cough", "cough"),
            ("life-threatening", "a life-threatening reaction", "grade 4 or more"),
        )
    )  # fmt: skip


def _troughs(evidence: Registry) -> tuple[Published, ...]:
    return (
        _printed(evidence, "trough.amsterdam.high", "people at 10 ug/mL or more", "troughs",
                 "at least 10 ug/mL", "people by their median trough"),
    )  # fmt: skip


def _wearing_off(evidence: Registry) -> tuple[Published, ...]:
    return (
        _printed(evidence, "wearing-off.bringeland.regular", "people with wearing-off",
                 "wearing-off", "people who reported wearing-off", "all"),
        _printed(evidence, "wearing-off.bringeland.no-activity",
                 "no activity in a year, of those followed", "wearing-off",
                 "no activity in the year after", "all"),
        _printed(evidence, "wearing-off.bringeland.no-activity-of-all",
                 "the same, of all who entered", "wearing-off",
                 "of all who entered, no activity known in the year after", "all"),
    )  # fmt: skip


def _restore(evidence: Registry) -> tuple[Published, ...]:
    week = round(evidence.fact("restore.interruption").number)
    return tuple(
        _printed(evidence, f"restore.mri-recurrence.{key}", f"MRI activity back, {arm}",
                 "stopping", _RETURN,
                 "stayed on natalizumab, from the same time" if key == "stayed" else f"arm: {arm}",
                 week)
        for arm, key in ARMS.items()
    )  # fmt: skip


def _affirm(evidence: Registry) -> tuple[Published, ...]:
    rises = tuple(
        _printed(evidence, f"lymphocytes.rise.{key}", f"rise at week {week}, {group}",
                 "lymphocytosis", "rise", group, week)
        for group, key, week in _GROUPS
    )  # fmt: skip
    # Printed is who has risen by week 24, not who shows the rise at that visit.
    by_then = _printed(
        evidence,
        "lymphocytes.rise.no-ada-week-24",
        "risen by week 24, no antibodies found",
        "lymphocytosis",
        "ever a rise by week (Kaplan and Meier)",
        "no antibodies found",
        24,
    )
    one = "no rise, for persistent antibodies against none"
    worth = tuple(
        _printed(evidence, f"lymphocytes.no-rise.{key}", measure, "lymphocytosis", measure, group)
        for key, measure, group in (
            ("sensitivity", "sensitivity", one),
            ("specificity", "specificity", one),
            ("ppv", "positive predictive value", "at a prevalence of 6 %"),
            ("npv", "negative predictive value", "at a prevalence of 6 %"),
        )
    )
    antibodies = tuple(
        _printed(evidence, f"ada.affirm.{name}", f"{name} antibodies", "immunogenicity",
                 f"{name} by definition", "affirm")
        for name in ("persistent", "transient")
    )  # fmt: skip
    rates = tuple(
        _printed(evidence, f"affirm.relapse-rate{key}", f"relapses a year, {arm}", "activity",
                 "relapses a person-year (annualised relapse rate)", arm)
        for arm, key in (("natalizumab", ""), ("placebo", ".placebo"))
    )  # fmt: skip
    return (*rises, by_then, *worth, *antibodies, *rates)


def published(name: str, evidence: Registry) -> tuple[Published, ...]:
    """The printed figures of a demo."""
    return {
        "observation424": _observation,
        "troughs80": _troughs,
        "wearingoff40": _wearing_off,
        "restore": _restore,
        "affirm": _affirm,
    }[name](evidence)
