"""Small drawings: molecules of one scaffold lie alike, paths of one colour are one path."""

import re
from collections import defaultdict
from collections.abc import Sequence

from rdkit import Chem, rdBase
from rdkit.Chem import rdDepictor
from rdkit.Chem.Draw import rdMolDraw2D

from molgfn.chem.descriptors import scaffold

SCALE = 20  # pixels of a bond of 1 angstrom
_PATH = re.compile(r"<path [^>]*?d='([^']*)' ([^>]*)/>")
_SIZE = re.compile(r"viewBox='0 0 (\d+) (\d+)'")
_COLOUR = re.compile(r"(fill|stroke)[:=]'?(#[0-9A-Fa-f]{6}|none)")

Drawing = tuple[int, int, list[tuple[str, str]]]
"""Width, height, and the paths: `s` or `f` (stroke or fill) with a colour, and the path's data."""


def draw_all(mols: Sequence[Chem.Mol]) -> list[Drawing]:
    """Drawings of molecules; where several share a Murcko scaffold, it lies the same in all."""
    shared: dict[str, list[Chem.Mol]] = defaultdict(list)
    for mol in mols:
        shared[scaffold(mol)].append(mol)
    for core, members in shared.items():
        _lay_out(core, members)
    return [draw(mol) for mol in mols]


def draw(mol: Chem.Mol) -> Drawing:
    """The drawing of a molecule with 2D coordinates."""
    canvas = rdMolDraw2D.MolDraw2DSVG(-1, -1)
    options = canvas.drawOptions()
    options.scalingFactor = SCALE
    options.clearBackground = False
    canvas.DrawMolecule(mol)
    canvas.FinishDrawing()
    svg = canvas.GetDrawingText()
    size = _SIZE.search(svg)
    assert size is not None  # RDKit writes one in each SVG
    paths: dict[str, list[str]] = defaultdict(list)
    for data, style in _PATH.findall(svg):
        colours = dict(_COLOUR.findall(style))
        filled = colours.get("fill", "none") != "none"
        colour = colours["fill" if filled else "stroke"]
        paths[("f" if filled else "s") + colour].append(data.replace(" L ", "L").strip())
    return int(size[1]), int(size[2]), [(kind, "".join(data)) for kind, data in paths.items()]


def _lay_out(core: str, members: Sequence[Chem.Mol]) -> None:
    pattern = Chem.MolFromSmiles(core) if core and len(members) > 1 else None
    if pattern is None:
        for mol in members:
            rdDepictor.Compute2DCoords(mol)
        return
    rdDepictor.Compute2DCoords(pattern)
    with rdBase.BlockLogs():
        for mol in members:
            rdDepictor.GenerateDepictionMatching2DStructure(mol, pattern, acceptFailure=True)
