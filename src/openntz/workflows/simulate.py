"""`openntz simulate`: a scenario's virtual people as the tables a clinic would export."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TextIO

import numpy as np

from openntz import __version__
from openntz.compute.executors import map_in_order
from openntz.errors import InputError
from openntz.mechanism.virtual.parameters import Parameters, shipped_parameters
from openntz.records.write import csv_text, write_text_atomic
from openntz.workflows.progress import Progress
from openntz.workflows.scenario import Scenario, read_scenario
from openntz.workflows.simulated_arm import ArmPart, simulate_part
from openntz.workflows.simulated_rows import HEADERS, Rows, rows_of

# People worked on together: enough for fast arithmetic, few enough for memory.
_TOGETHER: Final = 200
TRAJECTORIES: Final = "trajectories"

Columns = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulateRequest:
    """What to simulate, into which folder; ``trajectories`` also writes every state as Parquet."""

    scenario: Path
    out: Path
    seed: int | None = None
    trajectories: bool = False
    workers: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """What was simulated: rows by table, and where they lie."""

    scenario: Scenario
    out: Path
    rows: dict[str, int]
    trajectories: Path | None


def _parts(scenario: Scenario) -> list[tuple[int, list[int]]]:
    return [
        (group, list(range(first, min(first + _TOGETHER, arm.people))))
        for group, arm in enumerate(scenario.arm)
        for first in range(0, arm.people, _TOGETHER)
    ]


def _trajectory(group: int, part: ArmPart) -> Columns:
    """Every state of some people, a row per person and day."""
    fates = part.fates
    people, days = fates.total.shape
    names = [f"A{group + 1}-{number + 1:06d}" for number in part.crowd.number]
    states = {
        "total_drug_ug_per_ml": fates.total,
        "free_drug_ug_per_ml": fates.free,
        "antibodies_ng_per_ml": fates.titre,
        "saturation_fraction": fates.saturation,
        "open_fraction": fates.opened,
        "lymphocytes_1e9_per_l": fates.cells("lymphocytes"),
        "cd19_per_ul": fates.cells("cd19"),
        "inflammation": fates.drive.fresh,
    }
    columns: Columns = {
        "person": np.repeat(np.asarray(names, object), days),
        "day": np.tile(fates.day.astype(np.int32), people),
    }
    return columns | {name: table.astype(np.float32).ravel() for name, table in states.items()}


def simulated_parts(
    scenario: Scenario,
    parameters: Parameters,
    *,
    trajectories: bool = False,
    workers: int = 1,
    progress: Progress | None = None,
) -> Iterator[tuple[Rows, Columns | None]]:
    """Rows, and states where wanted, of all people in order; the same whatever the workers.

    Raises
    ------
    OpenNTZError
        When the pharmacokinetic model cannot be solved, or a worker is ended from outside.
    """
    parts = _parts(scenario)

    def one(which: int) -> tuple[Rows, Columns | None]:
        group, numbers = parts[which]
        part = simulate_part(scenario, group, numbers, parameters)
        return (
            rows_of(scenario, group, part),
            _trajectory(group, part) if trajectories else None,
        )

    done = map_in_order(one, range(len(parts)), workers=workers)
    if progress is not None:
        done = progress.track(done, len(parts), f"groups of up to {_TOGETHER} people")
    return iter(done)


def _write_states(out: Path, states: Iterator[Columns]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    writer = None
    try:
        for columns in states:
            table = pa.table(columns)
            if writer is None:
                writer = pq.ParquetWriter(out, table.schema, compression="zstd")
            writer.write_table(table)
    finally:
        if writer is not None:
            writer.close()


class _Tables:
    """The eleven tables while they grow; they get their names when all are whole."""

    def __init__(self, out: Path) -> None:
        self._out = out
        self.counts = dict.fromkeys(HEADERS, 0)
        self._files: dict[str, TextIO] = {}

    def __enter__(self) -> _Tables:
        for table, header in HEADERS.items():
            stream = self._unfinished(table).open("w", encoding="utf-8", newline="")
            self._files[table] = stream
            stream.write(csv_text(header, []))
        return self

    def __exit__(self, *error: object) -> None:
        for table, stream in self._files.items():
            stream.close()
            self._unfinished(table).unlink(missing_ok=True)

    def _unfinished(self, table: str) -> Path:
        return self._out / f".part-{table}.csv"

    def add(self, rows: Rows) -> None:
        """Append the rows of some people."""
        for table, lines in rows.items():
            if lines:
                self._files[table].write(csv_text(lines[0], lines[1:]))
                self.counts[table] += len(lines)

    def finish(self) -> None:
        """Close the files and give them their names."""
        for table, stream in self._files.items():
            stream.close()
            self._unfinished(table).replace(self._out / f"{table}.csv")


def _about(scenario: Scenario, rows: dict[str, int]) -> str:
    stated = {
        "title": scenario.title,
        "seed": scenario.seed,
        "version": __version__,
        "people": sum(arm.people for arm in scenario.arm),
        "rows": rows,
        "scenario": scenario.model_dump(mode="json"),
    }
    return json.dumps(stated, indent=2, ensure_ascii=False) + "\n"


def run_simulate(request: SimulateRequest, progress: Progress | None = None) -> Simulation:
    """Simulate a scenario and write its tables; equal seeds give equal bytes.

    Raises
    ------
    OpenNTZError
        When the scenario cannot be used, the folder holds something already, or cannot be
        written.
    """
    scenario = read_scenario(request.scenario)
    if request.seed is not None:
        scenario = scenario.model_copy(update={"seed": request.seed})
    out = request.out
    try:
        out.mkdir(parents=True, exist_ok=True)
        # Rows of an older study left beside the new ones would be read as one clinic.
        if any(out.iterdir()):
            raise InputError(
                "the folder is not empty.", where=str(out), remedy="Choose a new or empty folder."
            )
        parts = simulated_parts(
            scenario,
            shipped_parameters(),
            trajectories=request.trajectories,
            workers=request.workers,
            progress=progress,
        )
        with _Tables(out) as tables:

            def states() -> Iterator[Columns]:
                for some, columns in parts:
                    tables.add(some)
                    if columns is not None:
                        yield columns

            states_file = None
            if request.trajectories:
                (out / TRAJECTORIES).mkdir()
                states_file = out / TRAJECTORIES / "states.parquet"
                _write_states(states_file, states())
            else:
                for _ in states():
                    pass
            tables.finish()
        write_text_atomic(out / "simulation.json", _about(scenario, tables.counts))
    except OSError as error:
        raise InputError(
            f"{error.filename or out} cannot be written ({error.strerror}).",
            where="--out",
            remedy="Choose a folder that can be written.",
        ) from None
    return Simulation(scenario=scenario, out=out, rows=tables.counts, trajectories=states_file)
