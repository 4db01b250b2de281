"""Verbs of researchers: `estimate`, `evaluate`, `import`, `reanalyse`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from openntz.app.options import (
    DEFAULT_SEED,
    EXIT_CLEAN,
    EXIT_SET_ASIDE,
    AsOf,
    Mapping,
    ProfileName,
    Scheduler,
    Seed,
    Site,
    Workers,
    day_of,
    err_console,
    out_console,
    stop,
)
from openntz.errors import InputError, OpenNTZError


def estimate(
    card: Annotated[str, typer.Argument(help="Id of a shipped model card, or a card's file.")],
    data: Annotated[Path, typer.Argument(help="NONMEM-style data file: ID, TIME, DV, AMT ...")],
    out: Annotated[Path, typer.Option("--out", help="Folder for the results.")],
    threads: Annotated[
        int, typer.Option("--threads", min=1, max=256, help="Threads; any number, the same bytes.")
    ] = 2,
    draws: Annotated[
        int | None,
        typer.Option(
            "--draws",
            min=100,
            max=100_000,
            help="Posterior draws per person, summed up in posterior.csv.",
        ),
    ] = None,
    seed: Seed = DEFAULT_SEED,
) -> None:
    """Estimate every person of a NONMEM-style file under one model card."""
    from openntz.app.progress import PatientProgress
    from openntz.app.say_draws import say_draws
    from openntz.app.say_estimate import say_estimate
    from openntz.workflows.estimate import run_estimate
    from openntz.workflows.estimate_draws import run_draws

    try:
        with PatientProgress(err_console()) as progress:
            found = run_estimate(card, data, out, threads=threads, progress=progress)
            drawn = (
                None
                if draws is None
                else run_draws(
                    found, out, draws=draws, seed=seed, threads=threads, progress=progress
                )
            )
    except OpenNTZError as error:
        stop(error)
    say_estimate(out_console(), found, out)
    if drawn is not None:
        say_draws(out_console(), drawn)
    raise typer.Exit(EXIT_CLEAN if found.clean else EXIT_SET_ASIDE)


def evaluate(
    out: Annotated[Path, typer.Option("--out", help="Folder for the page and the numbers.")],
    folder: Annotated[
        Path | None, typer.Argument(help="Folder with the clinic's tables (CSV or Parquet).")
    ] = None,
    virtual: Annotated[
        bool,
        typer.Option("--virtual", help="Repeat the published dosing study on virtual people."),
    ] = False,
    people: Annotated[
        int | None, typer.Option("--people", min=10, max=100_000, help="Virtual people.")
    ] = None,
    card: Annotated[
        str, typer.Option("--card", help="Model card: a shipped id or the path of a file.")
    ] = "van_den_berg_2025",
    as_of: AsOf = None,
    profile: ProfileName = "eu",
    site: Site = None,
    mapping: Mapping = None,
    seed: Seed = DEFAULT_SEED,
    workers: Workers = 2,
    scheduler: Scheduler = None,
) -> None:
    """Hold forecasts against the levels that followed: how far can they be trusted here?"""
    from openntz.app.progress import PatientProgress
    from openntz.app.say_evaluate import say_evaluate, say_study
    from openntz.workflows.evaluate import EvaluateRequest, run_evaluate
    from openntz.workflows.virtual_study import StudyOutcome, StudyRequest, run_study

    if virtual == (folder is not None):
        what = "a folder and --virtual exclude each other." if virtual else "nothing to evaluate."
        stop(InputError(what, where="evaluate", remedy="Give a folder, or --virtual."))
    try:
        with PatientProgress(err_console()) as progress:
            if folder is None:
                asked = StudyRequest(
                    out=out,
                    people=people,
                    card=card,
                    site=site,
                    seed=seed,
                    workers=workers,
                    scheduler=scheduler,
                )
                found = run_study(asked, progress)
            else:
                request = EvaluateRequest(
                    folder=folder,
                    out=out,
                    as_of=day_of(as_of),
                    profile=profile,
                    card=card,
                    site=site,
                    mapping=mapping,
                    seed=seed,
                    workers=workers,
                    scheduler=scheduler,
                )
                found = run_evaluate(request, progress)
    except OpenNTZError as error:
        stop(error)
    if isinstance(found, StudyOutcome):
        say_study(out_console(), found)
        raise typer.Exit(EXIT_CLEAN)
    say_evaluate(out_console(), found)
    raise typer.Exit(EXIT_SET_ASIDE if found.records.rejected else EXIT_CLEAN)


def _extra(error: ModuleNotFoundError) -> InputError:
    """What is missing where the packages for re-analysis were not installed."""
    return InputError(
        f"the package {error.name} is not installed.",
        where="reanalyse",
        remedy="Run `make research`, or install the extra: pip install 'openntz[trial]'.",
    )


def import_data(
    folder: Annotated[
        Path, typer.Argument(help="Folder with SDTM or ADaM (XPT, CSV, JSON), or OMOP tables.")
    ],
    out: Annotated[Path, typer.Option("--out", help="Folder for the eleven tables.")],
    mapping: Annotated[
        Path | None, typer.Option("--mapping", help="TOML file with the study's codes or concepts.")
    ] = None,
) -> None:
    """Turn SDTM, ADaM or OMOP tables into the eleven tables that every other command reads."""
    from openntz.app.say_research import say_import
    from openntz.workflows.importing import import_any

    try:
        found = import_any(folder, out, mapping)
    except OpenNTZError as error:
        stop(error)
    say_import(out_console(), found)
    raise typer.Exit(EXIT_SET_ASIDE if found.problems else EXIT_CLEAN)


def reanalyse(
    out: Annotated[Path, typer.Option("--out", help="Folder for the report and results.json.")],
    folder: Annotated[
        Path | None, typer.Argument(help="Folder with SDTM domains or the eleven tables.")
    ] = None,
    analysis: Annotated[
        list[str] | None,
        typer.Option("--analysis", help="One analysis by name; again for more. All if left out."),
    ] = None,
    protocol: Annotated[
        Path | None,
        typer.Option("--protocol", help="TOML file with what was planned; its hash is printed."),
    ] = None,
    aggregate_only: Annotated[
        bool,
        typer.Option("--aggregate-only", help="For locked rooms: no people, no small cells."),
    ] = False,
    demo: Annotated[
        str | None,
        typer.Option("--demo", help="Simulate a published study, analyse it, show both."),
    ] = None,
    as_of: AsOf = None,
    site: Site = None,
    mapping: Mapping = None,
    seed: Seed = DEFAULT_SEED,
) -> None:
    """Analyse a trial or cohort: tables, figures, definitions and hashes in one report."""
    from openntz.app.progress import PatientProgress
    from openntz.app.say_research import say_protocol, say_reanalysis

    try:
        from openntz.workflows.demo import run_demo
        from openntz.workflows.protocol import read_protocol
        from openntz.workflows.reanalyse import ReanalysisRequest, run_reanalysis
    except ModuleNotFoundError as error:
        stop(_extra(error))
    if (folder is None) == (demo is None):
        what = "nothing to analyse." if demo is None else "a folder and --demo exclude each other."
        stop(InputError(what, where="reanalyse", remedy="Give a folder, or --demo."))
    if demo is not None and any((analysis, protocol, as_of, site, mapping)):
        what = "--demo has its own analyses, numbers and dates."
        stop(InputError(what, where="reanalyse", remedy="Give --demo with --out and --seed only."))
    try:
        planned = None if protocol is None else read_protocol(protocol)
        if planned is not None:
            say_protocol(out_console(), planned)
        with PatientProgress(err_console()) as progress:
            if folder is None:
                found = run_demo(demo or "", out, seed, progress, aggregate_only=aggregate_only)
            else:
                day = planned.file.as_of if as_of is None and planned else day_of(as_of)
                request = ReanalysisRequest(
                    folder=folder,
                    out=out,
                    as_of=day,
                    site=site,
                    mapping=mapping,
                    names=tuple(analysis or ()),
                    protocol=planned,
                    aggregate_only=aggregate_only,
                )
                found = run_reanalysis(request, progress)
    except OpenNTZError as error:
        stop(error)
    say_reanalysis(out_console(), found)
    raise typer.Exit(EXIT_SET_ASIDE if found.rejected else EXIT_CLEAN)
