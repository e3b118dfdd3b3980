"""Small drawings: molecules of one core or scaffold lie alike, paths of one colour are one path."""

import html
import re
from collections import defaultdict
from collections.abc import Sequence
from functools import cache
from itertools import pairwise

from rdkit import Chem, rdBase
from rdkit.Chem import rdDepictor
from rdkit.Chem.Draw import rdMolDraw2D

from molgfn.chem.cores import unmarked
from molgfn.chem.descriptors import scaffold

SCALE = 40  # units of 1 angstrom; a drawing's numbers are whole
MOST_ATOMS = 250  # whose drawing takes a fifth of a second; of twice as many, two seconds
_PATH = re.compile(r"<path [^>]*?d='([^']*)' style='([^']*)'")
_LETTER = re.compile(r"<text x='([^']*)' y='([^']*)' [^>]*?style='([^']*)' ?>([^<]*)<")
_SIZE = re.compile(r"viewBox='0 0 (\d+) (\d+)'")
_COLOUR = re.compile(r"(fill|stroke):(#[0-9A-Fa-f]{6}|none)")
_FONT = re.compile(r"font-size:(\d+)px")
_NUMBER = re.compile(r"-?\d+\.?\d*")
_CORNER = "stroke-miterlimit"  # of paths that only round a corner, which the page's lines have

Drawing = tuple[int, int, list[tuple[str, str]], list[int]]
"""Width, height, the parts, and x and y of each atom.

A part is a kind with a colour, and its data: of `s` and `f` (stroke and fill) a path; of `t` and
`u` (letters, and small ones) x, y and letter, one after the other.
"""


def draw_all(mols: Sequence[Chem.Mol], cores: Sequence[str] | None = None) -> list[Drawing | None]:
    """Drawings of molecules; what several share lies the same in all.

    Molecules of more than `MOST_ATOMS` atoms are not drawn.

    Args:
        cores: SMILES of what each was built on, stars left out of account, empty for nothing; then
            its Murcko scaffold is what it may share.
    """
    shared: dict[str, list[Chem.Mol]] = defaultdict(list)
    for mol, core in zip(mols, cores or [""] * len(mols), strict=True):
        if mol.GetNumAtoms() <= MOST_ATOMS:
            shared[core if _is_core(core) else scaffold(mol)].append(mol)
    for core, members in shared.items():
        _lay_out(core, members)
    return [draw(mol) if mol.GetNumAtoms() <= MOST_ATOMS else None for mol in mols]


@cache
def _is_core(core: str) -> bool:
    try:
        unmarked(core)
    except ValueError:
        return False
    return True


def draw(mol: Chem.Mol) -> Drawing:
    """The drawing of a molecule with 2D coordinates."""
    canvas = rdMolDraw2D.MolDraw2DSVG(-1, -1, -1, -1, True)  # letters as text, not as outlines
    options = canvas.drawOptions()
    options.scalingFactor = SCALE
    options.clearBackground = False
    canvas.DrawMolecule(mol)
    canvas.FinishDrawing()
    svg = canvas.GetDrawingText()
    size = _SIZE.search(svg)
    assert size is not None  # RDKit writes one in each SVG
    parts: dict[str, list[str]] = defaultdict(list)
    for data, style in _PATH.findall(svg):
        if _CORNER in style:
            continue
        colours = dict(_COLOUR.findall(style))
        kind = "f" if colours.get("fill", "none") != "none" else "s"
        parts[kind + colours["fill" if kind == "f" else "stroke"]].append(_path(data))
    letters = _LETTER.findall(svg)
    largest = max((_font(style) for _, _, style, _ in letters), default=0)
    for x, y, style, letter in letters:
        kind = "t" if _font(style) == largest else "u"
        colour = dict(_COLOUR.findall(style))["fill"]
        parts[kind + colour].append(f"{_whole(x)} {_whole(y)} {html.unescape(letter)} ")
    joined = [(kind, "".join(data).strip()) for kind, data in parts.items()]
    places = (canvas.GetDrawCoords(atom) for atom in range(mol.GetNumAtoms()))
    points = [round(value) for place in places for value in (place.x, place.y)]
    return int(size[1]), int(size[2]), joined, points


def _path(data: str) -> str:
    """A path in whole numbers; lines are relative to where they begin, which makes them short."""
    if "C" in data or "Q" in data:
        return _NUMBER.sub(lambda found: _whole(found[0]), data)
    numbers = [round(float(number)) for number in _NUMBER.findall(data)]
    points = list(zip(numbers[::2], numbers[1::2], strict=True))
    lines = "".join(f"l{c - a} {d - b}" for (a, b), (c, d) in pairwise(points))
    return f"M{points[0][0]} {points[0][1]}{lines}{'z' if 'Z' in data else ''}"


def _whole(number: str) -> str:
    return str(round(float(number)))


def _font(style: str) -> int:
    found = _FONT.search(style)
    assert found is not None  # RDKit gives each letter a size
    return int(found[1])


def _lay_out(core: str, members: Sequence[Chem.Mol]) -> None:
    starred = Chem.MolFromSmiles(core) if core and len(members) > 1 else None
    if starred is None:
        for mol in members:
            rdDepictor.Compute2DCoords(mol)
        return
    rdDepictor.Compute2DCoords(starred)  # with room for what comes where the stars are
    pattern = Chem.RWMol(starred)
    for atom in reversed(starred.GetAtoms()):
        if atom.GetAtomicNum() == 0:
            pattern.RemoveAtom(atom.GetIdx())
    Chem.FastFindRings(pattern)
    with rdBase.BlockLogs():
        for mol in members:
            rdDepictor.GenerateDepictionMatching2DStructure(mol, pattern, acceptFailure=True)
