"""File names of the pages: safe on every file system, one per person."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

_PLAIN: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
# Windows gives these names to devices, whatever their extension.
_DEVICES: Final = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)")


def page_names(ids: Iterable[str]) -> Mapping[str, str]:
    """A file name without folder for every identifier, ``N001.html``.

    An identifier that is not plain, or differs from another only in case, gets a name made
    from its hash. The tilde in such a name cannot occur in a plain one, so names never meet.
    """
    known = list(dict.fromkeys(ids))
    folded = Counter(name.casefold() for name in known)
    names = {}
    for name in known:
        plain = _PLAIN.fullmatch(name) and not _DEVICES.fullmatch(name)
        if plain and folded[name.casefold()] == 1:
            names[name] = f"{name}.html"
        else:
            digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()
            names[name] = f"p~{digest[:20]}.html"
    return names
