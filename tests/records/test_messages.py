"""What a user reads when a whole file, folder or mapping file cannot be used."""

from __future__ import annotations

import pytest

from openntz.errors import InputError
from openntz.records.csv import read_folder
from openntz.records.summary import check_lines
from tests.records.build import AS_OF, read, write

FILES = {
    "empty": b"",
    "only blank lines": b"\n\n\n",
    "header only": b"person,start,end,dose_mg,route\n",
    "missing column": b"person,start,end,amount_given,route\nA,2024-01-01,,300,IV\n",
    "no header": b"A,2024-01-01T10:00,,300,IV\n",
    "two columns of one name": (
        b"person,start,dose_mg,dose_mg,route\nA,2024-01-01T10:00,300,150,SC\n"
    ),
    "workbook": b"PK\x03\x04 and so on",
    "binary": bytes(range(1, 32)) * 20,
    "Windows-1252": b"person,start,dose_mg,route,setting\nA,2024-01-01T10:00,300,SC,Z\xfcrich\n",
    "UTF-16 without mark": (
        "person,start,dose_mg,route\nA,2024-01-01T10:00,300,SC\n".encode("utf-16-le")
    ),
    "NUL": b"person,start,dose_mg,route\nA,2024-01-01T10:00,3\x0000,SC\n",
    "NUL in the header": b"per\x00son,start,dose_mg,route\nA,2024-01-01T10:00,300,SC\n",
    "too long a line": b"person,start,dose_mg,route\nA," + b"x" * 1_000_001 + b"\n",
    "too long a cell": b"person,start,dose_mg,route\nA,2024-01-01," + b"x" * 200_000 + b",SC\n",
    "quotation mark": b'person,start,dose_mg,route\nA,"2024-01-01,300,SC\nA,2024-02-01,300,SC\n',
}


@pytest.mark.parametrize("case", FILES)
def test_file(tmp_path, case, snapshot):
    assert "\n".join(check_lines(read(tmp_path, doses=FILES[case]))) == snapshot


def test_no_folder_and_nothing_in_it(tmp_path, snapshot):
    said = []
    for folder in (tmp_path / "nowhere", tmp_path):
        with pytest.raises(InputError) as caught:
            read_folder(folder, as_of=AS_OF)
        said.append(str(caught.value).replace(str(tmp_path), "FOLDER"))
    write(tmp_path, people="person,birth_date\n=cmd(),1980-01-01\n")
    with pytest.raises(InputError) as caught:
        read_folder(tmp_path, as_of=AS_OF)
    said.append(str(caught.value).replace(str(tmp_path), "FOLDER"))

    assert said == snapshot


MISTAKES = [
    "[dose]\n",
    '[doses]\nfiles = "x"\n',
    '[doses]\nfile = "../x"\n',
    '[doses.columns]\nbegin = "x"\n',
    '[doses]\ndate_format = "DD/MM/YY"\n',
    '[doses]\ndecimal = ";"\n',
    '[doses]\ndelimiter = ":"\n',
    '[doses.tests]\nx = "natalizumab"\n',
    '[measurements.tests]\nx = "rhubarb"\n',
    "[[[\n",
]


def test_mapping_file(tmp_path, snapshot):
    said = []
    for text in MISTAKES:
        with pytest.raises(InputError) as caught:
            read(tmp_path, mapping=text)
        said.append(f"{text.strip()}\n  {caught.value}".replace(str(tmp_path.parent), "FOLDER"))

    assert "\n".join(said).replace(tmp_path.name, "export") == snapshot
