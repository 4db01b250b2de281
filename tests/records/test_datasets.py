"""Files of datasets: what Dataset-JSON 1.1 and transport files ask for, and texts as they are."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openntz.evidence.registry import registry
from openntz.records.adam.write import adam_datasets
from openntz.records.csv import read_folder
from openntz.records.datasets import (
    LONGEST_LABEL,
    LONGEST_NAME,
    Dataset,
    Variable,
    write_datasets,
)
from openntz.records.sdtm.domains import read_domains
from openntz.records.sdtm.variables import LABELS, SUPPLEMENTAL, VARIABLES
from openntz.records.sdtm.write import sdtm_datasets

CLINIC = Path(__file__).parents[2] / "examples" / "clinic"
AS_OF = date(2024, 6, 30)


@pytest.fixture(scope="module")
def written() -> tuple[Dataset, ...]:
    courses = [c.until(AS_OF) for c in read_folder(CLINIC, as_of=AS_OF).courses.values()]
    return (
        *sdtm_datasets(courses).datasets,
        *adam_datasets(courses, registry(), AS_OF)[0],
    )


def test_names_and_labels_fit_a_transport_file(written: tuple[Dataset, ...]) -> None:
    variables = [v for d in written for v in d.variables]
    variables += [v for own in VARIABLES.values() for v in own]
    assert all(len(v.name) <= LONGEST_NAME and v.name.isupper() for v in variables)
    assert all(0 < len(v.label) <= LONGEST_LABEL for v in variables)
    assert all(len(d.name) <= LONGEST_NAME and len(d.label) <= LONGEST_LABEL for d in written)
    assert all(len(q) <= LONGEST_NAME and len(t) <= LONGEST_LABEL for q, t in SUPPLEMENTAL.items())
    assert LABELS.keys() == VARIABLES.keys()


def test_dataset_json_says_what_version_1_1_requires(
    written: tuple[Dataset, ...], tmp_path: Path
) -> None:
    write_datasets(written, tmp_path, "json", AS_OF)
    kinds = {"string": str, "integer": int, "double": (int, float), "date": str, "datetime": str}
    for data in written:
        found = json.loads((tmp_path / f"{data.name.lower()}.json").read_text("utf-8"))
        assert {
            "datasetJSONCreationDateTime", "datasetJSONVersion", "itemGroupOID", "records",
            "name", "label", "columns", "rows",
        } <= found.keys()  # fmt: skip
        assert found["datasetJSONVersion"].startswith("1.1")
        assert found["records"] == len(found["rows"]) == len(data.rows)
        for at, column in enumerate(found["columns"]):
            assert {"itemOID", "name", "label", "dataType"} <= column.keys()
            cells = [row[at] for row in found["rows"] if row[at] is not None]
            assert all(isinstance(c, kinds[column["dataType"]]) for c in cells)
            if column["dataType"] == "string":
                assert max(map(len, cells), default=1) <= column["length"]


def test_the_same_data_are_the_same_bytes(written: tuple[Dataset, ...], tmp_path: Path) -> None:
    for written_as in ("csv", "json"):
        one, other = tmp_path / f"{written_as}1", tmp_path / f"{written_as}2"
        for folder in (one, other):
            folder.mkdir()
            write_datasets(written, folder, written_as, AS_OF)
        for path in one.iterdir():
            assert path.read_bytes() == (other / path.name).read_bytes()


# Surrogates are no text; blanks around and NUL are what no format keeps.
_TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=40).map(str.strip)


@settings(max_examples=30, deadline=None)
@given(st.lists(_TEXT, max_size=4), st.sampled_from(["json", "xpt"]))
def test_texts_come_back_as_they_were(texts: list[str], written_as) -> None:
    rows = tuple((f"S{i}", text) for i, text in enumerate(texts))
    data = Dataset(
        "CM", "Medications", (Variable("USUBJID", "Id"), Variable("CMTRT", "Name")), rows
    )
    with TemporaryDirectory() as folder:
        write_datasets([data], Path(folder), written_as, AS_OF)
        found, problems = read_domains(Path(folder), {})
    assert problems == ()
    assert [(r.get("USUBJID"), r.get("CMTRT")) for r in found["CM"].rows] == list(rows)
