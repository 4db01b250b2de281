"""People who cannot be estimated, or only with a remark: named, and nobody else is touched."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from openntz.evidence.registry import registry
from openntz.workflows.estimate import estimate, run_estimate
from openntz.workflows.estimates import PersonEstimate
from tests.workflows.quiet import QUIET
from tests.workflows.test_estimate import REFERENCE, of_person, table

EXAMPLE = Path(__file__).parents[2] / "examples" / "estimate"
CARD = EXAMPLE / "card.toml"
HEAD = "ID,TIME,EVID,AMT,RATE,DV,CENS,MDV,WT\n"
DOSE = "{},0,1,300,7200,.,0,1,70\n"
USUAL = DOSE.format(1) + "1,27.9,0,0,0,21,0,0,70\n"


def person(rows: str, tmp_path: Path, card: Path | str = CARD) -> PersonEstimate:
    """The first person of some rows, beside a usual one."""
    path = tmp_path / "data.csv"
    path.write_text(HEAD + rows + USUAL.replace("1,", "9,", 1).replace("\n1,", "\n9,"))
    found = estimate(card, path)
    assert found.people[-1].status == "ok"
    return found.people[0]


def test_without_a_level_the_prior_is_shown_as_such(tmp_path: Path) -> None:
    found = person(DOSE.format(1), tmp_path)
    assert found.status == "prior only"
    assert {(eta.eta, eta.status) for eta in found.etas} == {(0.0, "prior only")}
    omega = math.sqrt(math.log1p(0.3**2))  # a CV of 30 %, log-normal
    assert found.etas[0].se == pytest.approx(omega, rel=1e-12)
    assert found.objective == pytest.approx(0.0, abs=1e-9)
    np.testing.assert_array_equal(found.pred, found.ipred)


def test_an_effect_the_data_tell_nothing_about_is_called_prior(tmp_path: Path) -> None:
    """A level the limit of which is far above anything: its standard errors are the prior's."""
    rows = DOSE.format(1) + "1,27.9,0,0,0,100000,1,0,70\n"
    found = person(rows, tmp_path)
    assert found.status == "ok"
    assert {eta.status for eta in found.etas} == {"prior"}
    share = registry().fact("estimate.no-information-share").number
    assert 0.0 < share < 100.0


def test_all_levels_beyond_limits(tmp_path: Path) -> None:
    rows = DOSE.format(1) + "1,27.9,0,0,0,5,1,0,70\n1,40,0,0,0,5,1,0,70\n"
    found = person(rows, tmp_path)
    assert (found.status, found.readings, found.limits) == ("ok", 2, 2)
    assert found.etas[0].eta > 0.0  # so low a level means a fast clearance
    assert "beyond a limit" in found.notes[0]
    assert found.worst is None


def test_contradictory_levels_have_a_fit_and_a_remark(tmp_path: Path) -> None:
    rows = DOSE.format(1) + "1,20,0,0,0,90,0,0,70\n1,20.1,0,0,0,2,0,0,70\n"
    found = person(rows, tmp_path)
    assert found.status == "ok"
    assert found.worst is not None
    assert abs(found.worst.iwres) > registry().fact("estimate.misfit-iwres").number
    assert f"line {found.worst.line}" in found.notes[-1]


def test_a_level_before_any_dose_does_not_drown_the_others(tmp_path: Path) -> None:
    """Proportional error: a level where the model has none would have no density."""
    card = tmp_path / "card.toml"
    text = CARD.read_text("utf-8")
    text = text.replace("combined variances", "proportional")
    card.write_text("\n".join(row for row in text.splitlines() if not row.startswith("additive")))
    alone = person(USUAL, tmp_path, card)
    with_zero = person("1,-1,0,0,0,0,0,0,70\n" + USUAL, tmp_path, card)
    with_level = person("1,-1,0,0,0,4,0,0,70\n" + USUAL, tmp_path, card)
    for other in (with_zero, with_level):
        assert [e.eta for e in other.etas] == pytest.approx([e.eta for e in alone.etas], abs=1e-9)
        assert other.objective == pytest.approx(alone.objective, abs=1e-6)
    assert with_zero.problems == ()
    (problem,) = with_level.problems
    assert (problem.line, problem.column, problem.value) == (2, "DV", "4")


