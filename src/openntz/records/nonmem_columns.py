"""The columns of a NONMEM-style data file: reserved names, their synonyms, and covariates."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Final

from msgspec import Struct

from openntz.records.problems import CellError, shown

# Reserved items and what else they are called in use; all other columns are covariates.
SYNONYMS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "ID": ("CID",),
        "TIME": (),
        "AMT": (),
        "RATE": (),
        "DUR": ("TINF",),
        "II": (),
        "ADDL": (),
        "SS": (),
        "EVID": (),
        "CMT": (),
        "DV": (),
        "LNDV": ("LOGDV",),
        "MDV": (),
        "BLQ": ("BLOQ", "BQL"),
        "CENS": ("CENSORED",),
        "LLOQ": ("LOQ",),
        "LIMIT": (),
        "OCC": ("OCCASION",),
        "DVID": (),
        "C": (),
    }
)
CALENDAR: Final = frozenset({"DATE", "DAT1", "DAT2", "DAT3"})
_ROLES: Final[Mapping[str, str]] = MappingProxyType(
    {name: role for role, names in SYNONYMS.items() for name in (role, *names)}
)


def plain(header: str) -> str:
    """A header as NONMEM compares it: without outer blanks, in capitals."""
    return header.strip().upper()


def is_reserved(header: str) -> bool:
    """Whether a header names a reserved item or a calendar column."""
    return plain(header) in _ROLES or plain(header) in CALENDAR


class Columns(Struct, frozen=True):
    """Where each reserved item and each covariate stands in a row.

    ``headers`` are the names as written, ``unused`` the columns that are not read and why.
    """

    index: Mapping[str, int]
    headers: Mapping[str, str]
    covariates: Mapping[str, int]
    unused: tuple[tuple[str, str], ...]

    def header(self, role: str) -> str:
        """The name under which an item stands in the file, for messages."""
        return self.headers.get(role, role)


def bind(names: list[str], drop: Collection[str]) -> Columns:
    """Which column is what.

    Parameters
    ----------
    names : list of str
        Header cells in file order.
    drop : collection of str
        Columns to leave out, as ``=DROP`` does in NM-TRAN.

    Raises
    ------
    CellError
        When ID, TIME or DV is missing, two columns stand for one item, a calendar date
        would change what TIME means, or a column to drop does not exist.
    """
    dropped = {plain(name) for name in drop}
    present = [plain(name) for name in names]
    if missing := sorted(dropped - set(present)):
        raise CellError(missing[0], "", "there is no such column to drop.", "Check its spelling.")
    index: dict[str, int] = {}
    headers: dict[str, str] = {}
    covariates: dict[str, int] = {}
    unused: list[tuple[str, str]] = []
    for at, (header, name) in enumerate(zip(names, present, strict=True)):
        if name in dropped:
            unused.append((header.strip(), "is left out, as asked."))
        elif not name:
            unused.append((f"column {at + 1}", "has no name and is not read."))
        elif name in CALENDAR:
            raise CellError(
                header.strip(),
                "",
                "calendar dates are not supported: with them TIME is a clock time of that day.",
                "Compute the time elapsed since the first record as TIME and drop the date.",
            )
        elif name in _ROLES:
            _add(index, _ROLES[name], at, names)
            headers[_ROLES[name]] = header.strip()
        elif name in {plain(known) for known in covariates}:
            reason = "two columns have this name."
            raise CellError(header.strip(), "", reason, "Rename or drop one.")
        else:
            covariates[header.strip()] = at
    _check(index, names)
    if "DV" in index and "LNDV" in index:
        unused.append((headers["LNDV"], "is not read: the column DV holds the same levels."))
        del index["LNDV"]
    return Columns(
        MappingProxyType(index),
        MappingProxyType(headers),
        MappingProxyType(covariates),
        tuple(unused),
    )


def _add(index: dict[str, int], role: str, at: int, names: list[str]) -> None:
    rival = {"BLQ": "CENS", "CENS": "BLQ"}.get(role, role)
    for taken in (role, rival):
        if taken in index:
            raise CellError(
                names[at].strip(),
                "",
                f"stands for the same as the column {shown(names[index[taken]].strip())}.",
                "Keep one of them, or drop the other.",
            )
    index[role] = at


def _check(index: Mapping[str, int], names: list[str]) -> None:
    found = shown(", ".join(name.strip() for name in names))
    for role in ("ID", "TIME"):
        if role not in index:
            raise CellError(
                role,
                "",
                f"there is no column {role}; the columns are {found}.",
                "The first line names the columns; name it there.",
            )
    if "DV" not in index and "LNDV" not in index:
        raise CellError(
            "DV", "", f"there is no column DV or LNDV; the columns are {found}.", "Name it."
        )
