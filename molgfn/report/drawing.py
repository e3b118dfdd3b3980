"""Small drawings: molecules of one scaffold lie alike, paths of one colour are one path."""

import re
from collections import defaultdict
from collections.abc import Sequence

from rdkit import Chem, rdBase
from rdkit.Chem import rdDepictor
from rdkit.Chem.Draw import rdMolDraw2D

from molgfn.chem.descriptors import scaffold

SCALE = 20  # pixels of a bond of 1 angstrom
MOST_ATOMS = 250  # whose drawing takes a fifth of a second; of twice as many, two seconds
_PATH = re.compile(r"<path [^>]*?d='([^']*)' ([^>]*)/>")
_SIZE = re.compile(r"viewBox='0 0 (\d+) (\d+)'")
_COLOUR = re.compile(r"(fill|stroke)[:=]'?(#[0-9A-Fa-f]{6}|none)")

Drawing = tuple[int, int, list[tuple[str, str]], list[int]]
"""Width, height, the paths, and x and y of each atom.

A path is `s` or `f` (stroke or fill) with a colour, and its data.
"""


def draw_all(mols: Sequence[Chem.Mol]) -> list[Drawing | None]:
    """Drawings of molecules; where several share a Murcko scaffold, it lies the same in all.

    Molecules of more than `MOST_ATOMS` atoms are not drawn.
    """
    shared: dict[str, list[Chem.Mol]] = defaultdict(list)
    for mol in mols:
        if mol.GetNumAtoms() <= MOST_ATOMS:
            shared[scaffold(mol)].append(mol)
    for core, members in shared.items():
        _lay_out(core, members)
    return [draw(mol) if mol.GetNumAtoms() <= MOST_ATOMS else None for mol in mols]


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
    joined = [(kind, "".join(data)) for kind, data in paths.items()]
    places = (canvas.GetDrawCoords(atom) for atom in range(mol.GetNumAtoms()))
    points = [round(value) for place in places for value in (place.x, place.y)]
    return int(size[1]), int(size[2]), joined, points


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
