"""Drawings hold the molecules asked for."""

from io import BytesIO

import pytest
from PIL import Image

from molgfn.chem.picture import CELL, draw, draw_grid


def test_a_drawing_is_not_empty() -> None:
    image = draw("c1ccccc1O")
    assert image.size == CELL
    assert len(image.convert("RGB").getcolors(maxcolors=100_000)) > 2


def test_a_grid_is_a_png_with_as_many_rows_as_it_needs() -> None:
    png = draw_grid(["C" * n for n in range(1, 8)], [""] * 7, columns=3)
    assert Image.open(BytesIO(png), formats=["PNG"]).size == (3 * CELL[0], 3 * CELL[1])


def test_a_grid_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="no molecule to draw"):
        draw_grid([], [])
