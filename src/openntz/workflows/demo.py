"""`openntz reanalyse --demo`: a published study simulated, written as SDTM, read back, analysed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Final

import numpy as np

from openntz.errors import InputError
from openntz.evidence.registry import Registry, registry
from openntz.records.write import write_csv
from openntz.report.reanalyse_page import Published
from openntz.workflows.demo_rows import (
    ARMS,
    START,
    Maker,
    Tables,
    affirm,
    observation,
    restore,
    troughs,
    wearing_off,
)
from openntz.workflows.export_datasets import ExportRequest, export_datasets
from openntz.workflows.folder import make_folder
from openntz.workflows.progress import Progress
from openntz.workflows.reanalyse import Reanalysis, ReanalysisRequest, run_reanalysis

_GROUPS: Final = (
    ("no natalizumab", "placebo"),
    ("persistent antibodies", "persistent-ada"),
    ("no antibodies found", "no-ada-week-12"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """A study of a published shape: rows, analyses, the last day in days from the start."""

    title: str
    make: Maker
    analyses: tuple[str, ...]
    days: int


DEMOS: Final[Mapping[str, Demo]] = MappingProxyType(
    {
        "observation424": Demo(
            title="424 people observed for an hour after an infusion",
            make=observation, analyses=("reactions",), days=10,
        ),
        "troughs80": Demo(
            title="Troughs of 80 people every 4 weeks",
            make=troughs, analyses=("troughs",), days=9 * 28 + 10,
        ),
        "wearingoff40": Demo(
            title="Wearing-off in 40 people followed for a year",
            make=wearing_off, analyses=("wearing-off",), days=23 * 28 + 10,
        ),
        "restore": Demo(
            title="RESTORE: an interruption of 24 weeks",
            make=restore, analyses=("stopping",), days=12 * 28 + 24 * 7 + 6,
        ),
        "affirm": Demo(
            title="AFFIRM: lymphocytes by antibody status",
            make=affirm, analyses=("lymphocytosis", "immunogenicity"), days=7 * 28 + 10,
        ),
    }
)  # fmt: skip


def _printed(
    evidence: Registry, fact: str, what: str, analysis: str, measure: str, group: str,
    week: int | None = None,
) -> Published:  # fmt: skip
    found = evidence.fact(fact)
    ends = "" if found.low is None else f" ({found.low:g} to {found.high:g})"
    return Published(
        what=what,
        analysis=analysis,
        measure=measure,
        group=group,
        shown=f"{found.value} {found.unit}{ends}",
        sources=found.sources,
        week=week,
    )


def published(name: str, evidence: Registry) -> tuple[Published, ...]:
    """The printed figures that stand beside a demo's rows."""
    if name == "observation424":
        return tuple(
            _printed(evidence, f"reaction.tehran.{term}", f"people with {term}", "reactions",
                     "people with a reaction", group)
            for term, group in (("fatigue", "fatigue"), ("headache", "headache"),
                                ("cough", "cough"), ("life-threatening", "grade 4 or more"))
        )  # fmt: skip
    if name == "troughs80":
        return (
            _printed(evidence, "trough.amsterdam.high", "people at 10 ug/mL or more", "troughs",
                     "at least 10 ug/mL", "people by their median trough"),
        )  # fmt: skip
    if name == "wearingoff40":
        return (
            _printed(evidence, "wearing-off.bringeland.regular", "people with wearing-off",
                     "wearing-off", "people who reported wearing-off", "all"),
            *(
                _printed(evidence, "wearing-off.bringeland.no-activity",
                         f"no activity in a year, wearing-off {told}", "wearing-off",
                         "no activity in the year after", told)
                for told in ("wearing-off reported", "not reported")
            ),
        )  # fmt: skip
    if name == "restore":
        week = round(evidence.fact("restore.interruption").number)
        return tuple(
            _printed(evidence, f"restore.mri-recurrence.{key}", f"MRI activity back, {arm}",
                     "stopping", "active MRI by week (interval-censored)", f"arm: {arm}", week)
            for arm, key in ARMS.items()
            if key != "stayed"
        )  # fmt: skip
    rises = tuple(
        _printed(evidence, f"lymphocytes.rise.{key}", f"rise at week 12, {group}", "lymphocytosis",
                 "rise", group, 12)
        for group, key in _GROUPS
    )  # fmt: skip
    worth = tuple(
        _printed(evidence, f"lymphocytes.no-rise.{key}", measure, "lymphocytosis", measure, group)
        for key, measure, group in (
            ("sensitivity", "sensitivity", "no rise, for persistent antibodies against none"),
            ("specificity", "specificity", "no rise, for persistent antibodies against none"),
            ("ppv", "positive predictive value", "at a prevalence of 6 %"),
            ("npv", "negative predictive value", "at a prevalence of 6 %"),
        )
    )
    return (*rises, *worth)


def write_rows(tables: Tables, out: Path) -> None:
    """Rows as the tables a clinic exports."""
    make_folder(out)
    for name, rows in tables.items():
        header = list(dict.fromkeys(column for row in rows for column in row)) or ["person"]
        write_csv(out / f"{name}.csv", header, ([row.get(c, "") for c in header] for row in rows))


def run_demo(
    name: str, out: Path, seed: int, progress: Progress, *, aggregate_only: bool = False
) -> Reanalysis:
    """Simulate, write as SDTM, read that back, analyse, and show it beside what was printed.

    Raises
    ------
    InputError
        When there is no such demo, or the folder holds data already.
    """
    if name not in DEMOS:
        raise InputError(
            f"no demo {name!r}.", where="--demo", remedy=f"Choose from {', '.join(DEMOS)}."
        )
    demo, evidence = DEMOS[name], registry()
    as_of: date = START + timedelta(days=demo.days)
    simulated, datasets = out / "simulated" / "clinic", out / "simulated" / "sdtm"
    if (out / "simulated").exists():
        raise InputError(
            f"{out} holds simulated data already.", where="--out", remedy="Choose an empty folder."
        )
    make_folder(out)
    make_folder(out / "simulated")
    write_rows(demo.make(np.random.default_rng(seed), evidence), simulated)
    asked = ExportRequest(
        folder=simulated, out=datasets, target="sdtm", written_as="csv", as_of=as_of
    )
    export_datasets(asked, progress)
    return run_reanalysis(
        ReanalysisRequest(
            folder=datasets,
            out=out,
            as_of=as_of,
            names=demo.analyses,
            title=f"{demo.title} (simulated, seed {seed})",
            aggregate_only=aggregate_only,
            published=published(name, evidence),
        ),
        progress,
    )