def test_a_steady_state_that_does_not_exist_fails_for_that_person_only(tmp_path: Path) -> None:
    """Input of 100 g a dose exceeds the largest elimination of the card."""
    case = "one-cpt-oral-saturable-steady-state"
    rows = (REFERENCE / "derived" / case / "data.csv").read_text().splitlines()
    path = tmp_path / "data.csv"
    path.write_text("\n".join(r.replace(",150,0,2,8,1,", ",100000,0,2,8,1,") for r in rows) + "\n")
    card = REFERENCE / "cards" / "derived" / f"{case}.toml"
    found = run_estimate(card, path, tmp_path / "out", threads=1, progress=QUIET)
    assert [p.status for p in found.people] == ["ok", "failed", "ok"]
    assert not found.clean
    assert found.people[1].reason.startswith("no steady state")
    assert "Record the doses" in found.people[1].reason
    etas = of_person(table(tmp_path / "out" / "etas.csv"), 2)
    assert len(etas) == 3
    assert {(r["eta"], r["se"], r["status"]) for r in etas} == {("", "", "failed")}
    levels = of_person(table(tmp_path / "out" / "predictions.csv"), 2)
    assert {(r["IPRED"], r["status"]) for r in levels} == {("", "failed")}


def test_somebody_set_aside_is_in_every_table(tmp_path: Path) -> None:
    run_estimate(CARD, EXAMPLE / "data.csv", tmp_path, threads=1, progress=QUIET)
    (row,) = of_person(table(tmp_path / "individuals.csv"), 12)
    assert (row["status"], row["objective"]) == ("set aside", "")
    assert "line 114, AMT" in row["reason"]
    assert {r["status"] for r in of_person(table(tmp_path / "etas.csv"), 12)} == {"set aside"}
    assert of_person(table(tmp_path / "predictions.csv"), 12)
    (rejected,) = table(tmp_path / "rejected.csv")
    assert (rejected["line"], rejected["column"]) == ("114", "AMT")
    assert rejected["remedy"]


def test_levels_as_logarithms_match_natural_ones(tmp_path: Path) -> None:
    """The same data, once in mg/L and once as ln(mg/L), limits included."""
    text = CARD.read_text("utf-8")
    head, _ = text.split("[residual]")
    error = '[residual]\nform = "log-additive"\nlog = {value = 0.2, unit = "1", scale = "sd"}\n'
    natural, logarithms = tmp_path / "natural.toml", tmp_path / "ln.toml"
    natural.write_text(head + error)
    logarithms.write_text((head + error).replace("[data]", '[data]\nlevels = "ln"'))
    rows = "1,27.9,0,0,0,{},0,0,70\n1,90,0,0,0,{},1,0,70\n"
    plain = person(DOSE.format(1) + rows.format(21, 0.5), tmp_path, natural)
    path = tmp_path / "ln.csv"
    path.write_text(HEAD + DOSE.format(1) + rows.format(repr(math.log(21)), repr(math.log(0.5))))
    run_estimate(logarithms, path, tmp_path / "out", threads=1, progress=QUIET)
    etas = [float(r["eta"]) for r in table(tmp_path / "out" / "etas.csv")]
    assert etas == pytest.approx([e.eta for e in plain.etas], abs=1e-9)
    shown = table(tmp_path / "out" / "predictions.csv")
    assert float(shown[1]["DV"]) == pytest.approx(math.log(21), rel=1e-12)
    assert float(shown[1]["IPRED"]) == pytest.approx(math.log(plain.ipred[1]), rel=1e-9)


def test_fifteen_years_of_fortnightly_doses_match_rows_written_out(tmp_path: Path) -> None:
    """ADDL and II against 391 rows of one dose each."""
    level = "1,5473,0,0,0,30,0,0,70\n"
    each = "".join(f"1,{14 * n},1,300,7200,.,0,1,70\n" for n in range(391))
    one = tmp_path / "addl.csv"
    one.write_text(
        (HEAD + DOSE.format(1) + level)
        .replace("WT\n", "WT,ADDL,II\n")
        .replace(".,0,1,70\n", ".,0,1,70,390,14\n")
        .replace("30,0,0,70\n", "30,0,0,70,0,0\n")
    )
    written = person(each + level, tmp_path)
    (expanded,) = estimate(CARD, one).people
    assert expanded.status == written.status == "ok"
    ours, theirs = ([e.eta for e in p.etas] for p in (expanded, written))
    assert ours == pytest.approx(theirs, abs=1e-8)


