"""`molgfn proxy predict`: from a fitted proxy and a file of molecules to a table."""

import argparse
from typing import TYPE_CHECKING, Any

from molgfn.cli.outputs import check_output, write_rows
from molgfn.cli.telling import tell

if TYPE_CHECKING:
    from rdkit import Chem

    from molgfn.proxy.model import ProxyModel
    from molgfn.proxy.table import Table

CHUNK = 2048  # molecules that are predicted at once
SHOWN = 5  # records without a prediction that are named in the terminal


def predict(options: argparse.Namespace) -> int:
    """From a model and a file of molecules to a table of predictions."""
    check_output(options.output, [".csv", ".parquet"], options.overwrite)

    from molgfn.proxy.columns import id_column, smiles_column
    from molgfn.proxy.model import load
    from molgfn.proxy.table import read_table

    model, table = load(options.model), read_table(options.input)
    notes = list(table.notes)
    smiles = smiles_column(table, options.smiles_column, notes)
    ids = id_column(table, smiles)
    names = range(1, len(table) + 1) if ids is None else table.columns[ids]
    rows = [
        {"id": name, **row}
        for name, row in zip(names, predicted(model, table, smiles), strict=True)
    ]
    failed = [(number, row) for number, row in enumerate(rows, start=1) if row["failure"]]
    if len(failed) == len(rows):
        raise ValueError(
            f"{options.input}: no record has a prediction; the first is "
            f"{rows[0]['smiles']!r}: {rows[0]['failure']}"
        )
    write_rows(options.output, rows)
    notes.append(f"{len(rows) - len(failed):,} of {len(rows):,} records have a prediction")
    for note in notes:
        tell(f"- {note}")
    for number, row in failed[:SHOWN]:
        tell(f"  record {number}, {row['smiles']!r}: {row['failure']}")
    if len(failed) > SHOWN:
        tell(f"  and {len(failed) - SHOWN:,} more: see column failure of {options.output}")
    return 0


def predicted(model: "ProxyModel", table: "Table", column: str) -> list[dict[str, Any]]:
    """A row for each record, in order; NaN and a reason where there is no prediction."""
    from molgfn.proxy.standard import read_smiles

    rows: list[dict[str, Any]] = []
    texts = table.columns[column]
    for start in range(0, len(texts), CHUNK):
        mols: list[Chem.Mol | None] = []
        failures: dict[int, str] = {}
        for position, text in enumerate(texts[start : start + CHUNK]):
            mols.append(None)
            try:
                if start + position in table.unreadable:
                    raise ValueError(f"unreadable row: {table.unreadable[start + position]}")
                mols[-1] = read_smiles(text)
            except ValueError as error:
                failures[position] = str(error)
        found = model.predict(mols)
        reasons = {**found.failures, **failures}
        means, stds, domain = found.mean.tolist(), found.std.tolist(), found.domain.tolist()
        for position, text in enumerate(texts[start : start + CHUNK]):
            row: dict[str, Any] = {"smiles": text}
            for number, target in enumerate(model.targets):
                row[f"{target}_mean"] = means[position][number]
                row[f"{target}_std"] = stds[position][number]
            row["domain"] = domain[position]
            rows.append({**row, "failure": reasons.get(position, "")})
    return rows
