"""Read the tables and report on them; nothing is computed or written."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from openntz.records.problems import Records
from openntz.workflows.progress import Progress
from openntz.workflows.read import read_tables, registry_for


def run_check(
    folder: Path, *, as_of: date, mapping: Path | None, site: Path | None, progress: Progress
) -> Records:
    """What was used, assumed and set aside.

    Raises
    ------
    InputError
        When nothing in the folder can be used.
    """
    return read_tables(folder, as_of, mapping, registry_for(site), progress)
