"""People of a NONMEM-style file: blocks of rows with one ID, and what must hold in each."""

from __future__ import annotations

import math
from collections.abc import Iterable
from types import MappingProxyType

import numpy as np
from msgspec import Struct, field

from openntz.records.nonmem_data import NonmemSubject, Numbers, Whole
from openntz.records.nonmem_rows import RESETS, Record
from openntz.records.problems import CellError

_ONE_READ_OUT = "Keep the rows of one kind of level; each kind needs a model of its own."


class Block(Struct):
    """Neighbouring rows of one ID; NONMEM's individual.

    ``first`` is the line it starts on, ``lines`` are its rows that are not rejected, ``faults``
    what makes the block unusable.
    """

    id: str
    number: int
    first: int
    lines: list[int] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    faults: list[tuple[int, CellError]] = field(default_factory=list)
    notes: list[tuple[int, CellError]] = field(default_factory=list)


def check(block: Block) -> None:
    """Add what is wrong with the rows of a block beside each other."""
    block.faults.extend((r.line, fault) for r in block.records for fault in r.faults)
    if not block.records and not block.faults:
        reason = "no row of this person can be used."
        block.faults.append((block.first, CellError("ID", block.id, reason, "Mend its rows.")))
    _order(block)
    _read_outs(block)
    _occasions(block)


def _order(block: Block) -> None:
    before = -math.inf
    for record in block.records:
        if record.time < before and record.evid not in RESETS:
            reason = f"time goes back, from {before:g} to {record.time:g}, without a reset."
            remedy = "Put the rows in order of time; only EVID 3 and 4 may start time anew."
            fault = CellError("TIME", f"{record.time:g}", reason, remedy)
            block.faults.append((record.line, fault))
        if not math.isnan(record.time):
            before = record.time


def _read_outs(block: Block) -> None:
    """One model card predicts one read-out: levels of two kinds are not mixed."""
    used = [r for r in block.records if r.mdv == 0]
    for column, of in (("CMT", lambda r: float(r.cmt)), ("DVID", lambda r: r.dvid)):
        # 0 and '.' leave the choice to the model.
        kinds = [(of(r), r.line) for r in used if of(r) and not math.isnan(of(r))]
        for kind, line in kinds:
            if kind != kinds[0][0]:
                reason = f"levels of several kinds: {column} {kinds[0][0]:g} and {kind:g}."
                block.faults.append((line, CellError(column, f"{kind:g}", reason, _ONE_READ_OUT)))
                break


def _occasions(block: Block) -> None:
    """Fill occasions that are missing where the rows around leave no choice."""
    records = block.records
    if all(math.isnan(record.occasion) for record in records):
        for record in records:
            record.occasion = 1.0
        return
    after = _filled(record.occasion for record in reversed(records))[::-1]
    before = _filled(record.occasion for record in records)
    for record, earlier, later in zip(records, before, after, strict=True):
        if not math.isnan(record.occasion):
            continue
        remedy = "Fill it in; NONMEM would read 0."
        if earlier == later:
            record.occasion = earlier
            reason = "The occasion is missing; it is that of the rows before and after."
            block.notes.append((record.line, CellError("OCC", "", reason, remedy)))
        else:
            reason = "the occasion is missing between or beside different ones."
            block.faults.append((record.line, CellError("OCC", "", reason, remedy)))


def _filled(values: Iterable[float]) -> list[float]:
    """Each value, or the last known one before it; NaN where there is none."""
    last = math.nan
    filled = []
    for value in values:
        last = last if math.isnan(value) else value
        filled.append(last)
    return filled


def _whole(values: Iterable[float]) -> Whole:
    array = np.array(list(values), dtype=np.int64)
    array.flags.writeable = False
    return array


def _numbers(values: Iterable[float]) -> Numbers:
    array = np.array(list(values), dtype=np.float64)
    array.flags.writeable = False
    return array


def subject(block: Block, covariates: tuple[str, ...]) -> NonmemSubject:
    """The arrays of a block without faults."""
    rows = block.records
    return NonmemSubject(
        id=block.id,
        block=block.number,
        line=_whole(r.line for r in rows),
        time=_numbers(r.time for r in rows),
        evid=_whole(r.evid for r in rows),
        amt=_numbers(r.amt for r in rows),
        rate=_numbers(r.rate for r in rows),
        ii=_numbers(r.ii for r in rows),
        addl=_whole(r.addl for r in rows),
        ss=_whole(r.ss for r in rows),
        cmt=_whole(r.cmt for r in rows),
        dv=_numbers(r.level.value for r in rows),
        mdv=_whole(r.mdv for r in rows),
        censored=_whole(r.level.censored for r in rows),
        limit=_numbers(r.level.limit for r in rows),
        occasion=_whole(int(r.occasion) for r in rows),
        covariates=MappingProxyType(
            {name: _numbers(r.covariates[at] for r in rows) for at, name in enumerate(covariates)}
        ),
    )
