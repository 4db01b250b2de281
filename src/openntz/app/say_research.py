"""What `import` and `reanalyse` say when they are done."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from rich.text import Text

from openntz.report.words import count

if TYPE_CHECKING:
    from rich.console import Console

    from openntz.workflows.importing import Imported
    from openntz.workflows.protocol import Protocol
    from openntz.workflows.reanalyse import Reanalysis

_PROBLEMS_SHOWN = 8


def say_import(console: Console, found: Imported) -> None:
    """Tables written, what was set aside, and what meant nothing here."""
    console.print(Text(f"Read {', '.join(found.domains)}"))
    for table, rows in found.written.items():
        console.print(Text(f"  {table:13} {count(rows, 'row')}"))
    for domain, why, n in found.unused:
        console.print(Text(f"not used  {domain}: {why} ({n})", style="dim"))
    for problem in found.problems[:_PROBLEMS_SHOWN]:
        console.print(Text(str(problem)))
    rest = len(found.problems) - _PROBLEMS_SHOWN
    if rest > 0:
        console.print(Text(f"... and {rest} more in {found.out / 'import-rejected.csv'}"))
    console.print(Text(f"Tables  {found.out}"))


def memory_held() -> float | None:
    """The most memory this process held, in MB; None where the system does not tell."""
    try:
        import resource
    except ModuleNotFoundError:
        return None
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Linux counts in KiB, macOS in bytes.
    return most / 1e6 if sys.platform == "darwin" else most * 1024 / 1e6


def say_protocol(console: Console, protocol: Protocol) -> None:
    """The protocol and its hash, before any data are read."""
    written = protocol.file.written.isoformat()
    console.print(Text(f"Protocol  {protocol.file.title}, {protocol.file.who}, {written}"))
    console.print(Text(f"SHA-256   {protocol.digest}"))


def say_reanalysis(console: Console, found: Reanalysis) -> None:
    """One line an analysis, what differs from the protocol, and where the report is."""
    if found.aggregate_only:
        console.print(Text("Aggregates only", style="bold"))
    else:
        console.print(Text(f"{count(found.people, 'person', 'people')}", style="bold"))
    for note in found.notes:
        console.print(Text(f"Note  {note}", style="dim"))
    held = memory_held()
    if found.notes and held is not None:
        console.print(Text(f"Memory  {held:,.0f} MB at the most", style="dim"))
    for result in found.results:
        mark = "" if result.status == "done" else "not made: "
        console.print(Text(f"{result.title}: {mark}{result.text}"))
    for text in found.deviations:
        console.print(Text(f"Deviation  {text}"))
    for what, here, printed, apart, _ in found.beside:
        console.print(Text(f"{what}: {here}; published {printed}; difference {apart}"))
    if found.rejected:
        console.print(
            Text(f"{count(len(found.rejected), 'row')} set aside: {found.page.parent}/rejected.csv")
            if not found.aggregate_only
            else Text("Some rows were set aside; they are not listed here.")
        )
    console.print(Text(f"Report  {found.page}, report.pdf, results.json"))
    console.print(Text("Research and decision support, not a medical device."))
