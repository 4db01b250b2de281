"""Site files: a clinic overrides and confirms, with who and when, or is told what is wrong."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from openntz.errors import EvidenceError, OpenNTZError, ProfileError
from openntz.evidence.registry import Registry, build

SOURCES = {"sources": {"s": {"citation": "S", "kind": "paper", "read": "memory"}}}


def _fact(value: object, rank: str = "read", **more: object) -> dict[str, object]:
    return {"value": value, "unit": "wk", "meaning": "a gap", "source": "s", "rank": rank, **more}


@pytest.fixture(scope="module")
def known() -> Registry:
    facts = {
        "gap": _fact(8, low=7.0, high=9.0),
        "recalled": _fact(6, "unverified", vigilance="more"),
        "words": _fact("steroid; vitamin"),
        "yes": _fact(True),
        "slope": _fact(-0.3),
    }
    return build([("sources.toml", SOURCES)], [("facts.toml", {"facts": facts})])


def _applied(known: Registry, folder: Path, text: str) -> Registry:
    file = folder / "site.toml"
    file.write_text(text, encoding="utf-8")
    return known.with_site(file)


def test_override_sets_the_value_and_says_who(known: Registry, tmp_path: Path) -> None:
    site = _applied(
        known,
        tmp_path,
        '[override."gap"]\nvalue = 6\nwho = " A. Name "\nwhen = 2024-06-30\n',
    )
    fact = site.fact("gap")
    assert fact.number == 6.0
    assert fact.shown == "6 wk (set by A. Name, 2024-06-30)"
    assert fact.site is not None
    assert fact.site.replaces == 8
    assert (fact.low, fact.high) == (None, None), "the source's bounds are not the site's"
    assert site.site == str(tmp_path / "site.toml")
    assert known.fact("gap").number == 8.0, "the shipped registry stays as it is"


def test_confirmation_verifies_an_unverified_fact(known: Registry, tmp_path: Path) -> None:
    assert not known.fact("recalled").verified
    site = _applied(known, tmp_path, '[confirm."recalled"]\nwho = "A. Name"\nwhen = 2024-06-30\n')
    assert site.fact("recalled").verified
    assert site.fact("recalled").number == 6.0
    assert site.fact("recalled").shown == "6 wk (confirmed by A. Name, 2024-06-30)"
    assert site.fact("gap") == known.fact("gap"), "nothing else changes"


def test_text_and_yes_can_be_overridden(known: Registry, tmp_path: Path) -> None:
    who = 'who = "A"\nwhen = 2024-06-30\n'
    site = _applied(
        known,
        tmp_path,
        f'[override.words]\nvalue = "steroid"\n{who}[override.yes]\nvalue = false\n{who}'
        f"[override.slope]\nvalue = -0.4\n{who}",
    )
    assert site.fact("words").value == "steroid"
    assert site.fact("yes").value is False
    assert site.fact("slope").value == -0.4


def test_moment_counts_as_its_day_and_byte_order_mark_is_no_fault(
    known: Registry, tmp_path: Path
) -> None:
    text = '\ufeff[confirm.gap]\nwho = "A"\nwhen = 2024-06-30T10:00:00\n'
    decision = _applied(known, tmp_path, text).fact("gap").site
    assert decision is not None
    assert decision.when == date(2024, 6, 30)
    assert type(decision.when) is date


WHO = 'who = "A"\nwhen = 2024-06-30\n'


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("[override.gap\n", "not valid TOML"),
        ("gap = 6\n", "unknown table 'gap'"),
        (f"[overide.gap]\nvalue = 6\n{WHO}", "unknown table 'overide'"),
        ("override = 6\n", "unknown table 'override'"),
        ("[override]\ngap = 6\n", "needs exactly value, when, who"),
        ("[override.gap]\nvalue = 6\nwhen = 2024-06-30\n", "needs exactly value, when, who"),
        ('[override.gap]\nvalue = 6\nwho = "A"\n', "needs exactly value, when, who"),
        (f"[override.gap]\n{WHO}", "needs exactly value, when, who"),
        (f"[confirm.gap]\nvalue = 6\n{WHO}", "needs exactly when, who"),
        (f"[override.late-dose.act]\nvalue = 6\n{WHO}", "needs exactly value, when, who"),
        ('[confirm.gap]\nwho = "  "\nwhen = 2024-06-30\n', "who must be a name"),
        ("[confirm.gap]\nwho = 7\nwhen = 2024-06-30\n", "who must be a name"),
        ('[confirm.gap]\nwho = "A"\nwhen = "2024-06-30"\n', "when a date"),
        ('[confirm.gap]\nwho = "A"\nwhen = 10:00:00\n', "when a date"),
        (f"[override.gap]\nvalue = [6]\n{WHO}", "neither a number of usual size nor a text"),
        (f"[override.gap]\nvalue = nan\n{WHO}", "neither a number of usual size"),
        (f"[override.gap]\nvalue = -inf\n{WHO}", "neither a number of usual size"),
        (f"[override.gap]\nvalue = 1e300\n{WHO}", "neither a number of usual size"),
        (f"[override.gap]\nvalue = 0x{'f' * 6000}\n{WHO}", "neither a number of usual size"),
        (f'[override.words]\nvalue = "  "\n{WHO}', "neither a number of usual size"),
        (f"{'a.' * 3000}b = 1\n", "unknown table|nested too deeply"),
        (f"x = {'[' * 5000}{']' * 5000}\n", "nested too deeply|not valid TOML|unknown table"),
    ],
)
def test_malformed_site_file_is_refused(
    known: Registry, tmp_path: Path, text: str, what: str
) -> None:
    with pytest.raises(ProfileError, match=what) as error:
        _applied(known, tmp_path, text)
    assert "site.toml" in error.value.where
    assert error.value.remedy


@pytest.mark.parametrize(
    ("text", "what", "remedy"),
    [
        (f"[override.gaps]\nvalue = 6\n{WHO}", "no fact 'gaps'", "Did you mean gap"),
        (f"[confirm.gaps]\n{WHO}", "no fact 'gaps'", "Did you mean gap"),
        (f'[override.gap]\nvalue = "6"\n{WHO}', "another kind of value", "wk"),
        (f"[override.gap]\nvalue = true\n{WHO}", "another kind of value", "wk"),
        (f"[override.yes]\nvalue = 1\n{WHO}", "another kind of value", "wk"),
        (f"[override.words]\nvalue = 1\n{WHO}", "another kind of value", "wk"),
        (f"[override.gap]\nvalue = -6\n{WHO}", "cannot be negative", "0 or more"),
        (
            f"[override.gap]\nvalue = 6\n{WHO}[confirm.gap]\n{WHO}",
            "overridden and confirmed",
            "Keep one",
        ),
    ],
)
def test_site_file_against_the_registry_is_refused(
    known: Registry, tmp_path: Path, text: str, what: str, remedy: str
) -> None:
    with pytest.raises(EvidenceError, match=what) as error:
        _applied(known, tmp_path, text)
    assert "site.toml" in error.value.where
    assert remedy in error.value.remedy


@pytest.mark.parametrize("path", ["missing.toml", ".", "a\0b.toml"])
def test_unreadable_site_file_is_named(known: Registry, tmp_path: Path, path: str) -> None:
    with pytest.raises(ProfileError) as error:
        known.with_site(tmp_path / path)
    assert error.value.where
    assert error.value.remedy


def test_site_file_in_another_encoding_is_named(known: Registry, tmp_path: Path) -> None:
    file = tmp_path / "site.toml"
    file.write_bytes('[confirm.gap]\nwho = "Müller"\nwhen = 2024-06-30\n'.encode("cp1252"))
    with pytest.raises(ProfileError, match="not valid TOML"):
        known.with_site(file)


def _outcome(known: Registry, file: Path) -> Registry | OpenNTZError:
    try:
        return known.with_site(file)
    except (ProfileError, EvidenceError) as error:
        return error


_KEYS = st.sampled_from(["override", "confirm", "gap", "recalled", "words", "who", "when", "value"])
_SCALARS = st.one_of(
    st.sampled_from(["2024-06-30", "2024-06-30T10:00:00Z", "10:00:00", "nan", "-inf", "true"]),
    st.integers().map(str),
    st.integers(min_value=0).map(hex),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.text(st.characters(codec="utf-8", exclude_characters="\"\\\n\r'"), max_size=8).map(
        lambda text: f'"{text}"'
    ),
    st.just("[1, 2]"),
    st.just("{who = 1}"),
)
_LINES = st.one_of(
    st.tuples(_KEYS, _SCALARS).map(lambda kv: f"{kv[0]} = {kv[1]}"),
    st.tuples(_KEYS, _KEYS).map(lambda kv: f"[{kv[0]}.{kv[1]}]"),
    st.just('[override."gap"]\nvalue = 6\nwho = "A"\nwhen = 2024-06-30'),
    st.just('[confirm."recalled"]\nwho = "A"\nwhen = 2024-06-30'),
    st.text(max_size=12),
)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(lines=st.lists(_LINES, max_size=6))
def test_any_toml_like_site_file_is_applied_or_refused_by_name(
    known: Registry, tmp_path: Path, lines: list[str]
) -> None:
    file = tmp_path / "site.toml"
    file.write_bytes("\n".join(lines).encode("utf-8", errors="replace"))
    site = _outcome(known, file)
    if isinstance(site, OpenNTZError):
        assert str(file) in site.where
        assert site.remedy
        return
    for fact in site.facts.values():
        assert fact.shown
        assert fact.site is None or fact.site.who


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(content=st.binary(max_size=200))
def test_any_bytes_are_applied_or_refused_by_name(
    known: Registry, tmp_path: Path, content: bytes
) -> None:
    file = tmp_path / "site.toml"
    file.write_bytes(content)
    site = _outcome(known, file)
    if isinstance(site, OpenNTZError):
        assert str(file) in site.where
        assert site.remedy
        return
    assert dict(site.facts) == dict(known.facts), "no random bytes decide anything"
