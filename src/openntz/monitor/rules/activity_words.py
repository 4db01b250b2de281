"""Disease activity since the last dose, in a sentence."""

from __future__ import annotations

from openntz.course.events import Ref, Scan
from openntz.definitions.activity import Activity


def _lesions_text(scan: Scan) -> str:
    """'9 enhancing, 12 new T2 lesions on the MRI of 2024-06-27'; empty when it shows none."""
    counts = (
        (scan.gadolinium_lesions, "enhancing"),
        (scan.new_t2_lesions, "new T2"),
        (scan.enlarging_t2_lesions, "enlarging T2"),
    )
    shown = [(n, what) for n, what in counts if n]
    if not shown:
        return ""
    parts = ", ".join(f"{n} {what}" for n, what in shown)
    return f"{parts} lesion{'' if shown[-1][0] == 1 else 's'} on the MRI of {scan.day}"


def returned(found: Activity) -> tuple[str, tuple[Ref, ...]]:
    """Relapses and active scans since the last dose, as a sentence and their rows."""
    parts = [(f"relapse on {r.day}", r.ref) for r in found.relapses]
    parts += [(text, s.ref) for s in found.scans if (text := _lesions_text(s))]
    if not parts:
        return "", ()
    told = "; ".join(text for text, _ in parts)
    return f"Disease activity has returned: {told}.", tuple(ref for _, ref in parts)
