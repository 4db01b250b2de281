"""The drawing against the specification: coordinates, text, escaping, collisions."""

import re
import xml.etree.ElementTree as ET
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openntz.report.charts import Linear, Mark, PlotPanel, TimeAxis, ordinal
from openntz.report.labels import Box, Room, place, spread, width, wrap
from openntz.report.picture import picture
from openntz.report.svg import draw, moment_labels, time_ticks
from openntz.report.svg_frame import NARROW, WIDE, Frame
from openntz.report.svg_marks import escape
from openntz.report.svg_panels import draw_plot
from tests.report import build, invented

LEFT, RIGHT = WIDE.left, WIDE.right
NS = "{http://www.w3.org/2000/svg}"


def drawn(person):
    chart = picture(person, build.GUIDES)
    text = draw(chart)
    return chart, ET.fromstring(
        text.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
    )


def panel_of(root, name):
    return next(g for g in root.iter(f"{NS}g") if g.get("class", "").split()[-1:] == [name])


def test_a_measured_level_lies_where_the_scale_says_matches_closed_form():
    chart, root = drawn(invented.normal())
    group, panel = panel_of(root, "level"), chart.panel("level")
    top, bottom = float(group.get("data-top")), float(group.get("data-bottom"))
    circles = [c for c in group.iter(f"{NS}circle") if "circle level" in c.get("class")]
    assert len(circles) == 2
    for circle, mark in zip(circles, panel.marks, strict=False):
        x = LEFT + chart.time.fraction(mark.day) * (RIGHT - LEFT)
        y = bottom - panel.scale.fraction(mark.value) * (bottom - top)
        # Coordinates are printed to one decimal.
        assert float(circle.get("cx")) == pytest.approx(x, abs=0.051)
        assert float(circle.get("cy")) == pytest.approx(y, abs=0.051)


def test_the_curve_can_be_read_back_from_the_drawing():
    chart, root = drawn(invented.normal())
    group, panel = panel_of(root, "level"), chart.panel("level")
    top, bottom = float(group.get("data-top")), float(group.get("data-bottom"))
    low, high = float(group.get("data-low")), float(group.get("data-high"))
    points = next(p for p in group.iter(f"{NS}polyline") if "line" in p.get("class")).get("points")
    heights = [float(p.split(",")[1]) for p in points.split()]
    # 0.05 px of 236 px and 2.6 decades is 0.13 %.
    for y, value in zip(heights, panel.lines[0].value, strict=True):
        if value > low:
            read = low * (high / low) ** ((bottom - y) / (bottom - top))
            assert read == pytest.approx(value, rel=2e-3)


def test_the_band_of_n_points_is_a_polygon_of_twice_as_many():
    chart, root = drawn(invented.normal())
    group = panel_of(root, "level")
    band = next(p for p in group.iter(f"{NS}polygon")).get("points").split()
    assert len(band) == 2 * chart.panel("level").bands[0].day.size


def test_today_and_the_planned_day_are_where_the_axis_says():
    chart, root = drawn(invented.normal())
    for tone, day in (("today", build.AS_OF), ("planned", date(2024, 7, 2))):
        path = next(p for p in root.iter(f"{NS}path") if p.get("class") == f"moment {tone}")
        x = LEFT + chart.time.fraction(ordinal(day)) * (RIGHT - LEFT)
        assert float(re.match(r"M([\d.]+)", path.get("d")).group(1)) == pytest.approx(x, abs=0.051)


@pytest.mark.parametrize("person", invented.everybody(), ids=lambda p: p.id[:6])
def test_every_picture_is_well_formed_and_uses_no_style_or_script(person):
    _, root = drawn(person)
    for element in root.iter():
        assert element.get("style") is None
        assert element.tag not in {f"{NS}script", f"{NS}style", f"{NS}foreignObject", f"{NS}image"}
        assert not any(key.startswith("on") for key in element.keys())  # noqa: SIM118
    assert root.get("role") == "img"
    assert root.get("aria-label")


def test_every_mark_keeps_its_tooltip():
    chart, root = drawn(invented.normal())
    titles = {t.text for t in root.iter(f"{NS}title")}
    for panel in chart.panels:
        for mark in getattr(panel, "marks", ()):
            assert mark.title in titles


def test_hostile_text_comes_back_as_text():
    _, root = drawn(invented.hostile())
    texts = " ".join(t for t in root.itertext())
    assert invented.HOSTILE in texts
    assert "\ufffd" in texts  # the NUL of a comment


@given(st.text())
def test_escaped_text_is_read_back_by_a_parser(text):
    # What XML cannot hold is replaced; a parser reads CR as LF; the rest must survive.
    kept = re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]", "\ufffd", text)
    root = ET.fromstring(f'<a b="{escape(text)}">{escape(text)}</a>')
    assert (root.text or "") == kept.replace("\r\n", "\n").replace("\r", "\n")


