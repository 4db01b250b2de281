"""An AFFIRM-shaped trial of virtual people: nothing of its results is planted.

The people are those of `openntz simulate`; what they show of lymphocytes, antibodies and relapses
follows from the mechanism, and differs from the trial where the mechanism does.
"""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path
from typing import Final

from openntz.evidence.registry import Registry
from openntz.records.write import write_csv, write_text_atomic
from openntz.workflows.demo_rows import START
from openntz.workflows.folder import make_folder
from openntz.workflows.progress import Progress
from openntz.workflows.simulate import SimulateRequest, run_simulate

DAYS: Final = 728  # two years of 4-week intervals
_WEEKS: Final = 4

_PROTOCOL: Final = """\
title = "Lymphocytes and antibodies in an AFFIRM-shaped trial"
who = "openntz reanalyse --demo affirm"
written = {written}
as_of = {as_of}
analyses = ["lymphocytosis", "immunogenicity", "activity"]
"""


def scenario(seed: int, evidence: Registry) -> str:
    """The scenario: the trial's arms, counts and antibodies every 12 weeks, scans every year."""
    weeks = round(evidence.fact("ada.affirm.sampling").number)
    treated = round(evidence.fact("affirm.people").number)
    placebo = round(evidence.fact("affirm.people.placebo").number)
    return f"""\
title = "AFFIRM-shaped"
start = {START.isoformat()}
days = {DAYS}
seed = {seed}

[visits]
blood_week = {weeks}
antibody_week = {weeks}
antibody_assay = "elisa_500"
mri_week = 52

[[arm]]
name = "natalizumab"
people = {treated}
doses = [{{ every_week = {_WEEKS}, count = {DAYS // (7 * _WEEKS)} }}]

[[arm]]
name = "placebo"
people = {placebo}
"""


def simulate_affirm(seed: int, folder: Path, evidence: Registry, progress: Progress) -> None:
    """The trial as tables of a clinic; its scenario is kept beside them."""
    make_folder(folder.parent)
    path = folder.parent / "scenario.toml"
    write_text_atomic(path, scenario(seed, evidence))
    run_simulate(SimulateRequest(scenario=path, out=folder), progress)
    _enter(folder / "people.csv")


def _enter(people: Path) -> None:
    """Everybody's day of entry, which people on placebo have no dose to tell."""
    with people.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    header = [*rows[0], "study_start"]
    entered = (row | {"study_start": START.isoformat()} for row in rows)
    write_csv(people, header, ([row[name] for name in header] for row in entered))


def plan_affirm(folder: Path, as_of: date) -> Path:
    """The protocol of the analysis, written before the data are read back."""
    path = folder / "protocol.toml"
    write_text_atomic(path, _PROTOCOL.format(written=START.isoformat(), as_of=as_of.isoformat()))
    return path
