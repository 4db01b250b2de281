"""Verbs of virtual people: `simulate` and `validate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from openntz.app.options import (
    DEFAULT_SEED,
    EXIT_CLEAN,
    Scheduler,
    Seed,
    Workers,
    err_console,
    out_console,
    stop,
)
from openntz.errors import OpenNTZError


def simulate(
    scenario: Annotated[Path, typer.Argument(help="TOML file: arms, visits, conduct, seed.")],
    out: Annotated[Path, typer.Option("--out", help="New folder for the tables.")],
    seed: Annotated[
        int | None, typer.Option("--seed", min=0, help="Another seed than the scenario's.")
    ] = None,
    trajectories: Annotated[
        bool, typer.Option("--trajectories", help="Also write every state, day by day, as Parquet.")
    ] = False,
    tables: Annotated[
        Literal["csv", "parquet"], typer.Option("--tables", help="Format of the tables.")
    ] = "csv",
    workers: Workers = 2,
    scheduler: Scheduler = None,
) -> None:
    """Simulate virtual people and write them as the tables a clinic would export.

    A run that was ended is continued by the same command.
    """
    from openntz.app.progress import PatientProgress
    from openntz.app.say_virtual import say_simulation
    from openntz.workflows.simulate import SimulateRequest, run_simulate

    try:
        with PatientProgress(err_console()) as progress:
            made = run_simulate(
                SimulateRequest(
                    scenario=scenario,
                    out=out,
                    seed=seed,
                    tables=tables,
                    trajectories=trajectories,
                    workers=workers,
                    scheduler=scheduler,
                ),
                progress,
            )
    except OpenNTZError as error:
        stop(error)
    say_simulation(out_console(), made)


def validate(
    out: Annotated[Path, typer.Option("--out", help="Folder for the page and the numbers.")],
    people: Annotated[
        int, typer.Option("--people", min=50, max=100_000, help="Virtual people in every arm.")
    ] = 2000,
    seed: Seed = DEFAULT_SEED,
    workers: Workers = 2,
) -> None:
    """Hold virtual people against every published result, failures included."""
    from openntz.app.progress import PatientProgress
    from openntz.app.say_virtual import say_validation
    from openntz.workflows.validate import ValidateRequest, run_validate

    try:
        with PatientProgress(err_console()) as progress:
            found = run_validate(
                ValidateRequest(out=out, people=people, seed=seed, workers=workers), progress
            )
    except OpenNTZError as error:
        stop(error)
    say_validation(out_console(), found)
    raise typer.Exit(EXIT_CLEAN)
