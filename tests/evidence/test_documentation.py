"""The page about the registry says what the registry does."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest
import tomli

from openntz.evidence.registry import Rank, registry
from openntz.evidence.show import describe

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "evidence.md").read_text("utf-8")
TOML_BLOCKS = re.findall(r"```toml\n(.*?)```", PAGE, flags=re.DOTALL)


def test_documented_site_file_is_applied(tmp_path: Path) -> None:
    (example,) = [block for block in TOML_BLOCKS if "[override." in block]
    file = tmp_path / "site.toml"
    file.write_text(example, encoding="utf-8")
    site = registry().with_site(file)
    decided = {name: fact for name, fact in site.facts.items() if fact.site is not None}
    assert set(decided) == set(re.findall(r'\[(?:override|confirm)\."(.+?)"\]', example))
    assert any(not registry().fact(name).verified for name in decided), "it confirms one"


def test_documented_fact_is_the_shipped_one() -> None:
    (example,) = [block for block in TOML_BLOCKS if "[facts." in block]
    for name, entry in tomli.loads(example)["facts"].items():
        fact = registry().fact(name)
        assert (fact.value, fact.low, fact.high) == (entry["value"], entry["low"], entry["high"])
        assert (fact.unit, fact.meaning) == (entry["unit"], entry["meaning"])
        assert (list(fact.sources), fact.rank) == (entry["source"], entry["rank"])


@pytest.mark.parametrize("rank", get_args(Rank))
def test_documented_rank_shows_what_a_fact_of_it_shows(rank: str) -> None:
    (row,) = re.findall(rf"^\| `{rank}` \|.*\| (.*) \|$", PAGE, flags=re.MULTILINE)
    assert row in {f.shown for f in registry().facts.values() if f.rank == rank}


def test_documented_queries_find_something() -> None:
    for query in re.findall(r"^openntz evidence (?:--site \S+ )?(.*?)(?:\s+#.*)?$", PAGE, re.M):
        assert describe(registry(), query).entries
