"""Reading what every job needs: the tables, and the registry with a site's decisions."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from openntz.evidence.registry import Registry, registry
from openntz.records.csv import read_folder
from openntz.records.problems import Records


def registry_for(site: Path | None) -> Registry:
    """The registry, with a site file applied if there is one.

    Raises
    ------
    ProfileError, EvidenceError
        When the site file cannot be used as written.
    """
    return registry() if site is None else registry().with_site(site)


def read_folder_for(folder: Path, as_of: date, mapping: Path | None) -> Records:
    """The courses in a folder of tables.

    Raises
    ------
    InputError
        When nothing in the folder can be used.
    """
    return read_folder(folder, as_of=as_of, mapping=mapping)