def test_the_same_id_twice_is_two_people(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    other = USUAL.replace("1,", "2,", 1).replace("\n1,", "\n2,")
    path.write_text(HEAD + USUAL + other + USUAL)
    out = tmp_path / "out"
    found = run_estimate(CARD, path, out, threads=1, progress=QUIET)
    assert [(r["ID"], r["block"]) for r in table(out / "individuals.csv")] == [
        ("1", "1"),
        ("2", "1"),
        ("1", "2"),
    ]
    assert any("another" in note.reason for note in found.notes)


def test_text_ids_are_written_as_they_are_and_inert(tmp_path: Path) -> None:
    """Whatever the reader lets through, no spreadsheet runs it."""
    path = tmp_path / "data.csv"
    path.write_text(HEAD + USUAL.replace("1,", "A-7,", 1).replace("\n1,", "\nA-7,"))
    run_estimate(CARD, path, tmp_path / "out", threads=1, progress=QUIET)
    for name in ("etas", "individuals", "predictions", "covariance"):
        assert {r["ID"] for r in table(tmp_path / "out" / f"{name}.csv")} == {"A-7"}


def test_recovers_planted_truth() -> None:
    """24 people drawn from the card: errors, in standard errors, are about standard normal.

    About 100 effects: their mean lies within 4/sqrt(100) and the largest below 4.5 but once in
    thousands of samples. Person 18 carries a planted outlier.
    """
    planted = {
        (r["ID"], r["occasion"], r["parameter"]): float(r["drawn"])
        for r in table(EXAMPLE / "truth.csv")
    }
    off = []
    for found in estimate(CARD, EXAMPLE / "data.csv").people:
        for eta in found.etas:
            if found.status == "ok" and found.rows.id != "18":
                occasion = "" if eta.occasion is None else str(eta.occasion)
                off.append((eta.eta - planted[found.rows.id, occasion, eta.parameter]) / eta.se)
    assert len(off) > 90
    assert abs(np.mean(off)) < 0.4
    assert 0.7 < np.std(off) < 1.3
    assert np.abs(off).max() < 4.5


# ── levels that cannot be true

PROPORTIONAL = "van_den_berg_2025"
TWO_LEVELS = DOSE.format(1) + "1,20,0,0,0,30,0,0,70\n1,27.9,0,0,0,{},{},0,70\n"


def set_aside_level(found: PersonEstimate, value: str) -> None:
    """The level of line 4 is named and not fitted; the one of line 3 is."""
    assert found.status == "ok"
    assert found.readings == 1
    (said,) = found.problems
    assert (said.table, said.line, said.column, said.value, said.kind) == (
        *("data.csv", 4, "DV", value, "cell"),
    )
    assert "cannot be true" in said.reason
    assert said.remedy
    assert said.person == "1"


@pytest.mark.parametrize("card", [CARD, PROPORTIONAL])
@pytest.mark.parametrize("value", ["1e9", "1e6", "-1e9", "-1000"])
def test_an_absurd_level_is_named_and_nobody_else_is_touched(value, card, tmp_path):
    found = person(TWO_LEVELS.format(value, 0), tmp_path, card)
    set_aside_level(found, f"{float(value):g}")
    alone = person(DOSE.format(1) + "1,20,0,0,0,30,0,0,70\n", tmp_path, card)
    assert [eta.eta for eta in found.etas] == pytest.approx([eta.eta for eta in alone.etas])


def test_a_level_above_an_absurd_limit_is_named_and_below_one_is_used(tmp_path):
    set_aside_level(person(TWO_LEVELS.format("1e9", -1), tmp_path), "1e+09")
    assert person(TWO_LEVELS.format("1e9", 1), tmp_path).readings == 2


def test_any_level_below_zero_is_named_under_a_proportional_error(tmp_path):
    set_aside_level(person(TWO_LEVELS.format("-0.01", 0), tmp_path, PROPORTIONAL), "-0.01")


@pytest.mark.parametrize(("value", "fitted"), [("-2.49", 2), ("-2.51", 1)])
def test_noise_below_zero_is_fitted_under_an_additive_error(value, fitted, tmp_path):
    """0.5 ug/mL, five times."""
    assert person(TWO_LEVELS.format(value, 0), tmp_path).readings == fitted


@pytest.mark.parametrize(("share", "fitted"), [(0.99, 2), (1.01, 1)])
def test_all_doses_at_once_bound_a_level(share, fitted, tmp_path):
    """Ten times 300 mg in the 3.5 L of the card at 70 kg."""
    value = share * 10 * 300 / 3.5
    assert person(TWO_LEVELS.format(value, 0), tmp_path).readings == fitted


def test_a_steady_state_is_no_single_dose(tmp_path):
    head = "ID,TIME,EVID,AMT,RATE,DV,CENS,MDV,WT,SS,II\n"
    rows = "1,0,1,300,7200,.,0,1,70,1,1\n1,0.5,0,0,0,{},0,0,70,0,0\n"
    path = tmp_path / "data.csv"
    path.write_text(head + rows.format(1500))
    assert estimate(CARD, path).people[0].readings == 1
    path.write_text(head + rows.format("1e9"))
    found = estimate(CARD, path).people[0]
    assert found.readings == 0
    assert found.status == "prior only"
    assert found.problems[0].line == 3


def test_without_any_level_left_the_prior_is_shown(tmp_path):
    found = person(DOSE.format(1) + "1,27.9,0,0,0,1e9,0,0,70\n", tmp_path)
    assert found.status == "prior only"
    assert found.problems[0].line == 3
