"""The command line: `openntz review`, `explain`, `forecast`, `estimate`, `evidence` and more.

Heavy imports stay inside the commands so that ``--help`` answers at once. Exit codes: 0 clean,
1 finished with rows set aside, 2 input that cannot be used.
"""

from __future__ import annotations

import signal
import sys
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, NoReturn

import typer

from openntz import __version__
from openntz.errors import InputError, OpenNTZError

if TYPE_CHECKING:
    from rich.console import Console

    from openntz.workflows.forecast import ForecastQuestion

EXIT_CLEAN: Final = 0
EXIT_SET_ASIDE: Final = 1
EXIT_UNUSABLE: Final = 2
DEFAULT_SEED: Final = 20261122
_PIPE_WIDTH: Final = 140
_INTERRUPTED: Final = 130  # what typer makes of Ctrl-C

app = typer.Typer(
    name="openntz",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="Open decision support for natalizumab therapy in multiple sclerosis. Research and "
    "decision-support software, not a medical device: it shows why, a human decides.",
)

Folder = Annotated[Path, typer.Argument(help="Folder with the clinic's tables (CSV or Parquet).")]
AsOf = Annotated[
    datetime | None,
    typer.Option("--as-of", formats=["%Y-%m-%d"], help="The day to judge from; today if left out."),
]
ProfileName = Annotated[
    str, typer.Option("--profile", help="Whose rules: eu, us (labels) or study (proposals).")
]
Site = Annotated[
    Path | None,
    typer.Option("--site", help="TOML file with the site's own numbers, who decided and when."),
]
Mapping = Annotated[
    Path | None,
    typer.Option("--mapping", help="TOML file that maps other column names, units and dates."),
]
Acknowledged = Annotated[
    Path | None,
    typer.Option(
        "--acknowledged",
        help="CSV of findings somebody has taken on: person, rule, who, when, until.",
    ),
]
Seed = Annotated[int, typer.Option("--seed", help="Random seed; the same seed, the same bytes.")]
Workers = Annotated[int, typer.Option("--workers", min=1, max=256, help="Processes to use.")]


def _out() -> Console:
    from rich.console import Console

    # A pipe has no width of its own; tables should not be squeezed into 80 columns there.
    return Console(highlight=False, width=None if sys.stdout.isatty() else _PIPE_WIDTH)


def _err() -> Console:
    from rich.console import Console

    return Console(stderr=True, highlight=False)


def _stop(error: OpenNTZError) -> NoReturn:
    from rich.text import Text

    console = _err()
    place = f"{error.where}: " if error.where else ""
    console.print(Text.assemble(("error ", "bold red"), place, error.what), soft_wrap=True)
    if error.remedy:
        console.print(Text.assemble(("  try ", "bold"), error.remedy), soft_wrap=True)
    raise typer.Exit(EXIT_UNUSABLE)


def _day(value: datetime | None) -> date:
    return date.today() if value is None else value.date()


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"openntz {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    """Open decision support for natalizumab therapy."""
    del version


@app.command()
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
) -> None:
    """Turn a clinic's export into a cited worklist and a page per person."""
    from openntz.app.progress import PatientProgress
    from openntz.app.say import say_review
    from openntz.workflows.review import ReviewRequest, run_review

    try:
        with PatientProgress(_err()) as progress:
            outcome = run_review(
                ReviewRequest(
                    folder=folder,
                    out=out,
                    as_of=_day(as_of),
                    profile=profile,
                    site=site,
                    mapping=mapping,
                    seed=seed,
                    workers=workers,
                    compare=compare,
                    acknowledged=acknowledged,
                ),
                progress,
            )
    except OpenNTZError as error:
        _stop(error)
    say_review(_out(), outcome)
    raise typer.Exit(EXIT_SET_ASIDE if outcome.review.rejected else EXIT_CLEAN)


@app.command()
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
                as_of=_day(as_of),
                profile=profile,
                site=site,
                mapping=mapping,
                seed=seed,
                acknowledged=acknowledged,
            )
        )
    except OpenNTZError as error:
        _stop(error)
    if as_json:
        typer.echo(as_text(answer))
    else:
        say_explain(_out(), answer)
    raise typer.Exit(EXIT_SET_ASIDE if answer.set_aside else EXIT_CLEAN)


