"""Where what was compiled once is kept for the next start."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Final

# numba's own name for it: whoever moves numba's files moves these too.
FOLDER: Final = "NUMBA_CACHE_DIR"
_HOME: Final = "XDG_CACHE_HOME"


def folder(beside: Path) -> Path | None:
    """The folder that the environment names, ``beside``, or the user's; None if none can be used.

    Parameters
    ----------
    beside : Path
        A folder of the installed package, as Python itself keeps compiled modules.
    """
    chosen = os.environ.get(FOLDER)
    home = os.environ.get(_HOME)
    places = [Path(chosen) if chosen else beside / "__pycache__"]
    places.append((Path(home) if home else Path("~/.cache").expanduser()) / "openntz")
    for place in places:
        try:
            place.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=place):
                return place
        except OSError:
            continue
    return None
