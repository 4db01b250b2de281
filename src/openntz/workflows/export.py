"""`openntz export`: a clinic's doses and levels as NONMEM-style data."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from openntz.errors import InputError
from openntz.forecast.settings import Settings
from openntz.records.nonmem_write import NonmemExport, write_nonmem
from openntz.records.problems import Records
from openntz.workflows.progress import Progress
from openntz.workflows.read import read_tables, registry_for


def run_export(
    folder: Path,
    out: Path,
    *,
    as_of: date,
    mapping: Path | None,
    site: Path | None,
    progress: Progress,
) -> tuple[Records, NonmemExport]:
    """Read the tables and write what happened up to a day as NONMEM-style data.

    Raises
    ------
    OpenNTZError
        When the input cannot be used, or the file not be written.
    """
    registry = registry_for(site)
    records = read_tables(folder, as_of, mapping, registry, progress)
    courses = [course.until(as_of) for course in records.courses.values()]
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        found = write_nonmem(courses, out, assumed=Settings.from_registry(registry).assumed)
    except OSError as error:
        raise InputError(
            f"{error.filename or out} cannot be written ({error.strerror}).",
            where="--out",
            remedy="Check the free space and the rights of the folder, and run again.",
        ) from None
    return records, found