@app.command()
def check(folder: Folder, as_of: AsOf = None, site: Site = None, mapping: Mapping = None) -> None:
    """Read a clinic's tables and say what was used, assumed and set aside, and why."""
    from openntz.app.progress import PatientProgress
    from openntz.app.say import say_check
    from openntz.workflows.check import run_check

    try:
        with PatientProgress(_err()) as progress:
            records = run_check(
                folder, as_of=_day(as_of), mapping=mapping, site=site, progress=progress
            )
    except OpenNTZError as error:
        _stop(error)
    say_check(_out(), records)
    raise typer.Exit(EXIT_SET_ASIDE if records.rejected else EXIT_CLEAN)


@app.command()
def export(
    folder: Folder,
    out: Annotated[Path, typer.Option("--out", help="File to write, for example data.csv.")],
    as_of: AsOf = None,
    site: Site = None,
    mapping: Mapping = None,
) -> None:
    """Write a clinic's doses and levels as NONMEM-style data, with a key of who is who."""
    from openntz.app.progress import PatientProgress
    from openntz.app.say_export import say_export
    from openntz.workflows.export import run_export

    try:
        with PatientProgress(_err()) as progress:
            records, written = run_export(
                folder, out, as_of=_day(as_of), mapping=mapping, site=site, progress=progress
            )
    except OpenNTZError as error:
        _stop(error)
    say_export(_out(), written)
    raise typer.Exit(EXIT_SET_ASIDE if records.rejected else EXIT_CLEAN)


@app.command()
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
            as_of=_day(as_of),
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
        _stop(error)
    say_forecast(_out(), answer)
    if others is not None:
        say_models(_out(), others)


def _next_dose(
    question: ForecastQuestion, decide: bool, what_if: tuple[str, ...], as_json: bool
) -> None:
    from openntz.app.say_next_dose import as_text, say_next_dose
    from openntz.workflows.next_dose import run_next_dose

    answer = run_next_dose(question, decide=decide or not what_if, what_if=what_if)
    if as_json:
        typer.echo(as_text(answer))
    else:
        say_next_dose(_out(), answer)


@app.command()
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
        with PatientProgress(_err()) as progress:
            found = run_estimate(card, data, out, threads=threads, progress=progress)
            drawn = (
                None
                if draws is None
                else run_draws(
                    found, out, draws=draws, seed=seed, threads=threads, progress=progress
                )
            )
    except OpenNTZError as error:
        _stop(error)
    say_estimate(_out(), found, out)
    if drawn is not None:
        say_draws(_out(), drawn)
    raise typer.Exit(EXIT_CLEAN if found.clean else EXIT_SET_ASIDE)


@app.command()
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
) -> None:
    """Hold forecasts against the levels that followed: how far can they be trusted here?"""
    from openntz.app.progress import PatientProgress
    from openntz.app.say_evaluate import say_evaluate, say_study
    from openntz.errors import InputError
    from openntz.workflows.evaluate import EvaluateRequest, run_evaluate
    from openntz.workflows.virtual_study import StudyOutcome, StudyRequest, run_study

    if virtual == (folder is not None):
        what = "a folder and --virtual exclude each other." if virtual else "nothing to evaluate."
        _stop(InputError(what, where="evaluate", remedy="Give a folder, or --virtual."))
    try:
        with PatientProgress(_err()) as progress:
            if folder is None:
                asked = StudyRequest(
                    out=out, people=people, card=card, site=site, seed=seed, workers=workers
                )
                found = run_study(asked, progress)
            else:
                request = EvaluateRequest(
                    folder=folder,
                    out=out,
                    as_of=_day(as_of),
                    profile=profile,
                    card=card,
                    site=site,
                    mapping=mapping,
                    seed=seed,
                    workers=workers,
                )
                found = run_evaluate(request, progress)
    except OpenNTZError as error:
        _stop(error)
    if isinstance(found, StudyOutcome):
        say_study(_out(), found)
        raise typer.Exit(EXIT_CLEAN)
    say_evaluate(_out(), found)
    raise typer.Exit(EXIT_SET_ASIDE if found.records.rejected else EXIT_CLEAN)


@app.command()
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
        _stop(error)
    say_evidence(_out(), answer)


def main() -> None:
    """Entry point of the ``openntz`` command.

    An interruption is said in one line. A reader that closes the pipe early (``| head``) ends
    the process by its signal, as Unix tools do, and not with an exit code that means something.
    """
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    try:
        app()
    except SystemExit as done:
        if done.code == _INTERRUPTED:
            sys.stderr.write("stopped; files already written are whole, the rest is as it was\n")
        raise
