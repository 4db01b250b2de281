"""`openntz reanalyse --demo`: a published study simulated, written as SDTM, read back, analysed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Final

import numpy as np
from msgspec import Struct

from openntz.errors import InputError
from openntz.evidence.registry import Registry, registry
from openntz.records.write import write_csv
from openntz.workflows.demo_affirm import DAYS as AFFIRM_DAYS
from openntz.workflows.demo_affirm import plan_affirm, simulate_affirm
from openntz.workflows.demo_published import published
from openntz.workflows.demo_rows import (
    START,
    Maker,
    Tables,
    observation,
    restore,
    troughs,
    wearing_off,
)
from openntz.workflows.export_datasets import ExportRequest, export_datasets
from openntz.workflows.folder import make_folder
from openntz.workflows.progress import Progress
from openntz.workflows.protocol import read_protocol
from openntz.workflows.reanalyse import Reanalysis, ReanalysisRequest, run_reanalysis

Writer = Callable[[int, Path, Registry, Progress], None]


def _planted(make: Maker, seed: int, folder: Path, evidence: Registry, _: Progress) -> None:
    """A study whose published rates are planted in its rows."""
    write_rows(make(np.random.default_rng(seed), evidence), folder)


class Demo(Struct, frozen=True, kw_only=True):
    """A study of a published shape: how it is written, its analyses, its last day.

    ``days`` counts from the start of the study; ``plan`` writes a protocol and gives its path.
    """

    title: str
    write: Writer
    analyses: tuple[str, ...]
    days: int
    plan: Callable[[Path, date], Path] | None = None


DEMOS: Final[Mapping[str, Demo]] = MappingProxyType(
    {
        "observation424": Demo(
            title="424 people observed for an hour after an infusion",
            write=partial(_planted, observation), analyses=("reactions",), days=10,
        ),
        "troughs80": Demo(
            title="Troughs of 80 people every 4 weeks",
            write=partial(_planted, troughs), analyses=("troughs",), days=9 * 28 + 10,
        ),
        "wearingoff40": Demo(
            title="Wearing-off in 40 people followed for a year",
            write=partial(_planted, wearing_off), analyses=("wearing-off",), days=23 * 28 + 10,
        ),
        "restore": Demo(
            title="RESTORE: an interruption of 24 weeks",
            write=partial(_planted, restore), analyses=("stopping",),
            days=12 * 28 + 24 * 7 + 6,
        ),
        "affirm": Demo(
            title="AFFIRM: lymphocytes by antibody status", write=simulate_affirm,
            analyses=("lymphocytosis", "immunogenicity", "activity"), days=AFFIRM_DAYS,
            plan=plan_affirm,
        ),
    }
)  # fmt: skip


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
    if (out / "simulated").exists():
        raise InputError(
            f"{out} holds simulated data already.", where="--out", remedy="Choose an empty folder."
        )
    make_folder(out)
    # In a locked room's output no row of a person may stay, simulated or not.
    place = TemporaryDirectory() if aggregate_only else nullcontext(out / "simulated")
    with place as folder:
        return _run(DEMOS[name], name, Path(folder), out, seed, progress, aggregate_only)


def _run(
    demo: Demo,
    name: str,
    folder: Path,
    out: Path,
    seed: int,
    progress: Progress,
    aggregate_only: bool,
) -> Reanalysis:
    evidence, as_of = registry(), START + timedelta(days=demo.days)
    make_folder(folder)
    simulated, datasets = folder / "clinic", folder / "sdtm"
    demo.write(seed, simulated, evidence, progress)
    asked = ExportRequest(
        folder=simulated, out=datasets, target="sdtm", written_as="csv", as_of=as_of
    )
    export_datasets(asked, progress)
    protocol = None if demo.plan is None else read_protocol(demo.plan(folder, as_of))
    return run_reanalysis(
        ReanalysisRequest(
            folder=datasets,
            out=out,
            as_of=as_of,
            names=demo.analyses if protocol is None else (),
            title=f"{demo.title} (simulated, seed {seed})",
            protocol=protocol,
            aggregate_only=aggregate_only,
            published=published(name, evidence),
        ),
        progress,
    )
