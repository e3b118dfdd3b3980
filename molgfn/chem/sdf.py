"""Molecules and their properties as an SD file."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rdkit import Chem
from rdkit.Chem import rdDepictor


def write_sdf(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write one molecule a row: 2D coordinates, its `id` as title, all columns as properties.

    Args:
        rows: each with at least `id` and `smiles`.
    """
    with Chem.SDWriter(str(path)) as writer:
        for row in rows:
            mol = Chem.MolFromSmiles(row["smiles"])
            rdDepictor.Compute2DCoords(mol)
            mol.SetProp("_Name", row["id"])
            for name, value in row.items():
                mol.SetProp(name, str(value))
            writer.write(mol)
