"""Drawings are PNG files with the molecules in them."""

from io import BytesIO

import pytest
from PIL import Image
from rdkit import Chem

from molgfn.chem.picture import CELL, draw, draw_grid


def image(png: bytes) -> Image.Image:
    return Image.open(BytesIO(png), formats=["PNG"])


def test_a_drawing_is_a_png_of_the_asked_size() -> None:
    assert image(draw(Chem.MolFromSmiles("c1ccccc1O"), size=(200, 100))).size == (200, 100)


def test_a_grid_has_as_many_rows_as_it_needs() -> None:
    mols = [Chem.MolFromSmiles("C" * n) for n in range(1, 8)]
    assert image(draw_grid(mols, [""] * 7, columns=3)).size == (3 * CELL[0], 3 * CELL[1])


def test_a_grid_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="no molecule to draw"):
        draw_grid([], [])
