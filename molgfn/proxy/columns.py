"""Which column of a table is what: named by the user, or guessed and told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rdkit import Chem, rdBase

from molgfn.proxy.numbers import read_value
from molgfn.proxy.table import STRUCTURE, Table

TARGETS = ("pchemblvalue", "pic50", "pki", "pec50", "pkd", "act", "activity", "target", "label")
RELATIONS = ("standardrelation", "relation", "operator", "qualifier")
UNITS = ("standardunits", "standardunit", "units", "unit")
TIMES = ("time", "date", "year", "documentyear", "measured", "created")
IDS = ("id", "name", "moleculechemblid", "chemblid", "compoundid", "moleculeid", "title")
SAMPLE = 50  # values that tell what a column holds
LEAST_ATOMS = 4  # heavy atoms of a typical molecule: some words and letters are SMILES too


@dataclass(frozen=True)
class Columns:
    """Names of the columns that count.

    Attributes:
        smiles: of the structures.
        targets: of the measured values.
        relation: target -> column of =, < and >.
        unit: target -> column of units.
        time: of the times, or None.
        notes: what was guessed, a sentence each.
    """

    smiles: str
    targets: tuple[str, ...]
    relation: Mapping[str, str] = field(default_factory=dict)
    unit: Mapping[str, str] = field(default_factory=dict)
    time: str | None = None
    notes: tuple[str, ...] = ()


def find_columns(
    table: Table,
    targets: Sequence[str] = (),
    smiles: str | None = None,
    time: str | None = None,
    needs_time: bool = False,
) -> Columns:
    """The columns that were named, and guesses at the others.

    Args:
        targets: names of target columns; none: guessed.
        smiles: name of the SMILES column; None: guessed.
        time: name of the column of times; None: guessed if `needs_time`.
    Raises:
        ValueError: a named column is not there, or a guess finds none or several.
    """
    notes: list[str] = []
    smiles = smiles_column(table, smiles, notes)
    if targets:
        targets = tuple(dict.fromkeys(named(table, name, notes) for name in targets))
    else:
        targets = (_guess_target(table, smiles, notes),)
    if smiles in targets:
        raise ValueError(f"{table.path}: column {smiles!r} cannot be SMILES and target at once")
    relation = _companions(table, targets, RELATIONS, "relations", notes)
    unit = _companions(table, targets, UNITS, "units", [])  # told where they matter
    if time is not None:
        time = named(table, time, notes)
    elif needs_time:
        time = _only(table, _with_names(table, TIMES), "times", "--time-column", notes)
    return Columns(smiles, targets, relation, unit, time, tuple(notes))


def smiles_column(table: Table, name: str | None, notes: list[str]) -> str:
    """The column of structures: the one named, else called SMILES, else the one that holds them.

    Raises:
        ValueError: there is none, or several and none was named.
    """
    if name is not None:
        return named(table, name, notes)
    if STRUCTURE in table.columns and table.path.name.lower().endswith((".sdf", ".sdf.gz")):
        return STRUCTURE
    called = [column for column in table.columns if "smiles" in _plain(column)]
    holding = called or [name for name, texts in table.columns.items() if _holds_smiles(texts)]
    return _only(table, holding, "SMILES", "--smiles-column", notes)


def id_column(table: Table, smiles: str) -> str | None:
    """The first column that is called like an identifier and is not empty, or None."""
    called = (name for name in _with_names(table, IDS) if name != smiles)
    return next((name for name in called if any(table.columns[name])), None)


def named(table: Table, name: str, notes: list[str]) -> str:
    """The column of that name, or the only one that differs from it in case and punctuation.

    Raises:
        ValueError: there is none.
    """
    if name in table.columns:
        return name
    close = [column for column in table.columns if _plain(column) == _plain(name)]
    if len(close) != 1:
        raise ValueError(
            f"{table.path} has no column {name!r}; its columns are {_list(table.columns)}"
        )
    notes.append(f"column {close[0]!r} was taken for {name!r}")
    return close[0]


def _guess_target(table: Table, smiles: str, notes: list[str]) -> str:
    called = [name for name in _with_names(table, TARGETS) if name != smiles]
    taken = {smiles, *_with_names(table, IDS), *_with_names(table, TIMES)}
    numeric = [
        name for name, texts in table.columns.items() if name not in taken and _holds_numbers(texts)
    ]
    return _only(table, called or numeric, "the target", "--target", notes)


def _companions(
    table: Table, targets: Sequence[str], names: Sequence[str], what: str, notes: list[str]
) -> dict[str, str]:
    """Target -> a column called `TARGET relation` or so, else the only general one."""
    found = {}
    general = [name for name in _with_names(table, names) if name not in targets]
    for target in targets:
        own = [
            column
            for column in table.columns
            if _plain(column) in {_plain(target) + name for name in names}
        ]
        chosen = own or general
        if len(chosen) == 1:
            found[target] = chosen[0]
            notes.append(f"{what} of {target!r} are those of column {chosen[0]!r} (guessed)")
        elif chosen:
            notes.append(f"{what} of {target!r} are not used: {_list(chosen)} may hold them")
    return found


def _only(table: Table, candidates: Sequence[str], what: str, option: str, notes: list[str]) -> str:
    if len(candidates) == 1:
        notes.append(f"column {candidates[0]!r} was taken for {what} (guessed)")
        return candidates[0]
    if candidates:
        problem = f"{len(candidates)} columns may hold {what}: {_list(candidates)}"
    else:
        problem = f"no column holds {what}; its columns are {_list(table.columns)}"
    raise ValueError(f"{table.path}: {problem}; name one with {option}")


def _with_names(table: Table, names: Sequence[str]) -> list[str]:
    return [column for column in table.columns if _plain(column) in names]


def _plain(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())


def _list(names: Sequence[str] | Mapping[str, object]) -> str:
    shown = [repr(name) for name in list(names)[:20]]
    return ", ".join(shown) + (f" and {len(names) - 20} more" if len(names) > 20 else "")


def _sample(texts: Sequence[str]) -> list[str]:
    """Different texts from all over a column."""
    distinct = list(dict.fromkeys(text for text in texts if text))
    return distinct[:: max(1, len(distinct) // SAMPLE)][:SAMPLE]


def _holds_smiles(texts: Sequence[str]) -> bool:
    sample = _sample(texts)
    with rdBase.BlockLogs():
        mols = [Chem.MolFromSmiles(text) for text in sample if len(text) >= LEAST_ATOMS]
    large = [mol for mol in mols if mol is not None and mol.GetNumAtoms() >= LEAST_ATOMS]
    return 2 * len(large) > len(sample)


def _holds_numbers(texts: Sequence[str]) -> bool:
    sample = _sample(texts)
    numbers = 0
    for text in sample:
        try:
            numbers += read_value(text) is not None
        except ValueError:
            continue
    return 10 * numbers > 9 * len(sample)
