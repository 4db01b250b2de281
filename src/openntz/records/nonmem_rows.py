"""One row of a NONMEM-style file as a record: its event, dose, level, occasion, covariates."""

from __future__ import annotations

import math
from typing import Final

from msgspec import Struct, field

from openntz.records.nonmem_cells import Cells, to_time
from openntz.records.nonmem_levels import Level, note_unmarked, read_level
from openntz.records.problems import CellError, ReadingError

OBSERVATION, DOSE, OTHER, RESET, RESET_AND_DOSE = range(5)
EVENTS: Final = (OBSERVATION, DOSE, OTHER, RESET, RESET_AND_DOSE)
DOSES: Final = (DOSE, RESET_AND_DOSE)
RESETS: Final = (RESET, RESET_AND_DOSE)
MODELLED_DURATION: Final = -2.0
_MODELLED_RATE: Final = -1.0
# Rates are printed with few digits: 100 in 0.083 h is written as 1200 per hour.
_PRINTED: Final = 0.01
MOST_DOSES: Final = 100_000  # of one row: daily for 270 years, and still fits into memory


class Record(Struct):
    """One row; missing dose items are 0 as in NONMEM, missing levels and covariates NaN.

    ``faults`` make the person's record unusable; ``flaws`` only the level or one other cell.
    """

    line: int
    time: float = math.nan
    clock: bool = False
    evid: int = OBSERVATION
    amt: float = 0.0
    rate: float = 0.0
    ii: float = 0.0
    addl: int = 0
    ss: int = 0
    cmt: int = 0
    mdv: int = 1
    level: Level = field(default_factory=Level)
    occasion: float = math.nan
    dvid: float = math.nan
    covariates: list[float] = field(default_factory=list)
    faults: list[CellError] = field(default_factory=list)
    flaws: list[CellError] = field(default_factory=list)


def read_record(cells: Cells) -> Record:
    """The row at hand.

    Raises
    ------
    CellError
        When the row is no dose or reset and has no time: then only the row is lost.
    """
    record = Record(cells.line)
    values = {item: _value(cells, item, record) for item in ("AMT", "RATE", "DUR", "II")}
    codes = {item: _code(cells, item, record) for item in ("ADDL", "SS", "CMT")}
    record.amt, record.rate, record.ii = values["AMT"], values["RATE"], values["II"]
    record.addl, record.ss, record.cmt = codes["ADDL"], codes["SS"], codes["CMT"]
    _event(cells, record)
    _time(cells, record)
    if record.evid in DOSES:
        _dose(cells, record, values["DUR"])
    else:
        _no_dose(cells, record, values["DUR"])
    _level(cells, record)
    record.occasion = _label(cells, "OCC", record)
    record.dvid = _label(cells, "DVID", record)
    record.covariates = cells.covariates()
    return record


def _value(cells: Cells, item: str, record: Record) -> float:
    try:
        return cells.number(item) or 0.0
    except CellError as error:
        record.faults.append(error)
        return 0.0


def _code(cells: Cells, item: str, record: Record) -> int:
    try:
        return cells.code(item) or 0
    except CellError as error:
        record.faults.append(error)
        return 0


def _label(cells: Cells, item: str, record: Record) -> float:
    try:
        code = cells.code(item)
    except CellError as error:
        record.flaws.append(error)
        code = None
    return math.nan if code is None else float(code)


def _event(cells: Cells, record: Record) -> None:
    """EVID and MDV, inferred as NM-TRAN does where the column is absent."""
    mdv = _mdv(cells, record)
    evid = None
    if cells.text("EVID"):
        evid = _code(cells, "EVID", record)
        if evid not in EVENTS:
            record.faults.append(
                cells.error("EVID", "not a type of event.", "EVID is 0, 1, 2, 3 or 4.")
            )
            evid = OTHER
    elif cells.has("EVID"):
        reason = "EVID is missing; it is inferred from AMT and MDV."
        cells.note("assumed", cells.columns.header("EVID"), "", reason, "Fill it in.")
    if evid is None:
        dosed = record.amt != 0 or (record.ss != 0 and record.rate > 0)
        evid = DOSE if dosed else OTHER if mdv == 1 else OBSERVATION
    elif evid != OBSERVATION and mdv == 0:
        reason = "MDV is 0 at a row that is no observation; no level is taken from it."
        cells.note("assumed", cells.columns.header("MDV"), "0", reason, "Set MDV to 1.")
    record.evid = evid
    record.mdv = 1 if evid != OBSERVATION else mdv or 0


def _mdv(cells: Cells, record: Record) -> int | None:
    try:
        mdv = cells.code("MDV")
        if mdv not in (None, 0, 1):
            raise cells.error("MDV", "not a code for a missing level.", "MDV is 0 or 1.")
    except CellError as error:
        record.flaws.append(error)
        return 1
    return mdv