def test_labels_of_one_drawing_do_not_overlap():
    for person in invented.everybody():
        _, root = drawn(person)
        boxes = []
        for t in root.iter(f"{NS}text"):
            if t.get("class", "").split()[0] not in {"mark-label", "moment", "earlier"}:
                continue
            size = 12.5 if t.get("class").startswith("moment") else 11.5
            where = place(
                float(t.get("x")), float(t.get("y")), t.text, size, t.get("text-anchor", "start")
            )
            boxes.append((where.box, t.text))
        for i, (a, first) in enumerate(boxes):
            for b, second in boxes[i + 1 :]:
                # A tenth of a unit of overlap is rounding of the printed place.
                shrunk = Box(a.left + 0.1, a.top + 0.1, a.right - 0.1, a.bottom - 0.1)
                assert not shrunk.meets(b), (person.id, first, second)


def test_labels_of_today_and_a_dose_planned_tomorrow_stand_on_either_side():
    chart = picture(invented.injections(), build.GUIDES)
    today, planned = moment_labels(chart, Frame(chart.time, WIDE))
    assert (today.row, planned.row) == (0, 0)
    assert not today.place.box.meets(planned.place.box)


@given(st.lists(st.floats(0, 500), max_size=12))
def test_spread_keeps_order_and_distance(wanted):
    placed = spread(wanted, 13.5)
    for (a, x), (b, y) in zip(
        sorted(zip(wanted, placed, strict=True)),
        sorted(zip(wanted, placed, strict=True))[1:],
        strict=False,
    ):
        assert a <= b
        # Sums of floats: rounding only.
        assert y - x >= 13.5 - 1e-9


@given(st.text(alphabet="abc defg hij", max_size=200), st.floats(20, 200))
def test_wrapped_lines_hold_all_words_and_fit(text, most):
    lines = wrap(text, 11, most)
    assert " ".join(lines).split() == text.split()
    assert all(width(line, 11) <= most or " " not in line for line in lines)


def test_room_gives_each_place_once():
    room = Room(Box(0, 0, 100, 40))
    offers = [place(5, 20, "abc", 12), place(60, 20, "abc", 12)]
    first, second, third = (room.first_free(offers) for _ in range(3))
    assert first is offers[0]
    assert second is offers[1]
    assert third is None


@pytest.mark.parametrize("years", [0.3, 1.0, 2.0, 6.0, 20.0])
def test_time_ticks_are_month_starts_and_far_enough_apart(years):
    start = ordinal(date(2015, 3, 7))
    ticks = time_ticks(Frame(TimeAxis(start, start + 365 * years), WIDE), 46.0)
    assert ticks
    # Months differ by up to three days of thirty.
    assert all(b.x - a.x >= 46 * 0.9 for a, b in pairwise(ticks))
    assert all(t.strong == t.label.isdigit() for t in ticks)


def test_equal_charts_give_equal_text():
    assert draw(picture(invented.normal(), build.GUIDES)) == draw(
        picture(invented.normal(), build.GUIDES)
    )


def test_panels_follow_each_other_without_overlap():
    chart, root = drawn(invented.normal())
    edges = [
        (float(g.get("data-top")), float(g.get("data-bottom")))
        for g in root.iter(f"{NS}g")
        if g.get("data-top")
    ]
    assert len(edges) == sum(isinstance(p, PlotPanel) for p in chart.panels)
    assert all(a[1] < b[0] for a, b in pairwise(edges))


@pytest.mark.parametrize("person", invented.everybody(), ids=lambda p: p.id[:6])
def test_the_narrow_drawing_keeps_text_on_the_sheet(person):
    text = draw(picture(person, build.GUIDES), NARROW)
    root = ET.fromstring(text.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1))
    for t in root.iter(f"{NS}text"):
        anchor = t.get("text-anchor", "start")
        box = place(float(t.get("x")), float(t.get("y")), t.text, 11.5, anchor).box
        # Widths are estimated on the wide side, so a little beyond the edge is still on it.
        assert box.left >= -12
        assert box.right <= NARROW.width + 12


