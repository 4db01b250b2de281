"""`openntz simulate`: a scenario's virtual people as the tables a clinic would export.

The work is done in chunks (``simulated_chunks``) that are kept as they are finished
(``simulation_folder``), so that a run that was ended is continued by the same command.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from openntz import __version__
from openntz.compute.cluster import cluster_executor
from openntz.compute.executors import map_in_order
from openntz.errors import InputError
from openntz.mechanism.virtual.exposure import level_card
from openntz.workflows.compiled import ready_to_simulate
from openntz.workflows.folder_lock import only_run_in
from openntz.workflows.progress import Progress
from openntz.workflows.scenario import Scenario, read_scenario
from openntz.workflows.simulated_chunks import (
    TOGETHER,
    Chunk,
    ChunkWork,
    TableFormat,
    chunks_of,
    maker,
)
from openntz.workflows.simulation_folder import (
    TRAJECTORIES,
    Identity,
    SimulationFolder,
    missing,
)

# The layout of unfinished folders; a change of it must not be mixed with the one before.
_LAYOUT: Final = 1


class SimulateRequest(Struct, frozen=True, kw_only=True):
    """What to simulate, into which folder, and where the work runs.

    ``tables`` is the format of the eleven tables; ``trajectories`` also writes every state as
    Parquet; ``scheduler`` is the address of a dask cluster, used instead of own ``workers``.
    """

    scenario: Path
    out: Path
    seed: int | None = None
    tables: TableFormat = "csv"
    trajectories: bool = False
    workers: int = 1
    scheduler: str | None = None
    chunk_people: int = TOGETHER


class Simulation(Struct, frozen=True, kw_only=True):
    """What was simulated: rows by table, where they lie, and chunks an earlier run had done."""

    scenario: Scenario
    out: Path
    rows: dict[str, int]
    trajectories: Path | None
    chunks: int
    found_chunks: int


def _identity(request: SimulateRequest, scenario: Scenario) -> Identity:
    """Everything the bytes depend on, by names a message can use."""
    stated = json.dumps(scenario.model_dump(mode="json", exclude={"seed"}), sort_keys=True)
    return {
        "layout": _LAYOUT,
        "version": maker(),
        "scenario": hashlib.sha256(stated.encode()).hexdigest(),
        "seed": scenario.seed,
        "people in a chunk": request.chunk_people,
        "tables": request.tables,
        "trajectories": request.trajectories,
    }


def _about(scenario: Scenario) -> dict[str, Any]:
    return {
        "title": scenario.title,
        "seed": scenario.seed,
        "version": __version__,
        "people": sum(arm.people for arm in scenario.arm),
        "scenario": scenario.model_dump(mode="json"),
    }


def _work_out(
    request: SimulateRequest,
    work: ChunkWork,
    left: list[Chunk],
    folder: SimulationFolder,
    progress: Progress | None,
) -> None:
    with ExitStack() as stack:
        workers, executor = request.workers, None
        if request.scheduler is not None and left:
            cluster = stack.enter_context(cluster_executor(request.scheduler))
            workers, executor = cluster.workers, cluster.executor
        if executor is None and left:
            ready_to_simulate(level_card())
        done = map_in_order(work, left, workers=workers, executor=executor)
        if progress is not None:
            what = f"groups of up to {request.chunk_people} people"
            done = progress.track(done, len(left), what)
        own = maker()
        for made in done:
            if made.made_by != own:
                raise InputError(
                    f"a worker simulates with {made.made_by}, this process with {own}.",
                    where="--scheduler",
                    remedy="Install the same OpenNTZ on every worker.",
                )
            folder.keep(made)


def _continued(
    request: SimulateRequest, scenario: Scenario, chunks: list[Chunk], progress: Progress | None
) -> tuple[dict[str, int], list[Chunk]]:
    """Do what is left to do in the folder: rows by table, and the chunks that were left."""
    folder = SimulationFolder.opened(request.out, _identity(request, scenario), request.tables)
    rows, left = folder.result(), []
    if rows is None:
        left = [chunks[number] for number in missing(folder, len(chunks))]
        found = len(chunks) - len(left)
        if found and progress is not None:
            progress.say(f"{found} of {len(chunks)} groups were there; going on.")
        work = ChunkWork(
            scenario=scenario, tables=request.tables, trajectories=request.trajectories
        )
        _work_out(request, work, left, folder, progress)
        rows = folder.finish(range(len(chunks)), _about(scenario))
    return rows, left


def run_simulate(request: SimulateRequest, progress: Progress | None = None) -> Simulation:
    """Simulate a scenario and write its tables; equal seeds give equal bytes.

    A run that was ended, however, is continued: finished chunks are not worked out again, and
    the bytes are those of a run that was not.

    Raises
    ------
    OpenNTZError
        When the scenario cannot be used, the folder holds something else already, is worked in by
        another run or cannot be written, the model cannot be solved for somebody, or workers or a
        cluster fail.
    """
    scenario = read_scenario(request.scenario)
    if request.seed is not None:
        scenario = scenario.model_copy(update={"seed": request.seed})
    out = request.out
    chunks = chunks_of(scenario, request.chunk_people)
    try:
        out.mkdir(parents=True, exist_ok=True)
        with only_run_in(out):
            rows, left = _continued(request, scenario, chunks, progress)
    except OSError as error:
        raise InputError(
            f"{error.filename or out} cannot be written ({error.strerror}).",
            where="--out",
            remedy="Choose a folder that can be written.",
        ) from None
    return Simulation(
        scenario=scenario,
        out=out,
        rows=rows,
        trajectories=out / TRAJECTORIES if request.trajectories else None,
        chunks=len(chunks),
        found_chunks=len(chunks) - len(left),
    )
