"""Small exports for the tests: a folder with a person, and tables as text."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from openntz.records.csv import read_folder
from openntz.records.problems import Problem, Records

AS_OF = date(2024, 6, 30)
PEOPLE = "person,birth_date,sex,ms_onset\nA,1980-01-01,F,2010-05-01\n"


def write(folder: Path, **tables: str | bytes) -> Path:
    """Tables as files; people with the person A unless it is given."""
    for name, text in {"people": PEOPLE, **tables}.items():
        data = text.encode("utf-8") if isinstance(text, str) else text
        (folder / f"{name}.csv").write_bytes(data)
    return folder


def read(folder: Path, as_of: date = AS_OF, mapping: str = "", **tables: str | bytes) -> Records:
    """Write the tables and read them, with a mapping file if its text is given."""
    write(folder, **tables)
    path = None
    if mapping:
        path = folder.parent / f"{folder.name}-mapping.toml"
        path.write_text(mapping, encoding="utf-8")
    return read_folder(folder, as_of=as_of, mapping=path)


def only(problems: tuple[Problem, ...]) -> Problem:
    """The one problem there is."""
    (problem,) = problems
    return problem


def dose_rows(*rows: str) -> str:
    """A table of doses."""
    header = "person,start,end,dose_mg,route,product,batch,setting,premedication"
    return "\n".join((header, *rows)) + "\n"


def result_rows(*rows: str) -> str:
    """A table of measurements."""
    header = "person,taken,test,value,unit,lloq,threshold,assay,lab"
    return "\n".join((header, *rows)) + "\n"
