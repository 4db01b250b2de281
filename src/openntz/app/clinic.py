"""Verbs of a clinic: `check`, `review`, `explain`, `forecast`, `evidence`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from openntz.app.options import (
    DEFAULT_SEED,
    EXIT_CLEAN,
    EXIT_SET_ASIDE,
    Acknowledged,
    AsOf,
    Folder,
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

if TYPE_CHECKING:
    from openntz.workflows.forecast import ForecastQuestion


def review(
    folder: Folder,
    out: Annotated[Path, typer.Option("--out", help="Folder for the worklist and the pages.")],
    as_of: AsOf = None,
    profile: ProfileName = "eu",
    site: Site = None,
    mapping: Mapping = None,
    compare: Annotated[
        Path | None,
        typer.Option("--compare", help="findings.json of an earlier review: what changed, why?"),
    ] = None,
    acknowledged: Acknowledged = None,
    seed: Seed = DEFAULT_SEED,
    workers: Workers = 2,
    scheduler: Scheduler = None,
) -> None:
    """Turn a clinic's export into a cited worklist and a page per person."""
    from openntz.app.progress import PatientProgress
    from openntz.app.say import say_review
    from openntz.workflows.review import ReviewRequest, run_review

    try:
        with PatientProgress(err_console()) as progress:
            outcome = run_review(
                ReviewRequest(
                    folder=folder,
                    out=out,
                    as_of=day_of(as_of),
                    profile=profile,
                    site=site,
                    mapping=mapping,
                    seed=seed,
                    workers=workers,
                    scheduler=scheduler,
                    compare=compare,
                    acknowledged=acknowledged,
                ),
                progress,
            )
    except OpenNTZError as error:
        stop(error)
    say_review(out_console(), outcome)
    raise typer.Exit(EXIT_SET_ASIDE if outcome.review.rejected else EXIT_CLEAN)


def explain(
    folder: Folder,
    person: Annotated[str, typer.Option("--person", help="Identifier as in the people table.")],
    rule: Annotated[
        str | None, typer.Option("--rule", help="Id of a rule, level.low for example; else all.")
    ] = None,
    as_of: AsOf = None,
    profile: ProfileName = "eu",
    site: Site = None,
    mapping: Mapping = None,
    acknowledged: Acknowledged = None,
    seed: Seed = DEFAULT_SEED,
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
) -> None:
    """Say why a person has a finding: rows, rule, limits, sources, and what would change it."""
    from openntz.app.say_explain import as_text, say_explain
    from openntz.workflows.explain import ExplainQuestion, run_explain

    try:
        answer = run_explain(
            ExplainQuestion(
                folder=folder,
                person=person,
                rule=rule,
                as_of=day_of(as_of),
                profile=profile,
                site=site,
                mapping=mapping,
                seed=seed,
                acknowledged=acknowledged,
            )
        )
    except OpenNTZError as error:
        stop(error)
    if as_json:
        typer.echo(as_text(answer))
    else:
        say_explain(out_console(), answer)
    raise typer.Exit(EXIT_SET_ASIDE if answer.set_aside else EXIT_CLEAN)


def check(folder: Folder, as_of: AsOf = None, site: Site = None, mapping: Mapping = None) -> None:
    """Read a clinic's tables and say what was used, assumed and set aside, and why."""
    from openntz.app.progress import PatientProgress
    from openntz.app.say import say_check
    from openntz.workflows.check import run_check

    try:
        with PatientProgress(err_console()) as progress:
            records = run_check(
                folder, as_of=day_of(as_of), mapping=mapping, site=site, progress=progress
            )
    except OpenNTZError as error:
        stop(error)
    say_check(out_console(), records)
    raise typer.Exit(EXIT_SET_ASIDE if records.rejected else EXIT_CLEAN)


