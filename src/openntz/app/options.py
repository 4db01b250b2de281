"""What the commands share: options, consoles, exit codes, and how an error is said."""

from __future__ import annotations

import sys
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, NoReturn

import typer

from openntz.errors import InputError, OpenNTZError

if TYPE_CHECKING:
    from rich.console import Console

EXIT_CLEAN: Final = 0
EXIT_SET_ASIDE: Final = 1
EXIT_UNUSABLE: Final = 2
DEFAULT_SEED: Final = 20261122
_PIPE_WIDTH: Final = 140
# As for dates in a record; a slip of a key is not a year.
_FIRST_YEAR: Final = 1900
_LAST_YEAR: Final = 2100

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
Scheduler = Annotated[
    str | None,
    typer.Option(
        "--scheduler", help="Address of a dask cluster to work on, instead of own processes."
    ),
]


def out_console() -> Console:
    """Where results go."""
    from rich.console import Console

    # A pipe has no width of its own; tables should not be squeezed into 80 columns there.
    return Console(highlight=False, width=None if sys.stdout.isatty() else _PIPE_WIDTH)


def err_console() -> Console:
    """Where progress and errors go."""
    from rich.console import Console

    return Console(stderr=True, highlight=False)


def stop(error: OpenNTZError) -> NoReturn:
    """Say an error with its remedy, and end with the code of unusable input."""
    from rich.text import Text

    console = err_console()
    place = f"{error.where}: " if error.where else ""
    console.print(Text.assemble(("error ", "bold red"), place, error.what), soft_wrap=True)
    if error.remedy:
        console.print(Text.assemble(("  try ", "bold"), error.remedy), soft_wrap=True)
    raise typer.Exit(EXIT_UNUSABLE)


def day_of(value: datetime | None) -> date:
    """The day an option names, today without one; a year no record can have ends the command."""
    if value is not None and not _FIRST_YEAR <= value.year <= _LAST_YEAR:
        stop(
            InputError(
                f"{value.date()} is no day a record can be judged from.",
                where="--as-of",
                remedy=f"Give a day from {_FIRST_YEAR} to {_LAST_YEAR}, as 2024-06-30.",
            )
        )
    return date.today() if value is None else value.date()
