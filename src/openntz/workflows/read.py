"""Reading what every job needs: the tables, and the registry with a site's decisions."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from openntz.evidence.registry import Registry, registry
from openntz.records.csv import read_folder
from openntz.records.problems import Records
from openntz.workflows.progress import Progress


def registry_for(site: Path | None) -> Registry:
    """The registry, with a site file applied if there is one.

    Raises
    ------
    ProfileError, EvidenceError
        When the site file cannot be used as written.
    """
    return registry() if site is None else registry().with_site(site)


def read_tables(
    folder: Path,
    as_of: date,
    mapping: Path | None,
    evidence: Registry,
    progress: Progress | None = None,
) -> Records:
    """The courses in a folder of tables, within the limits of a registry.

    Raises
    ------
    InputError
        When nothing in the folder, or the mapping file, can be used.
    """
    told = None if progress is None else progress.bytes_read
    return read_folder(folder, as_of=as_of, mapping=mapping, progress=told, evidence=evidence)
