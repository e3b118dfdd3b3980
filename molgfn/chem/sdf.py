"""Molecules and their properties as an SD file."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from rdkit import Chem, rdBase
from rdkit.Chem import rdDepictor, rdDistGeom

MAX_SECONDS = 10  # for the conformer of one molecule


def write_sdf(path: Path, rows: Iterable[Mapping[str, Any]], conformers: bool = False) -> int:
    """Write one molecule a row: coordinates, its `id` as title, all columns as properties.

    Args:
        rows: each with at least `id` and `smiles`.
        conformers: a conformer by ETKDG, hydrogens included, instead of 2D coordinates; where none
            is found, 2D coordinates.
    Returns:
        How many molecules were to have a conformer, and have none.
    """
    failed = 0
    with Chem.SDWriter(str(path)) as writer:
        for row in rows:
            mol = Chem.MolFromSmiles(row["smiles"])
            if conformers and (embedded := conformer(mol)) is not None:
                mol = embedded
            else:
                failed += conformers
                rdDepictor.Compute2DCoords(mol)
            mol.SetProp("_Name", row["id"])
            for name, value in row.items():
                mol.SetProp(name, str(value))
            writer.write(mol)
    return failed


def conformer(mol: Chem.Mol) -> Chem.Mol | None:
    """A molecule with its hydrogens and one conformer; None if there is none in `MAX_SECONDS`.

    Source: Wang et al. 2020, ETKDG version 3; the same molecule gets the same conformer.
    """
    parameters = rdDistGeom.ETKDGv3()
    parameters.randomSeed = 0
    parameters.timeout = MAX_SECONDS
    full = Chem.AddHs(mol)
    with rdBase.BlockLogs():
        return full if rdDistGeom.EmbedMolecule(full, parameters) >= 0 else None
