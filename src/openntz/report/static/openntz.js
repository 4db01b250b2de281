// Adds sorting and filtering to the worklist and a read-out to the picture.
// Everything on the pages can be read without it; it fetches nothing and stores nothing.
"use strict";

(() => {
  const DAY_MS = 86400000;
  const UNIX_EPOCH_ORDINAL = 719163;

  // ── the worklist ─────────────────────────────────────────────────────────────

  function sortable(table) {
    const body = table.tBodies[0];
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const down = head.getAttribute("aria-sort") === "ascending";
        const numeric = head.dataset.sort === "number";
        const key = (row) => row.cells[column].dataset.v;
        const compare = (a, b) =>
          numeric ? Number(key(a)) - Number(key(b)) : key(a).localeCompare(key(b), "en", { numeric: true });
        const rows = [...body.rows].sort((a, b) => (down ? compare(b, a) : compare(a, b)));
        heads.forEach((h) => h.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        body.append(...rows);
      });
    });
  }

  function filterable(form, table) {
    const rows = [...table.tBodies[0].rows];
    const codes = new Map(rows.map((row) => [row, row.dataset.codes.split(" ").filter(Boolean)]));
    const texts = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));
    const boxes = [...form.elements.status];
    const none = document.querySelector(".none");

    function apply() {
      const wanted = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
      const rule = form.elements.rule.value;
      const words = form.elements.text.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      for (const row of rows) {
        // With a rule chosen, its own status decides; otherwise the person's most urgent one.
        const own = codes.get(row).find((code) => code.slice(code.indexOf(":") + 1) === rule);
        const status = rule ? (own ? own.slice(0, own.indexOf(":")) : "ok") : row.dataset.status;
        const text = texts.get(row);
        row.hidden = !(wanted.has(status) && words.every((word) => text.includes(word)));
        shown += row.hidden ? 0 : 1;
      }
      form.querySelector("output").textContent = `${shown} of ${rows.length} shown`;
      none.hidden = shown > 0;
    }

    function choose(rule, status) {
      boxes.forEach((box) => (box.checked = box.value === status));
      form.elements.rule.value = rule;
      form.elements.text.value = "";
      apply();
      document.getElementById("list").scrollIntoView();
    }

    form.hidden = false;
    form.addEventListener("input", apply);
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("reset", () => setTimeout(apply));
    apply();

    for (const cell of document.querySelectorAll(".rules td[data-rule]")) {
      if (cell.textContent.trim() === "·") continue;
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = cell.textContent;
      button.title = "Show these people in the worklist";
      button.addEventListener("click", () => choose(cell.dataset.rule, cell.dataset.status));
      cell.replaceChildren(button);
    }
  }

  // ── the picture ──────────────────────────────────────────────────────────────

  const numbers = (text) => text.trim().split(/[\s,]+/).map(Number);

  // The curves are read back from the drawing itself, so no number is stored twice.
  function curves(svg) {
    const found = [];
    for (const panel of svg.querySelectorAll("g.panel[data-scale]")) {
      // Of several curves the first is the one with the band.
      let band = panel.querySelector("polygon.band");
      for (const line of panel.querySelectorAll("polyline.line")) {
        const { scale, low, high, top, bottom } = panel.dataset;
        const [lo, hi, y0, y1] = [low, high, bottom, top].map(Number);
        const value = (y) => {
          const f = (y - y0) / (y1 - y0);
          return scale === "log" ? lo * Math.pow(hi / lo, f) : lo + f * (hi - lo);
        };
        const points = numbers(line.getAttribute("points"));
        const edge = band ? numbers(band.getAttribute("points")) : [];
        band = null;
        const n = points.length / 2;
        const xs = [], middle = [], upper = [], lower = [];
        // The band may be drawn at other days than the curve.
        const half = edge.length / 4;
        const edgeXs = [];
        for (let i = 0; i < n; i++) {
          xs.push(points[2 * i]);
          middle.push(points[2 * i + 1]);
        }
        for (let i = 0; i < half; i++) {
          edgeXs.push(edge[2 * i]);
          upper.push(edge[2 * i + 1]);
          lower.push(edge[2 * (2 * half - 1 - i) + 1]);
        }
        found.push({ name: line.dataset.name, unit: line.dataset.unit, low: lo, scale, value, xs, edgeXs, middle, upper, lower });
      }
    }
    return found;
  }

  function at(curve, ys, x, xs = curve.xs) {
    if (!ys.length || x < xs[0] || x > xs[xs.length - 1]) return null;
    let a = 0, b = xs.length - 1;
    while (b - a > 1) {
      const m = (a + b) >> 1;
      if (xs[m] <= x) a = m; else b = m;
    }
    const f = xs[b] > xs[a] ? (x - xs[a]) / (xs[b] - xs[a]) : 0;
    return curve.value(ys[a] + f * (ys[b] - ys[a]));
  }

  function shown(curve, v) {
    if (v === null) return "";
    if (curve.scale === "log" && v < curve.low) return `<${curve.low}`;
    if (curve.unit === "%") return Math.max(0, v).toFixed(0);
    return v < 9.95 ? v.toFixed(1) : v.toFixed(0);
  }

  function readout(figure, sheet) {
    const svg = sheet.querySelector("svg.picture");
    const lines = curves(svg);
    const { start, end, left, right, top, bottom } = svg.dataset;
    const [s, e, l, r, t, b] = [start, end, left, right, top, bottom].map(Number);
    const hair = Object.assign(document.createElement("div"), { className: "crosshair", hidden: true });
    const box = Object.assign(document.createElement("div"), { className: "readout", hidden: true });
    box.setAttribute("role", "status");
    sheet.append(hair, box);
    let day = null;

    function show(wanted) {
      day = Math.min(Math.max(Math.round(wanted), Math.ceil(s)), Math.floor(e));
      // Noon: a day's value is not that of the minute before its dose.
      const x = l + ((day + 0.5 - s) / (e - s)) * (r - l);
      const ratio = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
      const date = new Date((day - UNIX_EPOCH_ORDINAL) * DAY_MS).toISOString().slice(0, 10);
      box.replaceChildren(Object.assign(document.createElement("b"), { textContent: date }));
      for (const curve of lines) {
        const v = at(curve, curve.middle, x);
        if (v === null) continue;
        const low = at(curve, curve.lower, x, curve.edgeXs), high = at(curve, curve.upper, x, curve.edgeXs);
        const interval = low === null ? "" : ` (${shown(curve, low)}–${shown(curve, high)})`;
        box.append(document.createElement("br"), `${curve.name} ${shown(curve, v)} ${curve.unit}${interval}`);
      }
      hair.hidden = box.hidden = false;
      Object.assign(hair.style, { left: `${x * ratio}px`, top: `${t * ratio}px`, height: `${(b - t) * ratio}px` });
      const beyond = x * ratio + 12 + box.offsetWidth > sheet.clientWidth;
      box.style.left = `${beyond ? x * ratio - 12 - box.offsetWidth : x * ratio + 12}px`;
      box.style.top = `${t * ratio + 6}px`;
    }

    const hide = () => { hair.hidden = box.hidden = true; };
    svg.addEventListener("pointermove", (event) => {
      const area = svg.getBoundingClientRect();
      const x = ((event.clientX - area.left) / area.width) * svg.viewBox.baseVal.width;
      if (x < l || x > r) hide(); else show(s + ((x - l) / (r - l)) * (e - s) - 0.5);
    });
    svg.addEventListener("pointerleave", hide);
    figure.addEventListener("blur", hide);
    figure.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1, PageUp: -28, PageDown: 28 }[event.key];
      if (event.key === "Escape") hide();
      if (!step || !sheet.offsetParent) return; // the other size is shown
      event.preventDefault();
      const today = svg.querySelector("path.moment.today");
      const from = today ? s + ((today.getBBox().x - l) / (r - l)) * (e - s) : e;
      show((day === null || box.hidden ? from : day) + step);
    });
  }

  // ── links into closed parts ──────────────────────────────────────────────────

  function openTarget() {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    for (let node = target; node; node = node.parentElement) if (node.tagName === "DETAILS") node.open = true;
    target.scrollIntoView();
  }

  document.addEventListener("DOMContentLoaded", () => {
    const table = document.querySelector("table.worklist");
    if (table) {
      sortable(table);
      filterable(document.querySelector("form.filter"), table);
    }
    for (const figure of document.querySelectorAll("figure.timeline")) {
      for (const sheet of figure.querySelectorAll(".sheet")) readout(figure, sheet);
    }
    openTarget();
    addEventListener("hashchange", openTarget);
  });
})();
