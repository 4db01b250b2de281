"""Reading an earlier findings.json: every fault is named, old versions are read."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openntz.errors import InputError
from openntz.monitor.finding import Status
from openntz.report.exports import findings_json, said
from openntz.workflows.earlier import read_earlier
from tests.report import build, invented

OLD = {
    "person": "N1",
    "rule": "review.due",
    "status": "due",
    "due": "2024-06-01",
    "message": "m",
    "evidence": ["doses:3"],
    "profile": "eu",
    "sources": [],
}


def write(tmp_path, content):
    path = tmp_path / "findings.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
    return path


def test_what_a_review_wrote_is_read_back_the_same(tmp_path):
    review = build.review(invented.everybody())
    assert read_earlier(write(tmp_path, findings_json(review))) == tuple(said(review))


def test_a_file_of_an_older_version_is_read_with_what_it_lacks_as_none(tmp_path):
    (found,) = read_earlier(write(tmp_path, [OLD]))
    assert (found.status, found.rows, found.limits, found.as_of) == (Status.DUE, None, None, None)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ("{", "not JSON (line 1"),
        ("", "not JSON"),
        ("[" * 100_000, "nested too deeply"),
        ({}, "not a list"),
        ([1], "entry 1: it is not an object"),
        ([{**OLD, "status": "fine"}], "entry 1: there is no status 'fine'"),
        ([OLD, {**OLD, "rule": 3}], "entry 2: rule is not a text"),
        ([{k: v for k, v in OLD.items() if k != "message"}], "entry 1: it has no message"),
        ([{**OLD, "due": "June"}], "due is no date: 'June'"),
        ([{**OLD, "due": 5}], "due is no date"),
        ([{**OLD, "evidence": "doses:3"}], "evidence is not a list"),
        ([{**OLD, "rows": []}], "of different length"),
        ([{**OLD, "limits": {"a": 1}}], "limits are not texts"),
        ([{**OLD, "status": ["due"]}], "there is no status"),
        ([OLD, OLD], "entry 2: a second finding of 'N1', 'review.due'"),
    ],
)
def test_a_bad_file_names_the_entry_and_the_fault(tmp_path, content, what):
    with pytest.raises(InputError) as caught:
        read_earlier(write(tmp_path, content))
    assert what in caught.value.what
    assert caught.value.where == "--compare"
    assert "findings.json" in caught.value.remedy


@pytest.mark.parametrize("name", ["none.json", ".", "a\0b"])
def test_a_path_that_cannot_be_read_is_an_error(tmp_path, name):
    with pytest.raises(InputError):
        read_earlier(tmp_path / name)


def test_bytes_that_are_no_text_are_an_error(tmp_path):
    path = tmp_path / "findings.json"
    path.write_bytes(b"\xff\xfe\x00[")
    with pytest.raises(InputError, match="UTF-8"):
        read_earlier(path)


leaf = st.none() | st.booleans() | st.integers() | st.text(max_size=8)
value = st.recursive(
    leaf,
    lambda x: (
        st.lists(x, max_size=3)
        | st.dictionaries(st.sampled_from([*OLD, "rows", "limits", "as_of"]), x, max_size=6)
    ),
    max_leaves=12,
)


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from([*OLD, "rows", "limits", "as_of"]), value))
def test_any_change_of_an_entry_is_read_or_named(tmp_path, changes):
    path = write(tmp_path, [{**OLD, **changes}])
    try:
        (found,) = read_earlier(path)
    except InputError:
        with pytest.raises(InputError, match="entry 1: "):
            read_earlier(path)
    else:
        assert found.status in Status
