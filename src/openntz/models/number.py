"""A number on a card: value, unit, source and how well the source was read."""

from __future__ import annotations

import hashlib
import tomllib
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from openntz.errors import ModelError
from openntz.evidence.registry import Rank, registry

Model = TypeVar("Model", bound=BaseModel)


class Strict(BaseModel):
    """Base of everything read from a card: no unknown keys, nothing changes afterwards."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def _known(names: tuple[str, ...]) -> tuple[str, ...]:
    unknown = [n for n in names if n not in registry().sources]
    if unknown or not names:
        what = f"unknown source {unknown[0]!r}" if unknown else "no source"
        raise ValueError(f"{what}; name one of the registry (`openntz evidence WORD`)")
    return names


def _listed(value: Any) -> Any:
    return (value,) if isinstance(value, str) else tuple(value)


Sources = Annotated[tuple[str, ...], BeforeValidator(_listed), AfterValidator(_known)]


class Number(Strict):
    """One number of a card; ``low`` and ``high`` bound it where the source does."""

    value: float
    unit: str = Field(min_length=1)
    source: Sources
    rank: Rank
    note: str = ""
    low: float | None = None
    high: float | None = None


def _where(error: ValidationError) -> tuple[str, str]:
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"]) or "the card"
    return key, first["msg"].removeprefix("Value error, ")


def read_card(name: str | Path, kind: type[Model]) -> tuple[Model, str]:
    """A card by shipped id or by path, and the SHA-256 of its bytes.

    Raises
    ------
    ModelError
        When there is no such card, it is not TOML, or an entry is wrong; names file and key.
    """
    shipped = resources.files("openntz.models") / "cards" / f"{name}.toml"
    try:
        raw = Path(name).read_bytes() if str(name).endswith(".toml") else shipped.read_bytes()
    except OSError:
        known = sorted(
            f.name.removesuffix(".toml")
            for f in (resources.files("openntz.models") / "cards").iterdir()
        )
        raise ModelError(
            f"no card {str(name)!r}.",
            remedy=f"Give a path to a .toml file or one of {', '.join(known)}.",
        ) from None
    try:
        card = kind.model_validate(tomllib.loads(raw.decode("utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ModelError(
            f"the card is not valid TOML ({error}).", where=str(name), remedy="Mend the syntax."
        ) from None
    except ValidationError as error:
        key, message = _where(error)
        raise ModelError(
            f"{key}: {message}.", where=str(name), remedy="Mend this entry of the card."
        ) from None
    return card, hashlib.sha256(raw).hexdigest()
