"""The first folder that can be written is used."""

from __future__ import annotations

from pathlib import Path

import pytest

from openntz.kept import folder


def test_a_folder_that_cannot_be_written_is_passed_over(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    blocked = tmp_path / "file"
    blocked.touch()
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(blocked / "below"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    assert folder(tmp_path) == tmp_path / "home" / "openntz"
    monkeypatch.setenv("XDG_CACHE_HOME", str(blocked))
    assert folder(tmp_path) is None


def test_without_a_named_folder_it_lies_beside_the_code(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    assert folder(tmp_path) == tmp_path / "__pycache__"
