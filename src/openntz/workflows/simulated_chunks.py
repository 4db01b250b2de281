"""A simulation in chunks: each is worked out by itself, anywhere, and ends as bytes.

A chunk needs nothing but the scenario and its own people, whose random numbers depend on seed,
arm and number alone. So it does not matter which process or machine works it out, or how often.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from functools import cache
from importlib import resources
from typing import Any, Final, Literal

import numpy as np
from msgspec import Struct

from openntz import __version__
from openntz.mechanism.virtual.exposure import level_card
from openntz.mechanism.virtual.parameters import shipped_parameters
from openntz.records.write import csv_text
from openntz.workflows.scenario import Scenario
from openntz.workflows.simulated_arm import ArmPart, simulate_part
from openntz.workflows.simulated_rows import HEADERS, Row, rows_of

# People worked on together: enough for fast arithmetic, few enough for memory.
TOGETHER: Final = 200
ROWS: Final = "rows.json"

TableFormat = Literal["csv", "parquet"]


class Chunk(Struct, frozen=True):
    """Some people of one arm: numbers ``first`` to ``last`` - 1 of arm ``group``, from 0."""

    number: int
    group: int
    first: int
    last: int


class MadeChunk(Struct, frozen=True):
    """A chunk's rows (a zip archive, a member a table) and, where wanted, states (Parquet)."""

    number: int
    made_by: str
    tables: bytes
    states: bytes | None


def chunks_of(scenario: Scenario, together: int = TOGETHER) -> list[Chunk]:
    """The chunks of a scenario in the order of its people."""
    parts = [
        (group, first, min(first + together, arm.people))
        for group, arm in enumerate(scenario.arm)
        for first in range(0, arm.people, together)
    ]
    return [Chunk(number, *part) for number, part in enumerate(parts)]


@cache
def maker() -> str:
    """Version and parameters this process simulates with: chunks of others are not mixed in."""
    text = resources.files("openntz.mechanism.virtual").joinpath("parameters.toml").read_bytes()
    inputs = hashlib.sha256(text + level_card().hash.encode()).hexdigest()[:16]
    return f"{__version__}, parameters {inputs}"


class ChunkWork(Struct, frozen=True, kw_only=True):
    """What turns a chunk into bytes; picklable, for workers that share no memory or disk."""

    scenario: Scenario
    tables: TableFormat
    trajectories: bool

    def __call__(self, chunk: Chunk) -> MadeChunk:
        """Simulate the people of a chunk.

        Raises
        ------
        SolverError
            When the pharmacokinetic model cannot be solved for somebody.
        """
        numbers = list(range(chunk.first, chunk.last))
        part = simulate_part(self.scenario, chunk.group, numbers, shipped_parameters())
        rows = rows_of(self.scenario, chunk.group, part)
        held = io.BytesIO()
        with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            archive.writestr(ROWS, json.dumps({table: len(rows[table]) for table in HEADERS}))
            for table in HEADERS:
                archive.writestr(table, _ENCODED[self.tables](table, rows[table]))
        states = _states(chunk.group, part) if self.trajectories else None
        return MadeChunk(chunk.number, maker(), held.getvalue(), states)


def _csv(_: str, rows: list[Row]) -> bytes:
    return csv_text(rows[0], rows[1:]).encode("utf-8") if rows else b""


def arrow_schema(table: str) -> Any:
    """Columns of a table in Parquet: text, as a clinic's CSV has it."""
    import pyarrow as pa

    return pa.schema([(column, pa.string()) for column in HEADERS[table]])


def _arrow(table: str, rows: list[Row]) -> bytes:
    import pyarrow as pa

    schema = arrow_schema(table)
    parts = zip(*rows, strict=True) if rows else [()] * len(schema)
    columns = [pa.array([str(cell) or None for cell in part], pa.string()) for part in parts]
    held = pa.BufferOutputStream()
    with pa.ipc.new_stream(held, schema) as stream:
        stream.write_table(pa.table(columns, schema=schema))
    return held.getvalue().to_pybytes()


_ENCODED: Final = {"csv": _csv, "parquet": _arrow}


_CELL_UNITS: Final = {
    "lymphocytes": "1e9_per_l",
    "cd19": "per_ul",
    "monocytes": "1e9_per_l",
    "eosinophils": "1e9_per_l",
    "basophils": "1e9_per_l",
    "neutrophils": "1e9_per_l",
}


def _states(group: int, part: ArmPart) -> bytes:
    """Every state of some people, a row per person and day."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    fates = part.fates
    people, days = fates.total.shape
    names = [f"A{group + 1}-{number + 1:06d}" for number in part.crowd.number]
    drive, lesions = fates.drive, fates.lesions
    states = {
        "total_drug_ug_per_ml": fates.total,
        "free_drug_ug_per_ml": fates.free,
        "antibodies_ng_per_ml": fates.titre,
        "saturation_fraction": fates.saturation,
        "open_fraction": fates.opened,
        **{f"{cell}_{unit}": fates.cells(cell) for cell, unit in _CELL_UNITS.items()},
        "inflammation": drive.fresh,
        "tissue_reservoir": drive.resident,
        "cells_held_back": drive.ready,
    }
    begun = {
        "enhancing_lesions_begun": lesions.enhancing,
        "new_t2_lesions_begun": lesions.new_t2,
        "enlarging_t2_lesions_begun": lesions.enlarging_t2,
        "relapses_begun": fates.relapses,
    }
    columns: dict[str, Any] = {
        "person": np.repeat(np.asarray(names, object), days),
        "day": np.tile(fates.day.astype(np.int32), people),
    }
    columns |= {name: state.astype(np.float32).ravel() for name, state in states.items()}
    columns |= {name: count.astype(np.int32).ravel() for name, count in begun.items()}
    held = io.BytesIO()
    pq.write_table(pa.table(columns), held, compression="zstd")
    return held.getvalue()
