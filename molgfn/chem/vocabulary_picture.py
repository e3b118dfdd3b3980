"""The picture of a vocabulary: each fragment with its sites marked."""

from collections import Counter
from collections.abc import Mapping, Sequence

from rdkit import Chem
from rdkit.Chem.Draw import rdMolDraw2D

from molgfn.chem.vocabulary import UNTYPED, Fragment, Vocabulary

CELL = (260, 230)  # pixels of one fragment: width, height
COLUMNS = 6
MAX_CELLS = 600  # of one picture: beyond, it is too large for most viewers
_HUES = (
    (0.55, 0.78, 0.95),
    (0.99, 0.78, 0.48),
    (0.66, 0.87, 0.60),
    (0.97, 0.66, 0.66),
    (0.80, 0.71, 0.92),
    (0.90, 0.86, 0.50),
    (0.60, 0.87, 0.85),
    (0.96, 0.73, 0.87),
)


def draw_vocabulary(vocabulary: Vocabulary, numbers: Sequence[int], *, svg: bool = False) -> bytes:
    """Fragments in rows of `COLUMNS`, as PNG or SVG.

    Sites are circles in the colour of their type, which is written at its first site; the legend
    has the number of the fragment, its name, and how many sites it has.

    Args:
        numbers: which fragments.
    Raises:
        ValueError: there is no fragment to draw, or more than `MAX_CELLS`.
    """
    if not 1 <= len(numbers) <= MAX_CELLS:
        raise ValueError(f"{len(numbers)} fragments to draw; accepted are 1 to {MAX_CELLS}")
    width, height = CELL
    columns = min(COLUMNS, len(numbers))
    rows = -(-len(numbers) // columns)
    size = (columns * width, rows * height, width, height)
    canvas = rdMolDraw2D.MolDraw2DSVG(*size) if svg else rdMolDraw2D.MolDraw2DCairo(*size)
    options = canvas.drawOptions()
    options.legendFontSize = 13
    options.annotationFontScale = 0.62
    options.drawMolsSameScale = False
    options.fixedBondLength = 32
    options.padding = 0.12
    options.highlightRadius = 0.34
    options.fillHighlights = True
    colours = colours_of(vocabulary)
    fragments = [vocabulary.fragments[number] for number in numbers]
    canvas.DrawMolecules(
        [_drawable(fragment, labelled(fragment, colours)) for fragment in fragments],
        legends=[
            _legend(number, fragment) for number, fragment in zip(numbers, fragments, strict=True)
        ],
        highlightAtoms=[list(fragment.sites) for fragment in fragments],
        highlightAtomColors=[
            {site: colours[type_] for site, type_ in zip(f.sites, f.site_types, strict=True)}
            for f in fragments
        ],
        highlightBonds=[[] for _ in fragments],
    )
    canvas.FinishDrawing()
    text = canvas.GetDrawingText()
    return text.encode() if isinstance(text, str) else bytes(text)


def colours_of(vocabulary: Vocabulary) -> dict[str, tuple[float, float, float]]:
    """Site type -> colour; with many types a colour stands for several, and the label tells."""
    types = sorted({one for fragment in vocabulary.fragments for one in fragment.site_types})
    return {one: _HUES[place % len(_HUES)] for place, one in enumerate(types)}


def labelled(
    fragment: Fragment, colours: Mapping[str, tuple[float, float, float]]
) -> dict[int, str]:
    """Site -> label: the type of the first of each type, and of all where types share a colour."""
    types = dict.fromkeys(one for one in fragment.site_types if one != UNTYPED)
    shared = Counter(colours[one] for one in types)
    return {
        site: type_
        for place, (site, type_) in enumerate(zip(fragment.sites, fragment.site_types, strict=True))
        if type_ in types
        and (fragment.site_types.index(type_) == place or shared[colours[type_]] > 1)
    }


def _drawable(fragment: Fragment, labels: Mapping[int, str]) -> Chem.Mol:
    mol = rdMolDraw2D.PrepareMolForDrawing(Chem.MolFromSmiles(fragment.smiles))
    for site, label in labels.items():
        mol.GetAtomWithIdx(site).SetProp("atomNote", label)
    return mol


def _legend(number: int, fragment: Fragment) -> str:
    sites = f"{len(fragment.sites)} site{'s' * (len(fragment.sites) > 1)}"
    name = fragment.name if len(fragment.name) <= 26 else f"{fragment.name[:23]}..."
    return f"{number}  {name}  {sites}"
