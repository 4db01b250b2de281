"""The shipped sources and facts keep to their conventions."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest

from openntz.evidence.registry import registry
from openntz.evidence.show import describe

KINDS = {
    "paper",
    "trial",
    "label",
    "guideline",
    "programme",
    "registry",
    "laboratory",
    "code",
    "founding",
    "project",
}
READ = {"full text", "excerpt", "abstract", "copy or secondary", "memory", "not read"}
KEBAB = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
DOTTED_KEBAB = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)+")
DATE = re.compile(r"(\d{4}(-\d{2}(-\d{2})?)?)?")

BARE_ADDRESS = re.compile(r"[\d.]+")


def _link_fault(url: str) -> str:
    """What is wrong with a link: a mirror by bare address or port is no origin to point to."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme not in {"http", "https"} or "." not in host:
        return "not a web address"
    return "a bare address or a port" if parts.port or BARE_ADDRESS.fullmatch(host) else ""


@pytest.mark.parametrize(
    "url",
    ["ftp://example.org/x", "example.org", "https://1.2.3.4/x", "https://example.org:3001/x"],
)
def test_faulty_links_are_found(url: str) -> None:
    assert _link_fault(url)


def test_sources_keep_to_the_conventions() -> None:
    for source in registry().sources.values():
        assert KEBAB.fullmatch(source.id), source.id
        assert source.kind in KINDS, source.id
        assert source.read in READ, source.id
        assert DATE.fullmatch(source.date), source.id
        assert not source.url or not _link_fault(source.url), source.id


def test_fact_ids_are_dotted_kebab_case() -> None:
    for name in registry().facts:
        assert DOTTED_KEBAB.fullmatch(name), name


def test_no_name_is_both_fact_and_source() -> None:
    assert not set(registry().facts) & set(registry().sources)


def test_founding_documents_and_labels_are_there() -> None:
    wanted = [f"founding-s{n}" for n in range(5)]
    wanted += ["eu-smpc", "eu-leaflet", "us-pi", "us-label-old", "swiss-label", "mims", "openntz"]
    for name in wanted:
        assert describe(registry(), name).exact