def forecast(
    folder: Folder,
    person: Annotated[str, typer.Option("--person", help="Identifier as in the people table.")],
    as_of: AsOf = None,
    if_next_dose: Annotated[
        datetime | None,
        typer.Option(
            "--if-next-dose", formats=["%Y-%m-%d"], help="What if the next dose is given that day?"
        ),
    ] = None,
    profile: ProfileName = "eu",
    site: Site = None,
    mapping: Mapping = None,
    seed: Seed = DEFAULT_SEED,
    models: Annotated[
        str | None,
        typer.Option(
            "--models",
            help="What other models say: all, or ids and files of cards between commas; a page "
            "is written to --out.",
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder for the page of --models.")
    ] = None,
    decide: Annotated[
        bool,
        typer.Option(
            "--decide", help="Every open date of the next dose, and what one more level is worth."
        ),
    ] = False,
    what_if: Annotated[
        list[str] | None,
        typer.Option(
            "--what-if",
            help="late=2w, missed, stopped, restart=YYYY-MM-DD, route=SC, weight=90 or "
            "plasma-exchange=3; may be given several times.",
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print --decide and --what-if as JSON.")
    ] = False,
    readout: Annotated[
        list[str] | None,
        typer.Option(
            "--readout",
            help="Use other readings beside levels: saturation, lymphocytes; may be given twice.",
        ),
    ] = None,
    flatten: Annotated[
        float,
        typer.Option("--flatten", help="Multiply the variances between people, 2 for example."),
    ] = 1.0,
    assay_bias_from: Annotated[
        int | None,
        typer.Option(
            "--assay-bias-from",
            min=1,
            help="Estimate the bias of laboratories from so many on; 2 if left out.",
        ),
    ] = None,
) -> None:
    """Forecast one person's level and saturation, and what another next dose would mean."""
    from openntz.app.say import say_forecast
    from openntz.app.say_models import say_models
    from openntz.forecast.options import Options
    from openntz.workflows.forecast import ForecastQuestion, run_forecast
    from openntz.workflows.models import require_both, run_models

    try:
        wanted = require_both(models, out)
        options = Options.of(readout or (), flatten, assay_bias_from)
        if options != Options() and (decide or what_if or as_json or wanted is not None):
            raise InputError(
                "other assumptions than usual, and a decision or comparison that rests on the "
                "usual ones.",
                where="--readout, --flatten, --assay-bias-from",
                remedy="Ask for the one without the other.",
            )
        question = ForecastQuestion(
            folder=folder,
            person=person,
            as_of=day_of(as_of),
            next_dose=None if if_next_dose is None else if_next_dose.date(),
            profile=profile,
            site=site,
            mapping=mapping,
            seed=seed,
            options=options,
        )
        if decide or what_if or as_json:
            if wanted is not None or if_next_dose is not None:
                raise InputError(
                    "a decision or what-if, and another question besides.",
                    where="--models, --if-next-dose",
                    remedy="Ask for the one without the other; --what-if late=2w moves the dose.",
                )
            _next_dose(question, decide, tuple(what_if or ()), as_json)
            return
        answer = run_forecast(question)
        others = None if wanted is None else run_models(question, *wanted)
    except OpenNTZError as error:
        stop(error)
    say_forecast(out_console(), answer)
    if others is not None:
        say_models(out_console(), others)


def _next_dose(
    question: ForecastQuestion, decide: bool, what_if: tuple[str, ...], as_json: bool
) -> None:
    from openntz.app.say_next_dose import as_text, say_next_dose
    from openntz.workflows.next_dose import run_next_dose

    answer = run_next_dose(question, decide=decide or not what_if, what_if=what_if)
    if as_json:
        typer.echo(as_text(answer))
    else:
        say_next_dose(out_console(), answer)


def evidence(
    words: Annotated[
        list[str], typer.Argument(help="Id of a source or fact, or words to search for.")
    ],
    site: Site = None,
) -> None:
    """Show a fact or source of the registry: value, unit, origin, and how well it was read."""
    from openntz.app.say import say_evidence
    from openntz.workflows.evidence import look_up

    try:
        answer = look_up(" ".join(words), site=site)
    except OpenNTZError as error:
        stop(error)
    say_evidence(out_console(), answer)
