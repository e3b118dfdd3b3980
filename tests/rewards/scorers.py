"""Functions of a user, as `Function` and `Workers` meet them: good ones and bad ones."""

import ctypes
import os
import sys
import time
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from rdkit import Chem

NOT_CALLABLE = 3.0


def carbons(smiles: Sequence[str]) -> list[float]:
    return [one.upper().count("C") / 10 for one in smiles]


def sizes(molecules: Sequence[Chem.Mol]) -> Any:
    return np.array([mol.GetNumAtoms() / 10 for mol in molecules])


def lazily(smiles: Sequence[str]) -> Iterator[float]:
    return (len(one) / 10 for one in smiles)


def keyed(smiles: Sequence[str]) -> dict[str, float]:
    return {one: len(one) / 10 for one in reversed(smiles) if "F" not in one}


def named(smiles: Sequence[str]) -> dict[str, dict[str, float]]:
    return {one: {"affinity": -len(one), "strain": 1.5} for one in smiles}


def odd(smiles: Sequence[str]) -> list[Any]:
    """What stands for numbers, and is none, or declares the molecule invalid."""
    odd = {
        "C": None,
        "CC": float("nan"),
        "CCC": float("inf"),
        "CCCC": "0.5",
        "CCCCC": {"error": "no pose"},
        "CCCCCC": {"other": 1.0},
        "CCCCCCC": 1e300,
        "CCCCCCCC": [1.0, 2.0],
    }
    return [odd.get(one, 0.5) for one in smiles]


def picky(smiles: Sequence[str]) -> list[float]:
    if any("F" in one for one in smiles):
        raise RuntimeError("holds fluorine")
    return carbons(smiles)


def exits(smiles: Sequence[str]) -> list[float]:
    if any("F" in one for one in smiles):
        sys.exit("fluorine again")
    return carbons(smiles)


def short(smiles: Sequence[str]) -> list[float]:
    return [0.5 for one in smiles if "F" not in one]


def broken(smiles: Sequence[str]) -> list[float]:
    raise OSError("the licence server is gone")


def chatty(smiles: Sequence[str]) -> list[float]:
    print("to the screen")
    print("to the other screen", file=sys.stderr)
    return carbons(smiles)


def chatty_in_c(smiles: Sequence[str]) -> list[float]:
    os.write(1, b"straight to the screen\n")
    os.write(2, b"straight to the screen\n")
    return carbons(smiles)


def hangs(smiles: Sequence[str]) -> list[float]:
    while any("F" in one for one in smiles):
        time.sleep(0.01)
    return carbons(smiles)


def hangs_in_c(smiles: Sequence[str]) -> list[float]:
    """No other thread of Python runs meanwhile."""
    if any("F" in one for one in smiles):
        ctypes.PyDLL(None).sleep(600)
    return carbons(smiles)


def dies(smiles: Sequence[str]) -> list[float]:
    if any("F" in one for one in smiles):
        ctypes.string_at(0)
    return carbons(smiles)


class Model:
    """An object with a method, made when its module is imported."""

    def score(self, smiles: Sequence[str]) -> list[float]:
        return carbons(smiles)


model = Model()
