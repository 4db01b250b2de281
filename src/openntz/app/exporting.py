"""The verb `export`: a clinic's or trial's courses for other programs."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

import typer

from openntz.app.options import (
    EXIT_CLEAN,
    EXIT_SET_ASIDE,
    AsOf,
    Folder,
    Mapping,
    Site,
    day_of,
    err_console,
    out_console,
    stop,
)
from openntz.errors import InputError, OpenNTZError


class Layout(StrEnum):
    """What to write."""

    NONMEM = "nonmem"
    SDTM = "sdtm"
    ADAM = "adam"


class WrittenAs(StrEnum):
    """Files of datasets."""

    CSV = "csv"
    JSON = "json"
    XPT = "xpt"


def export(
    folder: Folder,
    out: Annotated[
        Path, typer.Option("--out", help="File to write (nonmem), or folder (sdtm, adam).")
    ],
    to: Annotated[
        Layout, typer.Option("--to", help="NONMEM-style data, or datasets by SDTM or ADaM.")
    ] = Layout.NONMEM,
    written_as: Annotated[
        WrittenAs, typer.Option("--format", help="Files of datasets; nonmem is always csv.")
    ] = WrittenAs.CSV,
    as_of: AsOf = None,
    site: Site = None,
    mapping: Mapping = None,
) -> None:
    """Write courses as NONMEM-style data (with a key of who is who), as SDTM or as ADaM."""
    try:
        if to is Layout.NONMEM:
            rejected = _nonmem(folder, out, written_as, (as_of, site, mapping))
        else:
            target: Literal["sdtm", "adam"] = "sdtm" if to is Layout.SDTM else "adam"
            rejected = _datasets(folder, out, target, written_as, (as_of, site, mapping))
    except OpenNTZError as error:
        stop(error)
    raise typer.Exit(EXIT_SET_ASIDE if rejected else EXIT_CLEAN)


_Common = tuple[AsOf, Site, Mapping]


def _nonmem(folder: Path, out: Path, written_as: WrittenAs, common: _Common) -> bool:
    from openntz.app.progress import PatientProgress
    from openntz.app.say_export import say_export
    from openntz.workflows.export import run_export

    if written_as is not WrittenAs.CSV:
        raise InputError(
            f"NONMEM-style data are a table of text, not {written_as.value}.",
            where="--format",
            remedy="Leave it out, or choose --to sdtm or adam.",
        )
    as_of, site, mapping = common
    with PatientProgress(err_console()) as progress:
        records, written = run_export(
            folder, out, as_of=day_of(as_of), mapping=mapping, site=site, progress=progress
        )
    say_export(out_console(), written)
    return bool(records.rejected)


def _datasets(
    folder: Path,
    out: Path,
    target: Literal["sdtm", "adam"],
    written_as: WrittenAs,
    common: _Common,
) -> bool:
    from openntz.app.progress import PatientProgress
    from openntz.app.say_export import say_datasets
    from openntz.workflows.export_datasets import ExportRequest, export_datasets

    as_of, site, mapping = common
    request = ExportRequest(
        folder=folder,
        out=out,
        target=target,
        written_as=written_as.value,
        as_of=day_of(as_of),
        mapping=mapping,
        site=site,
    )
    with PatientProgress(err_console()) as progress:
        records, written = export_datasets(request, progress)
    say_datasets(out_console(), written)
    return bool(records.rejected)