def test_a_value_stands_beside_the_line_that_joins_its_mark_to_the_next():
    """By segment geometry: a line that rises steeply from the first mark passes above it."""
    marks = (
        Mark(100.0, 1.0, "square", "jcv", "", "1.00", "open"),
        Mark(130.0, 4.0, "square", "jcv", "", "4.00", "open"),
    )
    panel = PlotPanel("jcv", "JCV", "", 90.0, Linear(0.0, 5.0), marks=marks, connected="jcv")
    text, _ = draw_plot(panel, Frame(TimeAxis(0.0, 1000.0), WIDE), 40.0, "clip")
    root = ET.fromstring(f"<svg xmlns='http://www.w3.org/2000/svg'>{text}</svg>")
    line = next(e for e in root.iter(f"{NS}polyline") if "joined" in e.get("class"))
    ends = [tuple(map(float, p.split(","))) for p in line.get("points").split()]
    shares = np.linspace(0.0, 1.0, 200)[:, None]
    along = np.array(ends[0]) * (1 - shares) + np.array(ends[1]) * shares
    labels = [e for e in root.iter(f"{NS}text") if "mark-label" in e.get("class", "")]
    assert {e.text for e in labels} == {"1.00", "4.00"}
    for e in labels:
        where = float(e.get("x")), float(e.get("y"))
        box = place(*where, e.text, 11.5, e.get("text-anchor", "start")).box
        x, y = along.T
        on = (x > box.left) & (x < box.right) & (y > box.top) & (y < box.bottom)
        assert not on.any()


def test_two_drawings_on_a_page_share_no_id():
    chart = picture(invented.normal(), build.GUIDES)
    found = [set(re.findall(r' id="([^"]+)"', draw(chart, s))) for s in (WIDE, NARROW)]
    assert all(found)
    assert not found[0] & found[1]


@pytest.mark.parametrize("sheet", [WIDE, NARROW], ids=lambda s: s.name)
@pytest.mark.parametrize("days", [2, 4, 8, 11, 16, 25])
def test_no_line_runs_through_the_number_of_the_last_dose(sheet, days):
    first = build.AS_OF - timedelta(days=28 * 13 + days)
    course = build.Maker("N300").doses(first, 14).plan(first).course()
    person = build.reviewed(course)
    chart = picture(person, build.GUIDES)
    frame = Frame(chart.time, sheet)
    svg = draw(chart, sheet).split('class="lane doses"')[1]
    found = re.search(r'<text class="mark-label dose" x="([\d.]+)"[^>]*>no. 14<', svg)
    assert found
    at = float(found[1])
    long = width("no. 14", 11.5)
    side = re.search(r'text-anchor="(\w+)"', found[0])
    left = at - {"start": 0.0, "middle": 0.5, "end": 1.0}[side[1] if side else "start"] * long
    for moment in chart.moments:
        assert not left < frame.x(moment.day) < left + long


def test_on_a_phone_the_number_at_the_top_of_an_axis_keeps_clear_of_the_title():
    text = draw(picture(invented.normal(), build.GUIDES), NARROW)
    root = ET.fromstring(text.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1))
    panels = [g for g in root.iter(f"{NS}g") if g.get("class", "").startswith("panel ")]
    assert len(panels) > 2
    for panel in panels:
        words = list(panel.iter(f"{NS}text"))
        title = next(t for t in words if t.get("class") == "title")
        ticks = [float(t.get("y")) for t in words if t.get("class") == "tick"]
        # Letters of 13 reach 3 below their line; figures of 11.5 stand 8.5 above theirs.
        assert min(ticks) - 8.5 >= float(title.get("y")) + 3


def tree(svg):
    return ET.fromstring(svg.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1))


@pytest.mark.parametrize("person", invented.everybody(), ids=lambda p: p.id[:6])
def test_on_a_phone_no_line_of_a_day_runs_through_a_title(person):
    root = tree(draw(picture(person, build.GUIDES), NARROW))
    titles = [
        (float(t.get("x", 0)), float(t.get("y", 0)), "".join(t.itertext()))
        for t in root.iter(f"{NS}text")
        if t.get("class", "").split()[0] in {"title", "unit", "absent"}
    ]
    # The axis below the doses; that at the foot stands below all lines.
    titles += [
        (float(t.get("x", 0)) - width(t.text or "", 11.0) / 2, float(t.get("y", 0)), t.text or "")
        for t in root.iter(f"{NS}text")
        if t.get("class", "").startswith("tick") and t.get("text-anchor") == "middle"
    ]
    lines = [p for p in root.iter(f"{NS}path") if p.get("class", "").startswith("moment ")]
    assert titles
    for line in lines:
        for x, top, bottom in re.findall(r"M([\d.]+) ([\d.]+)V([\d.]+)", line.get("d", "")):
            for left, base, words in titles:
                beside = not left < float(x) < left + width(words, 11.0)
                # From the tops of the letters to the foot of those that hang below the line.
                assert beside or float(bottom) <= base - 8 or float(top) >= base + 2, words


def test_a_line_of_a_day_keeps_all_panels_and_only_leaves_out_titles():
    chart = picture(invented.normal(), build.GUIDES)
    for sheet, titles in ((WIDE, 0), (NARROW, len(chart.panels))):
        root = tree(draw(chart, sheet))
        path = next(
            p.get("d", "") for p in root.iter(f"{NS}path") if p.get("class") == "moment today"
        )
        # One more where the name of a month is in the way.
        assert path.count("V") == path.count("M")
        assert path.count("M") - 1 - titles in {0, 1}
