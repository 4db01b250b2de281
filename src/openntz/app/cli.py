"""The command line: every verb of ``openntz`` under one name.

Heavy imports stay inside the commands so that ``--help`` answers at once. Exit codes: 0 clean,
1 finished with rows set aside, 2 input that cannot be used.
"""

from __future__ import annotations

import atexit
import gc
import os
import signal
import sys
from typing import Annotated, Final

import typer

from openntz import __version__
from openntz.app import clinic, exporting, research, virtual

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


for verb in (clinic.review, clinic.explain, clinic.check, clinic.forecast, clinic.evidence):
    app.command()(verb)
for verb in (research.estimate, research.evaluate, exporting.export, research.reanalyse):
    app.command()(verb)
app.command("import")(research.import_data)
for verb in (virtual.simulate, virtual.validate):
    app.command()(verb)


def main() -> None:
    """Entry point of the ``openntz`` command.

    An interruption is said in one line. A reader that closes the pipe early (``| head``) ends
    the process by its signal, as Unix tools do, and not with an exit code that means something.
    """
    # Plugins that other packages bring for pydantic have no part in reading a card, and looking
    # for them takes as long as reading it.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "1")
    # Everything is written by then; looking for cycles once more would take 0.15 s after `review`.
    atexit.register(gc.freeze)
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    try:
        app()
    except SystemExit as done:
        if done.code == _INTERRUPTED:
            sys.stderr.write("stopped; files already written are whole, the rest is as it was\n")
        raise
