"""One family of errors; every message says what, where, and how to mend it."""

from __future__ import annotations

from functools import partial


class OpenNTZError(Exception):
    """Base of all errors raised on purpose.

    Parameters
    ----------
    what : str
        What is wrong, in one sentence.
    where : str
        File, line, key or argument at fault; empty when there is none.
    remedy : str
        What the reader can do about it.
    """

    def __init__(self, what: str, *, where: str = "", remedy: str = "") -> None:
        self.what = what
        self.where = where
        self.remedy = remedy
        super().__init__(what, where, remedy)

    def __reduce__(self) -> tuple[partial[OpenNTZError], tuple[str]]:
        # Errors cross from worker processes; pickle would pass the keywords by position.
        return partial(type(self), where=self.where, remedy=self.remedy), (self.what,)

    def __str__(self) -> str:
        head = f"{self.where}: {self.what}" if self.where else self.what
        return f"{head} {self.remedy}".rstrip() if self.remedy else head


class InputError(OpenNTZError):
    """A file or folder that cannot be used at all (exit code 2)."""


class UnitError(OpenNTZError):
    """A unit that is not known, or does not measure the quantity it stands beside."""


class EvidenceError(OpenNTZError):
    """A source or fact that is missing, malformed, or used against its rank."""


class ProfileError(OpenNTZError):
    """A profile or site file that cannot be used as written."""


class ModelError(OpenNTZError):
    """A model card that cannot be used as written."""


class SolverError(OpenNTZError):
    """Numerical failure of the integrator; carries a named status."""
