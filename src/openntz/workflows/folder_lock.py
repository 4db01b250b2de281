"""One run at a time in a folder: a small file names the process that works there.

The file is removed when the run ends. One that a killed run left behind is taken over when its
process is known to be gone, which can be told on the same machine only; a process id may have
been given to another process since, so the moment it started is compared where the system says.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from openntz.errors import InputError

LOCK: Final = ".running"
_STARTED: Final = 19  # of the fields after the command in /proc/PID/stat: when it started


def _started(pid: int) -> str:
    """What tells a process from a later one of the same id; empty where nothing says."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    fields = stat.rpartition(")")[2].split()
    # A process that has ended and was not yet waited for works no more.
    return "" if fields[0] in "ZX" else fields[_STARTED]


def _alive(pid: int, started: str) -> bool:
    if os.name != "posix":
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return not started or _started(pid) == started


@contextmanager
def _undisturbed(folder: Path) -> Iterator[None]:
    """Nobody else on this machine takes or takes over a lock in the meantime."""
    try:
        import fcntl
    except ImportError:
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _holder(file: Path) -> dict[str, Any] | None:
    try:
        text = file.read_text(encoding="utf-8")
        # Empty: ended between making the file and its one short write.
        found = json.loads(text) if text else {}
    except FileNotFoundError:
        return None
    except ValueError:
        found = None
    if found == {}:
        return None
    if isinstance(found, dict) and isinstance(found.get("pid"), int) and found["pid"] > 0:
        return found
    raise InputError(
        "the file that names the run at work in this folder is damaged.",
        where=str(file),
        remedy="When no other run works in the folder, delete this file and run again.",
    )


@contextmanager
def only_run_in(folder: Path) -> Iterator[None]:
    """Hold an existing folder for this process while the block runs.

    Raises
    ------
    InputError
        When another run holds it, or one of another machine may.
    OSError
        When it cannot be written.
    """
    file, host, pid = folder / LOCK, socket.gethostname(), os.getpid()
    with _undisturbed(folder):
        other = _holder(file)
        if other is not None:
            theirs, at = other["pid"], str(other.get("host", ""))
            if at != host:
                raise InputError(
                    f"a run on the machine {at!r:.60} (process {theirs}) works in this folder, or "
                    "was ended there.",
                    where=str(folder),
                    remedy=f"Wait for it. When it is known to have ended, delete {file}.",
                )
            if _alive(theirs, str(other.get("started", ""))):
                raise InputError(
                    f"another run (process {theirs}) works in this folder.",
                    where=str(folder),
                    remedy="Wait until it has ended, or choose another folder.",
                )
        own = {"pid": pid, "host": host, "started": _started(pid)}
        file.write_text(json.dumps(own) + "\n", encoding="utf-8")
    try:
        yield
    finally:
        file.unlink(missing_ok=True)
