"""Drawings of molecules."""

from collections.abc import Sequence
from io import BytesIO

from PIL import Image
from rdkit import Chem
from rdkit.Chem.Draw import rdMolDraw2D

CELL = (300, 220)  # pixels of one molecule: width, height


def draw_grid(smiles: Sequence[str], legends: Sequence[str], columns: int = 5) -> bytes:
    """PNG of molecules in rows of `columns`, each over its legend.

    Raises:
        ValueError: there is nothing to draw.
    """
    if not smiles:
        raise ValueError("there is no molecule to draw")
    width, height = CELL
    columns = min(columns, len(smiles))
    rows = -(-len(smiles) // columns)
    canvas = rdMolDraw2D.MolDraw2DCairo(columns * width, rows * height, width, height)
    canvas.drawOptions().drawMolsSameScale = False
    mols = [rdMolDraw2D.PrepareMolForDrawing(Chem.MolFromSmiles(text)) for text in smiles]
    canvas.DrawMolecules(mols, legends=list(legends))
    canvas.FinishDrawing()
    return bytes(canvas.GetDrawingText())


def draw(smiles: str) -> Image.Image:
    """Drawing of one molecule."""
    return Image.open(BytesIO(draw_grid([smiles], [""])))
