"""A progress bar that appears only when work takes long and somebody is watching."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Final, TypeVar

from rich.console import Console

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

Item = TypeVar("Item")

# Shorter work needs no bar.
_PATIENCE_SECONDS: Final = 1.0


class _Relay(logging.Handler):
    """Passes what the package logs while it works on to whoever watches."""

    def __init__(self, progress: PatientProgress) -> None:
        super().__init__(logging.INFO)
        self._progress = progress

    def emit(self, record: logging.LogRecord) -> None:
        self._progress.say(record.getMessage())


class PatientProgress:
    """Tracks iterables; silent when the stream is not a terminal or the work is short.

    Use as a context manager; call :meth:`track` as often as there are stages. Remarks that the
    package logs meanwhile (that something is compiled) are said too.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._started = time.monotonic()
        self._bar: Progress | None = None
        self._reading: TaskID | None = None
        self._relay = _Relay(self)

    def __enter__(self) -> PatientProgress:
        package = logging.getLogger("openntz")
        package.setLevel(logging.INFO)
        package.addHandler(self._relay)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        logging.getLogger("openntz").removeHandler(self._relay)
        if self._bar is not None:
            self._bar.stop()

    def say(self, text: str) -> None:
        """One line for the watcher, for example that something is compiled once."""
        if self._console.is_terminal:
            self._console.print(text, style="dim")

    def _new_bar(self) -> Progress:
        # Imported when somebody watches: a scheduled or piped run never shows a bar.
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
        )

        return Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=self._console,
            transient=True,
            # No thread of its own: worker processes are forked while the bar stands.
            auto_refresh=False,
        )

    def _show(self) -> Progress | None:
        if not self._console.is_terminal:
            return None
        if self._bar is None and time.monotonic() - self._started > _PATIENCE_SECONDS:
            self._bar = self._new_bar()
            self._bar.start()
        return self._bar

    def bytes_read(self, done: int, total: int) -> None:
        """Move the bar of the reading stage."""
        bar = self._show()
        if bar is not None:
            if self._reading is None:
                self._reading = bar.add_task("megabytes", total=_megabytes(total))
            bar.update(self._reading, completed=_megabytes(done), refresh=True)

    def track(self, items: Iterable[Item], total: int, what: str) -> Iterator[Item]:
        """Pass items through, moving the bar once there is one."""
        task: TaskID | None = None
        for count, item in enumerate(items, start=1):
            yield item
            bar = self._show()
            if bar is not None:
                if task is None:
                    task = bar.add_task(what, total=total)
                bar.update(task, completed=count, refresh=True)


def _megabytes(count: int) -> int:
    return round(count / 1e6)
