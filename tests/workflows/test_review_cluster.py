"""Review and evaluate on a real cluster: two workers on this machine, one of them killed.

The oracle is the same command with one process: every byte it writes.
"""

from __future__ import annotations

import pickle
import shutil
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from openntz.course.course import TABLES
from openntz.errors import InputError
from openntz.models.reading import shipped
from openntz.workflows import shared_work as shared_work_module
from openntz.workflows.evaluate import EvaluateRequest, run_evaluate
from openntz.workflows.person import DEFAULT_CARD, Practice
from openntz.workflows.read import registry_for
from openntz.workflows.review import ReviewRequest, run_review
from openntz.workflows.shared_work import Recipe
from openntz.workflows.virtual_study import StudyRequest, run_study
from tests.workflows.cluster import KillsAWorker, bytes_of, pids, two_workers
from tests.workflows.quiet import QUIET

pytest.importorskip("distributed")

ROOT = Path(__file__).parents[2]
CLINIC = ROOT / "examples" / "clinic"
CARDS = ROOT / "src" / "openntz" / "models" / "cards"
AS_OF = date(2024, 6, 30)
# Two or three measured levels each, some of them later than that day.
PEOPLE = {"N006", "N007", "N012", "N018", "N020", "N024", "N026"}
SITE = """
[override."rise.baseline-within"]
value = 60
who = "A. Clinician"
when = 2024-01-15
"""
STUDY_SITE = """
[override."evaluate.virtual.lightest"]
value = 75
who = "A. Clinician"
when = 2024-01-15
"""


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    with two_workers() as started:
        yield started


def _some(folder: Path, people: set[str]) -> Path:
    """A few people of the example clinic, so that a run is short."""
    folder.mkdir()
    for table in TABLES:
        file = CLINIC / f"{table}.csv"
        if file.exists():
            head, *body = file.read_text("utf-8").splitlines()
            kept = [row for row in body if row.split(",")[0] in people]
            (folder / file.name).write_text("\n".join([head, *kept, ""]), encoding="utf-8")
    return folder


def _review(tables: Path, out: Path, watcher: Any = QUIET, **options: Any) -> Path:
    given = {"site": None, "workers": 1} | options
    request = ReviewRequest(
        folder=tables, out=out, as_of=AS_OF, profile="eu", mapping=None, seed=5, **given
    )
    run_review(request, watcher)
    return out


def _evaluate(tables: Path, out: Path, watcher: Any = QUIET, **options: Any) -> Path:
    run_evaluate(EvaluateRequest(folder=tables, out=out, as_of=AS_OF, seed=5, **options), watcher)
    return out


def test_review_loses_nothing_when_a_worker_is_killed(cluster: Any, tmp_path: Path) -> None:
    tables = _some(tmp_path / "tables", PEOPLE)
    site = tmp_path / "site.toml"
    site.write_text(SITE, encoding="utf-8")
    watcher = KillsAWorker(pids(cluster)[0])
    there = _review(
        tables, tmp_path / "there", watcher, site=site, scheduler=cluster.scheduler_address
    )
    assert watcher.came == list(range(1, len(PEOPLE) + 1))
    here = _review(tables, tmp_path / "here", site=site)
    assert bytes_of(there) == bytes_of(here)
    assert watcher.pid not in pids(cluster, 1)


def test_evaluate_with_an_own_card_loses_nothing_when_a_worker_is_killed(
    cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Small groups, so that work is left when the worker is gone.
    monkeypatch.setattr("openntz.workflows.evaluate._TOGETHER", 1)
    tables = _some(tmp_path / "tables", PEOPLE)
    card = tmp_path / "own card.toml"
    shutil.copy(CARDS / f"{DEFAULT_CARD}.toml", card)
    watcher = KillsAWorker(pids(cluster)[0])
    there = _evaluate(
        tables,
        tmp_path / "there",
        watcher,
        card=str(card),
        scheduler=cluster.scheduler_address,
    )
    assert len(watcher.came) > 3
    here = _evaluate(tables, tmp_path / "here", card=str(card))
    assert bytes_of(there) == bytes_of(here)


def _study(tables: Path, out: Path, watcher: Any = QUIET, **options: Any) -> Path:
    """The study on virtual people, which needs no tables."""
    run_study(StudyRequest(out=out, people=4, seed=5, **options), watcher)
    return out


def test_the_virtual_study_loses_nothing_when_a_worker_is_killed(
    cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Small groups, so that work is left when the worker is gone.
    monkeypatch.setattr("openntz.workflows.virtual_study._TOGETHER", 1)
    site = tmp_path / "site.toml"
    site.write_text(STUDY_SITE, encoding="utf-8")
    watcher = KillsAWorker(pids(cluster)[0])
    there = _study(
        tmp_path, tmp_path / "there", watcher, site=site, scheduler=cluster.scheduler_address
    )
    assert watcher.came == [1, 2, 3, 4]
    here = _study(tmp_path, tmp_path / "here", site=site)
    assert bytes_of(there) == bytes_of(here)
    plain = _study(tmp_path, tmp_path / "plain")
    assert bytes_of(plain) != bytes_of(here)


def test_workers_of_another_version_are_refused(
    cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The workers are processes of their own: only this one claims to be another version.
    monkeypatch.setattr(shared_work_module, "made_by", lambda: "9.9.9, facts and models 0")
    tables = _some(tmp_path / "tables", {"N016", "N032"})
    with pytest.raises(InputError, match=r"a worker runs .*, this process 9") as caught:
        _review(tables, tmp_path / "out", scheduler=cluster.scheduler_address)
    assert caught.value.where == "--scheduler"


@pytest.mark.parametrize("own_card", [False, True])
def test_a_recipe_makes_the_same_practice(tmp_path: Path, own_card: bool) -> None:
    site = tmp_path / "site.toml"
    site.write_text(SITE, encoding="utf-8")
    card = DEFAULT_CARD
    if own_card:
        card = str(shutil.copy(CARDS / f"{DEFAULT_CARD}.toml", tmp_path / "mine.toml"))
    made = Practice.create(registry=registry_for(site), profile="us", seed=9, card=card)
    sent = pickle.dumps(Recipe.of(made, card))
    # Sent with every call: a site's decisions, not the thousand facts they are applied to.
    assert len(sent) < 20_000
    again = pickle.loads(sent).practice()
    assert again.registry == made.registry
    assert again.profile.id == "us"
    assert again.seed == 9
    assert again.models.card.hash == made.models.card.hash
    assert again.models.settings == made.models.settings


def test_a_recipe_needs_the_card_it_was_made_with(tmp_path: Path) -> None:
    made = Practice.create(registry=registry_for(None), profile="eu", seed=9)
    assert DEFAULT_CARD in shipped()
    with pytest.raises(InputError, match="the card cannot be read"):
        Recipe.of(made, str(tmp_path / "gone.toml"))


def _command(name: str, run: Callable[..., Any]) -> Any:
    return pytest.param(run, id=name)


@pytest.mark.parametrize(
    "run",
    [
        _command("review", _review),
        _command("evaluate", _evaluate),
        _command("evaluate --virtual", _study),
    ],
)
def test_an_address_without_a_cluster_is_said(
    run: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("openntz.compute.cluster._PATIENCE_SECONDS", 1)
    tables = _some(tmp_path / "tables", {"N016", "N032"})
    with pytest.raises(InputError, match=r"no cluster answers at tcp://127\.0\.0\.1:9"):
        run(tables, tmp_path / "out", scheduler="tcp://127.0.0.1:9")
