"""Parquet, streamed in batches; every cell becomes the text a CSV would hold.

pyarrow is loaded only when there is a Parquet file to read.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from openntz.records.problems import CellError

_BATCH_ROWS: Final = 8192
_REMEDY: Final = "Write it again as plain Parquet, with text, numbers and local clock times."


def cell_text(value: Any) -> str:
    """A value as a CSV would hold it; nothing for what is missing or no number."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)


class ParquetTable:
    """One Parquet file with the face of ``TextTable``; row n counts as line n + 1."""

    def __init__(self, path: Path) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        self._errors = (pa.ArrowException, OSError, ValueError, KeyError, ArithmeticError)
        self.notes: list[str] = []
        self.header_line = 1
        # Its directory stands at its end: a file that is cut off is not opened at all.
        self.cut_off = False
        self.file = path.name
        self.position = 0
        self._size = path.stat().st_size
        try:
            self._file = pq.ParquetFile(path)
        except self._errors as error:
            raise self._error(error) from None
        self.names = list(self._file.schema_arrow.names)

    def __enter__(self) -> ParquetTable:
        return self

    def __exit__(self, *exception: object) -> None:
        self._file.close()

    @staticmethod
    def _error(error: Exception) -> CellError:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        return CellError("", "", f"the Parquet file cannot be read: {first}", _REMEDY)

    def records(self) -> Iterator[tuple[int, list[str]]]:
        """Each row as text cells.

        Raises
        ------
        CellError
            When the file turns out to be damaged, or holds values that cannot be read.
        """
        line, total = 1, max(self._file.metadata.num_rows, 1)
        try:
            for batch in self._file.iter_batches(_BATCH_ROWS):
                columns = [_python_values(column) for column in batch.columns]
                for cells in zip(*columns, strict=True):
                    line += 1
                    yield line, [cell_text(cell) for cell in cells]
                self.position = self._size * (line - 1) // total
        except self._errors as error:
            raise self._error(error) from None


def _python_values(column: Any) -> list[Any]:
    import pyarrow as pa

    kind = column.type
    if pa.types.is_timestamp(kind) and kind.unit == "ns":
        # Nanoseconds have no Python type; a clinic's clock does not tell them either.
        column = column.cast(pa.timestamp("us", tz=kind.tz), safe=False)
    return column.to_pylist()
