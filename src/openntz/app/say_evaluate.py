"""What `openntz evaluate` prints: scores, alarms, and what each metric means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from openntz.report.evaluate_page import (
    beside,
    drift_words,
    group_row,
    limits,
    perfect_row,
    plain,
    share,
    signed,
)
from openntz.report.evaluate_words import metric_definitions, per_cent, study_definitions

if TYPE_CHECKING:
    from rich.console import Console

    from openntz.workflows.evaluate import EvaluateOutcome
    from openntz.workflows.virtual_study import StudyOutcome


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, show_edge=False, header_style="bold")
    for i, name in enumerate(columns):
        table.add_column(name, justify="right" if i else "left", overflow="fold")
    return table


def _definitions(console: Console, definitions: Mapping[str, str]) -> None:
    console.print()
    for name, meaning in definitions.items():
        console.print(Text.assemble((f"{name}: ", "bold"), meaning), style="dim")


def say_evaluate(console: Console, outcome: EvaluateOutcome) -> None:
    """Scores by group, drift, what was not scored, and the definitions."""
    found = outcome.evaluation
    rules = found.rules
    console.print(
        Text(
            f"{len(found.scored)} of {len(found.rows)} levels of {found.people} people forecast "
            f"from those before, as of {found.as_of}, model {found.model}"
        )
    )
    table = _table(
        "forecasts",
        "levels",
        "MPE %",
        "MAPE %",
        "RMSE",
        f"within {plain(rules.within_percent, 0)} %",
        f"in {per_cent(rules.inner)}",
        f"in {per_cent(rules.outer)}",
        "standardised error",
        "below limit",
    )
    by = ""
    for group in found.groups:
        if group.by != by:
            by = group.by
            if group.name:
                table.add_row(Text(f"by {by}", style="bold"))
        row = group_row(group)
        table.add_row(Text(f"  {row.name}" if group.name else row.name), *row.cells)
        if not group.name:
            row = perfect_row(group)
            table.add_row(Text(row.name, style="dim"), *row.cells)
    console.print(table)
    console.print()
    for reason, n in found.reasons:
        console.print(Text(f"not scored: {reason} ({n})", style="yellow"))
    for series in found.series:
        style = "bold red" if series.drift.alarm is not None else ""
        console.print(
            Text(f"drift, {series.name}: {drift_words(series)}", style=style), soft_wrap=True
        )
    _definitions(console, metric_definitions(rules))
    if outcome.records.rejected:
        number = len(outcome.records.rejected)
        console.print(
            Text(f"{number} rows or cells of the tables were set aside: openntz check says which")
        )
    console.print()
    console.print(Text.assemble(("Page  ", "bold"), str(outcome.index)))


def say_study(console: Console, outcome: StudyOutcome) -> None:
    """Published beside ours, what each further level buys, and the definitions."""
    study, design = outcome.study, outcome.design
    console.print(
        Text(f"{study.people} virtual people, model {outcome.card.id}, seed {outcome.seed}")
    )
    table = _table(f"weight and {design.levels} troughs", "published", "here")
    for row in beside(study, design, outcome.registry):
        table.add_row(row.what, row.published, row.ours)
    console.print(table)
    console.print()
    table = _table(
        "known",
        "mean error %",
        "absolute error %",
        "RMSE",
        "weeks",
        "fewer infusions",
        "below target",
        "low trough",
    )
    for target in design.targets:
        table.add_row(Text(f"target {target:g} µg/mL", style="bold"))
        for o in study.outcomes:
            if o.target == target:
                table.add_row(
                    f"  {o.arm.name}",
                    signed(o.errors.mpe),
                    plain(o.errors.mape),
                    plain(o.errors.rmse, 2),
                    plain(o.mean_week, 2),
                    share(o.fewer),
                    limits(o.missed),
                    plain(o.low_trough),
                )
    console.print(table)
    console.print()
    table = _table("posterior", "chance below target", "people below", "inside the interval")
    for c in study.calibrations:
        table.add_row(
            f"target {c.target:g} µg/mL",
            share(c.forecast),
            limits(c.found),
            f"{limits(c.covered)} of {per_cent(c.interval)}",
        )
    console.print(table)
    _definitions(console, study_definitions(design))
    if study.unsettled:
        console.print(Text(f"{study.unsettled} searches for a mode did not converge"))
    console.print()
    console.print(Text.assemble(("Page  ", "bold"), str(outcome.index)))
