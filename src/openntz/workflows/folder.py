"""The folder that results go into."""

from __future__ import annotations

from pathlib import Path

from openntz.errors import InputError


def make_folder(out: Path) -> None:
    """Make it, with those above it; one that is there already will do.

    Raises
    ------
    InputError
        When it cannot be made.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"{out} cannot be used ({error.strerror}).",
            where="--out",
            remedy="Choose a folder that can be written.",
        ) from None
