"""The page: what a report shows, packed into one HTML file."""

import base64
import gzip
import html
import json
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any

import molgfn
from molgfn.chem.records import molecule_of
from molgfn.report.drawing import Drawing, draw_all
from molgfn.report.graphs import pack
from molgfn.report.space import chemical_space
from molgfn.report.table import Table

SCRIPTS = (
    *("smarts", "match", "data", "drawing", "choice", "filters", "grid", "detail", "map", "views"),
    "main",
)
"""Parts of one script, in order."""
IDENTITY = (
    *("version", "git_revision", "git_modified", "command", "started", "checkpoint", "run"),
    *("seed", "beta", "temperature", "num_drawn"),
)


def page(table: Table, title: str, funnel: Any, provenance: dict[str, Any]) -> str:
    """HTML that needs nothing else: styles, script, and the data as compressed JSON.

    The data are base64, so no value can end its element; the script shows values as text only.

    Args:
        funnel: a list of {"step", "removed", "left"}; empty for none.
        provenance: what made the molecules; see `molgfn.callbacks.provenance`.
    """
    space = chemical_space(table.mols)
    data = {
        "title": title,
        "columns": [column._asdict() for column in table.columns],
        "drawings": draw_all(table.mols, _column(table, "core")),
        "references": _references(table),
        "graphs": pack(table.mols),
        "map": {"method": space.method, "points": space.points.round(4).tolist()},
        "funnel": funnel,
        "unread": table.unread,
        "identity": {
            "report by": f"molgfn {molgfn.__version__}",
            **{key: _text(provenance[key]) for key in IDENTITY if key in provenance},
        },
    }
    packed = gzip.compress(json.dumps(data, separators=(",", ":")).encode(), 6, mtime=0)
    return Template(_asset("report.html")).substitute(
        title=html.escape(title),
        style=_asset("report.css"),
        script="".join(_asset(f"{name}.js") for name in SCRIPTS),
        data=base64.b64encode(packed).decode(),
    )


def beside(path: Path, name: str) -> Path | None:
    """A file that belongs to the input: `INPUT.name`, else `name` in the same folder."""
    choices = (path.with_suffix(f".{name}"), path.parent / name)
    return next((choice for choice in choices if choice.is_file()), None)


def read_json(path: Path | None, kind: type[Any]) -> Any:
    """What a JSON file holds; an empty `kind` where there is no file.

    Raises:
        ValueError: it is no JSON, or holds something else.
    """
    if path is None:
        return kind()
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} is no JSON: {error}") from error
    if not isinstance(found, kind):
        raise ValueError(f"{path} holds a {type(found).__name__}; accepted is a {kind.__name__}")
    return found


def _references(table: Table) -> dict[str, Drawing | None]:
    """Drawings of the references that `molgfn triage` found nearest, by SMILES."""
    texts = [text for text in dict.fromkeys(_column(table, "nearest_reference") or ()) if text]
    mols = {text: mol for text in texts if (mol := molecule_of(str(text))[0]) is not None}
    return dict(zip(mols, draw_all(list(mols.values())), strict=True))


def _column(table: Table, name: str) -> list[Any] | None:
    return next((one.values for one in table.columns if one.name == name), None)


def _asset(name: str) -> str:
    return (files("molgfn.report") / "web" / name).read_text(encoding="utf-8")


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_text(one)}" for key, one in value.items())
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)
