"""Drawings of molecules, as PNG."""

from collections.abc import Sequence

from rdkit import Chem
from rdkit.Chem.Draw import rdMolDraw2D

CELL = (300, 220)  # pixels of one molecule: width, height


def draw(mol: Chem.Mol, size: tuple[int, int] = CELL) -> bytes:
    """PNG of one molecule."""
    canvas = rdMolDraw2D.MolDraw2DCairo(*size)
    canvas.DrawMolecule(rdMolDraw2D.PrepareMolForDrawing(mol))
    canvas.FinishDrawing()
    return bytes(canvas.GetDrawingText())


def draw_grid(mols: Sequence[Chem.Mol], legends: Sequence[str], columns: int = 5) -> bytes:
    """PNG of several molecules in rows of `columns`, each over its legend.

    Raises:
        ValueError: there is nothing to draw.
    """
    if not mols:
        raise ValueError("there is no molecule to draw")
    width, height = CELL
    rows = -(-len(mols) // columns)
    canvas = rdMolDraw2D.MolDraw2DCairo(columns * width, rows * height, width, height)
    canvas.drawOptions().drawMolsSameScale = False
    prepared = [rdMolDraw2D.PrepareMolForDrawing(mol) for mol in mols]
    canvas.DrawMolecules(prepared, legends=list(legends))
    canvas.FinishDrawing()
    return bytes(canvas.GetDrawingText())
