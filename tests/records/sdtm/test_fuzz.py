"""Whatever stands in a domain: the tables it becomes can be read, and nothing fails unnamed."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from openntz.records.csv import read_folder
from openntz.workflows.importing import import_sdtm

_CELL = st.one_of(
    st.text(st.characters(exclude_categories=("Cs",)), max_size=12),
    st.sampled_from(
        ["S1", "2020-01-01T10:00", "2020-02-30", "2020", "LYM", "NATALIZUMAB", "IV", "1.9", "<2",
         "EDSS", "POSITIVE", "=cmd()", "\x00", '"', "URTICARIA", "99999999999999999999", "-1"]
    ),
)  # fmt: skip
_DOMAINS = {
    "ex": ("EXTRT", "EXDOSE", "EXROUTE", "EXSTDTC", "EXENDTC"),
    "lb": ("LBTESTCD", "LBORRES", "LBORRESU", "LBDTC", "LBLLOQ"),
    "is": ("ISTESTCD", "ISORRES", "ISORRESU", "ISDTC", "ISTHRESH"),
    "qs": ("QSTESTCD", "QSORRES", "QSDTC", "QSSTAT", "QSCAT"),
    "ae": ("AETERM", "AEDECOD", "AESTDTC", "AETOXGR", "AECAT"),
    "cm": ("CMTRT", "CMSTDTC", "CMENDTC", "CMCAT", "CMOCCUR"),
    "rp": ("RPTESTCD", "RPORRES", "RPGRPID", "RPDTC", "RPSTAT"),
}


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(sorted(_DOMAINS)), st.lists(st.tuples(*[_CELL] * 5), max_size=3))
def test_tables_made_of_anything_can_be_read(name: str, rows: list[tuple[str, ...]]) -> None:
    with TemporaryDirectory() as base:
        folder = Path(base) / "data"
        folder.mkdir()
        (folder / "dm.csv").write_text("USUBJID,SEX\nS1,F\n", encoding="utf-8")
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(("USUBJID", *_DOMAINS[name]))
            writer.writerows(("S1", *row) for row in rows)
        import_sdtm(folder, Path(base) / "out", None)
        records = read_folder(Path(base) / "out", as_of=date(2024, 1, 1))
    assert "S1" in records.courses
    assert all(p.reason and p.remedy for p in records.rejected)
