"""The report of a re-analysis as PDF: the same text, tables and figures as the page.

The layout is a fixed typst file; everything from outside reaches it as data, never as markup.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib import resources
from typing import Any, Final

import typst

from openntz.evidence.registry import Registry
from openntz.reanalyse.result import AnalysisResult
from openntz.reanalyse.table_one import NAME as TABLE_ONE
from openntz.report.reanalyse_page import ReanalysisPage, beside, pivoted, section
from openntz.report.svg_marks import printable

# A picture of the page gets its colours from the page's style sheet, which a PDF has not.
_STYLE: Final = (
    "<style>text{font-family:'DejaVu Sans',sans-serif;font-size:12px;fill:#333}"
    ".title{font-weight:bold;font-size:13px;fill:#111}"
    ".frame{stroke:#777;fill:none}.grid{stroke:#ddd;fill:none}"
    ".line{fill:none;stroke:#333;stroke-width:2}.band{fill-opacity:0.14;stroke:none}"
    ".xy-dot{fill:#1b5e8c}"
)
TONE_COLOURS: Final = ("#1b5e8c", "#b3541e", "#2e7d32", "#7b3fa0", "#8a6d00", "#b00020")
_XMLNS: Final = '<svg xmlns="http://www.w3.org/2000/svg" '


def standalone(svg: str) -> str:
    """A picture of the page as a file of its own."""
    tones = "".join(
        f".line.tone-{i}{{stroke:{colour}}}.band.tone-{i}{{fill:{colour}}}"
        for i, colour in enumerate(TONE_COLOURS, start=1)
    )
    head, rest = svg.split(">", 1)
    return f"{head.replace('<svg ', _XMLNS, 1)}>{_STYLE}{tones}</style>{rest}"


def _clean(value: Any) -> Any:
    """Data with what no text may hold replaced."""
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, dict):
        return {printable(str(k)): _clean(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_clean(v) for v in value]
    return value


def _section(result: AnalysisResult, evidence: Registry) -> dict[str, Any]:
    made = section(result, evidence)
    defined = [
        (name.replace("_", " "), _words(meaning)) for name, meaning in result.definitions.items()
    ]
    used = [(f.id, f"{f.meaning}: {f.shown} ({', '.join(f.sources)})") for f in made.facts]
    return {
        "title": result.title,
        "text": result.text,
        "columns": made.columns,
        "rows": made.rows,
        "pictures": [
            {
                "svg": standalone(str(p.svg)),
                "legend": [
                    (TONE_COLOURS[int(tone.rsplit("-", 1)[1]) - 1], name) for tone, name in p.legend
                ],
            }
            for p in made.pictures
        ],
        "flow": [
            {
                "people": "suppressed" if s.people is None else str(s.people),
                "text": s.text,
                "left": [f"not: {why} ({n})" for why, n in s.left],
            }
            for s in result.flow
        ],
        "defined": [*defined, *(used if result.status == "done" else [])],
    }


def _words(meaning: Any) -> str:
    if isinstance(meaning, dict):
        return "; ".join(f"{k}: {v}" for k, v in meaning.items())
    return str(meaning)


def _data(
    page: ReanalysisPage, results: Sequence[AnalysisResult], evidence: Registry
) -> dict[str, Any]:
    first = next((r for r in results if r.name == TABLE_ONE), None)
    protocol = page.protocol
    return {
        "title": page.title,
        "lead": f"{'number suppressed' if page.people is None else page.people} people, data up "
        f"to {page.as_of}",
        "notes": page.notes,
        "checklist": page.checklist,
        "protocol": None
        if protocol is None
        else {
            "lead": f"Written on {protocol.written} by {protocol.who}. SHA-256 {protocol.digest}",
            "numbers": protocol.numbers,
            "deviations": protocol.deviations or ["No deviation."],
        },
        "beside": beside(page.published, results),
        "first": None
        if first is None
        else dict(zip(("columns", "rows"), pivoted(first), strict=True)) | {"title": first.title},
        "sections": [_section(r, evidence) for r in results if r is not first],
        "hashes": [*page.hashes.items(), (f"OpenNTZ {page.version}, code", page.code_hash)],
        "foot": f"OpenNTZ {page.version}, data up to {page.as_of}. Research and decision support, "
        "not a medical device.",
    }


def reanalysis_pdf(
    page: ReanalysisPage, results: Sequence[AnalysisResult], evidence: Registry
) -> bytes:
    """``report.pdf`` of a re-analysis; equal inputs give equal bytes."""
    layout = resources.files("openntz.report") / "templates" / "reanalyse.typ"
    told = json.dumps(_clean(_data(page, results, evidence)), ensure_ascii=False)
    made: Any = typst.compile(
        layout.read_bytes(),
        format="pdf",
        sys_inputs={"data": told},
        timestamp=0,
        ignore_system_fonts=True,
    )
    return bytes(made)
