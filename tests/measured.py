"""Measured molecules that every installation of RDKit carries."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from rdkit import Chem, RDConfig

from molgfn.proxy.measurements import Measurements

FOLDER = Path(RDConfig.RDContribDir) / "FreeWilson" / "data"


def free_wilson(number: int) -> Measurements:
    """About so many of the 1,017 molecules of CHEMBL2321810, evenly from the weakest on."""
    if not FOLDER.is_dir():
        pytest.skip(f"this installation of RDKit carries no {FOLDER}")
    smiles = pd.read_csv(FOLDER / "CHEMBL2321810.smi", sep=" ", names=["smiles", "name"])
    table = smiles.merge(
        pd.read_csv(FOLDER / "CHEMBL2321810_act.csv").rename(columns={"Name": "name"}), on="name"
    )
    table["smiles"] = [Chem.CanonSmiles(one) for one in table["smiles"]]
    table = table.drop_duplicates("smiles").sort_values(["Act", "smiles"])
    table = table.iloc[np.linspace(0, len(table) - 1, number).astype(int)]
    return measurements(table["smiles"].tolist(), table["Act"].to_numpy(np.float64))


def measurements(smiles: list[str], *columns: np.ndarray) -> Measurements:
    """Exact measurements [N] of some targets, named t0, t1 and so on."""
    values = np.stack([np.asarray(column, dtype=np.float64) for column in columns], axis=1)
    return Measurements(
        smiles=smiles,
        values=values,
        targets=[f"t{number}" for number in range(len(columns))],
        spread=np.zeros_like(values),
        relation=np.full(values.shape, "="),
    )
