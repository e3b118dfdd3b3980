"""Vocabularies in YAML files: read strictly, written to the same bytes every time."""

import os
import re
import reprlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from molgfn.chem.published import load_published
from molgfn.chem.resources import shipped
from molgfn.chem.validate import check_vocabulary
from molgfn.chem.vocabulary import UNTYPED, Fragment, Vocabulary

_INDEX = re.compile(r"[0-9]{1,6}")
_HEADER = ("name", "version", "source", "licence")


class _TextLoader(yaml.BaseLoader):
    """Reads every scalar as text, so that the SMILES NO is no boolean; refuses repeated keys."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        mapping = super().construct_mapping(node, deep=deep)
        if len(mapping) < len(node.value):
            raise yaml.constructor.ConstructorError(
                None, None, "a key is given twice; accepted are distinct keys", node.start_mark
            )
        return mapping


def load_vocabulary(source: str | Path) -> Vocabulary:
    """The vocabulary of a name or a file.

    Args:
        source: "druglike" or another shipped name such as "audit/symmetric", "published" (the 105
            blocks of the sEH task, which `scripts/download_seh.py` fetches), or the path of a YAML
            file:

                name: mine
                version: "1"
                source: where the fragments come from
                licence: CC0-1.0
                rules: [[aryl, amine]]        # optional; absent: every site bonds to every other
                fragments:
                - {name: phenyl, smiles: c1ccccc1, sites: [0, 3], types: [aryl, aryl]}
                - {name: dimethylamine, smiles: CNC, sites: [1], types: [amine]}
    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is malformed or contradicts itself; the message names file, fragment
            and key.
    """
    if source == "published":
        return load_published()
    path = _shipped_or_path(source)
    if not path.exists():
        raise FileNotFoundError(
            f"no vocabulary {str(source)!r}; accepted are 'druglike', 'published', or the path of "
            "a YAML file"
        )
    return check_vocabulary(_parse(_read(path), str(path)), str(path))


def _shipped_or_path(source: str | Path) -> Path:
    try:
        return shipped(f"fragments/{source}.yaml")
    except FileNotFoundError:
        return Path(source)


def save_vocabulary(vocabulary: Vocabulary, path: str | Path) -> None:
    """Writes a vocabulary as YAML; equal vocabularies give equal bytes.

    Raises:
        ValueError: `load_vocabulary` would refuse the file; nothing is written.
    """
    path = Path(path)
    check_vocabulary(vocabulary, str(path))
    content: dict[str, Any] = {key: getattr(vocabulary, key) for key in _HEADER}
    if vocabulary.rules is not None:
        content["rules"] = [list(pair) for pair in sorted(vocabulary.rules)]
    content["fragments"] = [_fragment_entry(fragment) for fragment in vocabulary.fragments]
    _parse(content, str(path))
    text = yaml.safe_dump(
        content, sort_keys=False, allow_unicode=True, default_flow_style=None, width=100
    )
    temporary = path.with_name(path.name + ".part")
    temporary.write_text(text, encoding="utf-8", newline="\n")
    os.replace(temporary, path)


def _fragment_entry(fragment: Fragment) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "name": fragment.name,
        "smiles": fragment.smiles,
        "sites": list(fragment.sites),
    }
    if any(site_type != UNTYPED for site_type in fragment.site_types):
        entry["types"] = list(fragment.site_types)
    return entry


def _read(path: Path) -> Any:
    """The content of a YAML file, with text for every scalar."""
    if not path.is_file():
        raise ValueError(f"{path} is no file; accepted is a YAML file of fragments")
    try:
        return yaml.load(path.read_bytes(), Loader=_TextLoader)
    except (yaml.YAMLError, RecursionError, ValueError, TypeError) as error:
        raise ValueError(f"{path} is malformed YAML: {error}") from error


def _parse(content: Any, where: str) -> Vocabulary:
    """The vocabulary of a parsed YAML file; of its keys and values only, not its chemistry."""
    if content in (None, "", {}, []):
        raise ValueError(f"{where} is empty; accepted is a YAML mapping with fragments")
    table = _mapping(content, where, required=(*_HEADER, "fragments"), optional=("rules",))
    header = {key: _text(table[key], f"{where}, key {key!r}") for key in _HEADER}
    fragments = tuple(
        _parse_fragment(entry, f"{where}: fragment {number}")
        for number, entry in enumerate(_list(table["fragments"], f"{where}, key 'fragments'"))
    )
    rules = _parse_rules(table["rules"], f"{where}, key 'rules'") if "rules" in table else None
    return Vocabulary(**header, fragments=fragments, rules=rules)


def _parse_fragment(entry: Any, where: str) -> Fragment:
    table = _mapping(entry, where, required=("name", "smiles", "sites"), optional=("types",))
    name = _text(table["name"], f"{where}, key 'name'")
    where = f"{where} ({name!r})"
    sites = [
        _index(site, f"{where}, key 'sites'")
        for site in _list(table["sites"], f"{where}, key 'sites'")
    ]
    types = [UNTYPED] * len(sites)
    if "types" in table:
        key = f"{where}, key 'types'"
        types = [_text(site_type, key) for site_type in _list(table["types"], key)]
        if len(types) != len(sites):
            raise ValueError(f"{key}: {len(types)} types for {len(sites)} sites; one type a site")
    ordered = sorted(zip(sites, types, strict=True))
    return Fragment(
        name=name,
        smiles=_text(table["smiles"], f"{where}, key 'smiles'"),
        sites=tuple(site for site, _ in ordered),
        site_types=tuple(site_type for _, site_type in ordered),
    )


def _parse_rules(entries: Any, where: str) -> frozenset[tuple[str, str]]:
    rules: set[tuple[str, str]] = set()
    for entry in _list(entries, where):
        pair = [_text(site_type, where) for site_type in _list(entry, where)]
        if len(pair) != 2:
            raise ValueError(f"{where}: {_show(entry)} has {len(pair)} types; accepted is a pair")
        first, second = sorted(pair)
        if (first, second) in rules:
            raise ValueError(f"{where}: {_show(entry)} is given twice; accepted are distinct pairs")
        rules.add((first, second))
    return frozenset(rules)


def _mapping(
    value: Any, where: str, *, required: Sequence[str], optional: Sequence[str]
) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{where}: {_show(value)} is no mapping; accepted are keys and values")
    accepted = [*required, *optional]
    for key in value:
        if key not in accepted:
            raise ValueError(f"{where}: unknown key {_show(key)}; accepted are {accepted}")
    for key in required:
        if key not in value:
            raise ValueError(f"{where}: key {key!r} is missing; required are {list(required)}")
    return value


def _list(value: Any, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError(f"{where}: {_show(value)} is no list; accepted is [..., ...]")
    return value


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise ValueError(f"{where}: {_show(value)} is no name; accepted is printable text")
    return value


def _index(value: Any, where: str) -> int:
    if not _INDEX.fullmatch(str(value)):
        raise ValueError(f"{where}: {_show(value)} is no atom index; accepted are 0, 1, 2, ...")
    return int(value)


def _show(value: Any) -> str:
    return reprlib.repr(value)[:200]
