"""`openntz forecast --models`: the page is written, the table of an example person is kept."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace
from typer.testing import CliRunner

from openntz.app.cli import app
from openntz.errors import InputError, ModelError, OpenNTZError
from openntz.report.models_view import view
from openntz.workflows.forecast import ForecastQuestion
from openntz.workflows.models import SHIPPED, candidates, run_models
from openntz.workflows.read import registry_for
from tests.workflows.test_review import AS_OF, CLINIC, small_clinic

QUESTION = ForecastQuestion(
    folder=CLINIC,
    person="N003",
    as_of=AS_OF,
    next_dose=None,
    profile="eu",
    site=None,
    mapping=None,
    seed=3,
)
SITE = """
[override."models.prior-weight.label-linear"]
value = {value}
who = "Dr A. Name, MS clinic"
when = 2024-01-01
"""


@pytest.fixture(scope="module")
def answer(tmp_path_factory: pytest.TempPathFactory):
    folder = small_clinic(tmp_path_factory.mktemp("clinic") / "in", {"N003"})
    out = tmp_path_factory.mktemp("models") / "out"
    return run_models(replace(QUESTION, folder=folder), "all", out)


def test_table_of_an_example_person(answer, snapshot) -> None:
    """Kept as it is: a change of sampler or card shows here."""
    shown = view(answer.weighing, answer.person, answer.registry)
    table = ["  ".join((r.name, r.weight, *r.days, *r.below, *r.left)) for r in shown.rows]
    assert "\n".join([*table, *shown.sentences]) == snapshot


def test_page_and_assets_are_written(answer) -> None:
    out = answer.page.parents[1]
    assert answer.page == out / "models" / "N003.html"
    assert "What other models say" in answer.page.read_text("utf-8")
    assert {p.name for p in (out / "assets").iterdir()} == {"openntz.css", "openntz.js"}
    assert sum(o.weight for o in answer.weighing.opinions) == pytest.approx(1.0)


def test_main_model_comes_first_and_only_two_are_weighed() -> None:
    found = candidates("all", registry_for(None))
    assert [c.card.id for c in found] == list(SHIPPED)
    assert [c.prior_weight for c in found] == [1.0, 0.25, 0.0, 0.0]
    assert all(c.why for c in found)
    assert [c.card.id for c in candidates("biib107", registry_for(None))] == [SHIPPED[0], "biib107"]


def test_a_card_of_ones_own_is_shown_and_not_weighed(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    shipped = Path(__file__).parents[2] / "src/openntz/models/cards/label_linear.toml"
    own.write_text(shipped.read_text("utf-8").replace('"label_linear"', '"own"'), "utf-8")
    found = candidates(str(own), registry_for(None))
    assert (found[1].card.id, found[1].prior_weight) == ("own", 0.0)
    assert "No weight is decided" in found[1].why


def test_faults_are_named_with_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no_such_card"):
        candidates("no_such_card", registry_for(None))
    with pytest.raises(InputError, match="lies in the folder"):
        run_models(QUESTION, "label_linear", CLINIC / "out")
    found = CliRunner().invoke(
        app,
        ["forecast", str(CLINIC), "--person", "N003", "--models", "all"],
        env={"COLUMNS": "200"},
    )
    assert found.exit_code == 2
    assert "--models and --out go together" in found.stderr


def test_a_site_decides_the_weights(tmp_path: Path) -> None:
    site = tmp_path / "site.toml"
    site.write_text(SITE.format(value=1), "utf-8")
    assert candidates("all", registry_for(site))[1].prior_weight == 1.0
    site.write_text(SITE.format(value=-1), "utf-8")
    with pytest.raises(OpenNTZError, match="negative"):
        registry_for(site)
