"""A fault of a card: the key, what is wrong with it, and what to write instead."""

from __future__ import annotations

from msgspec import Struct


class Fault(Struct, frozen=True):
    """``key`` as the card's author would write it, ``what`` is wrong, and the ``remedy``."""

    key: str
    what: str
    remedy: str


class FaultsError(ValueError):
    """Faults found while a table is checked; keys are relative to that table."""

    def __init__(self, *faults: Fault) -> None:
        self.faults = faults
        super().__init__("; ".join(f.what for f in faults))


def below(table: str, key: str) -> str:
    """A key of a table as one text."""
    return f"{table}.{key}" if table and key else table or key