def _time(cells: Cells, record: Record) -> None:
    text = cells.text("TIME")
    try:
        if not text:
            raise ReadingError("there is no time.", "Fill it in; NONMEM would read 0.")
        record.time, record.clock = to_time(text)
    except ReadingError as error:
        fault = cells.error("TIME", error.reason, error.remedy)
        if record.evid not in (OBSERVATION, OTHER) or record.faults:
            record.faults.append(fault)
            return
        raise fault from None


def _dose(cells: Cells, record: Record, duration: float) -> None:
    """Check a dose; what cannot be right makes the person's record unusable."""
    faults, error = record.faults, cells.error
    if faults:
        # What cannot be read was said; judging the rest by its absence would mislead.
        return
    if record.amt < 0:
        faults.append(error("AMT", "a dose cannot be negative.", "Give the amount given."))
    if record.cmt < 0:
        faults.append(error("CMT", "no compartment to dose.", "Give the dosed compartment."))
    _rate(cells, record, duration)
    constant = record.amt == 0 and record.rate > 0 and record.ss != 0 and record.ii == 0
    if record.amt == 0 and not constant:
        reason = "a dose without an amount."
        remedy = "Give AMT; only a constant infusion at steady state (SS, RATE, no II) has none."
        faults.append(error("AMT", reason, remedy))
    if record.ii < 0:
        faults.append(error("II", "an interval cannot be negative.", "Give II."))
    if record.addl < 0:
        faults.append(error("ADDL", "a number of doses cannot be negative.", "Give ADDL."))
    elif record.addl > MOST_DOSES:
        reason = f"more than {MOST_DOSES} further doses."
        faults.append(error("ADDL", reason, "Check ADDL."))
    if record.addl > 0 and record.ii == 0:
        faults.append(error("ADDL", "further doses without an interval.", "Give II."))
    if record.ss == 2:
        reason = "SS = 2, a steady state on top of earlier doses, is not supported."
        faults.append(error("SS", reason, "Write the doses out with ADDL and II."))
    elif record.ss not in (0, 1):
        faults.append(error("SS", "not a code for steady state.", "SS is 0 or 1."))
    elif record.ss == 1 and record.ii == 0 and record.amt != 0:
        faults.append(error("SS", "a steady state without an interval.", "Give II."))


def _rate(cells: Cells, record: Record, duration: float) -> None:
    faults, error = record.faults, cells.error
    if duration < 0:
        faults.append(error("DUR", "a duration cannot be negative.", "Give the duration."))
    elif duration > 0 and record.rate == 0:
        record.rate = record.amt / duration
        if not math.isfinite(record.rate):
            faults.append(error("DUR", "too short for an infusion.", "Check its unit."))
    elif duration > 0 and not math.isclose(record.rate * duration, record.amt, rel_tol=_PRINTED):
        reason = "the duration contradicts RATE and AMT."
        faults.append(error("DUR", reason, "Keep the right one."))
    if record.rate == _MODELLED_RATE:
        reason = "RATE = -1, a rate that the model estimates, is not supported."
        faults.append(error("RATE", reason, "Give the rate, or -2 for a modelled duration."))
    elif record.rate < 0 and record.rate != MODELLED_DURATION:
        reason = "a rate cannot be negative."
        faults.append(error("RATE", reason, "Give the rate, 0 for a bolus, or -2."))


def _no_dose(cells: Cells, record: Record, duration: float) -> None:
    # Where it cannot be told what the row is, its amount says nothing.
    if record.amt != 0 and not record.faults:
        reason = f"an amount at EVID {record.evid}, which is no dose."
        if record.amt < 0:
            reason = f"a negative amount at EVID {record.evid}, which is no dose."
        remedy = "If it was given, EVID is 1 (or 4 with a reset); if not, AMT is 0."
        record.faults.append(cells.error("AMT", reason, remedy))
    if record.cmt < 0:
        reason = "switching a compartment off is not supported."
        record.faults.append(cells.error("CMT", reason, "Use EVID 3 to empty all of them."))
    left = {"RATE": record.rate, "DUR": duration, "II": record.ii}
    left |= {"ADDL": record.addl, "SS": record.ss}
    for item, value in left.items():
        if value:
            reason = f"{item} at a row that is no dose has no effect."
            cells.note("assumed", cells.columns.header(item), cells.text(item), reason)
    record.amt = record.rate = record.ii = 0.0
    record.addl = record.ss = 0


def _level(cells: Cells, record: Record) -> None:
    """The level; one that cannot be used turns the row into a wanted prediction."""
    try:
        record.level = read_level(cells)
        if record.mdv == 0 and math.isnan(record.level.value):
            item = "DV" if cells.has("DV") else "LNDV"
            reason = "there is no level at an observation; the row is not used for fitting."
            raise cells.error(item, reason, "Give the level, or set MDV to 1.")
    except CellError as error:
        record.flaws.append(error)
        record.mdv = 1
    if record.mdv == 0:
        note_unmarked(cells, record.level)
