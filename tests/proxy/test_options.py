"""What may be asked of a fit."""

from typing import Any

import pytest

from molgfn.proxy.options import FitOptions


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("task", "ranking"),
        ("split", "spatial"),
        ("models", ()),
        ("models", ("oracle",)),
        ("members", 0),
        ("test_share", 1.0),
        ("test_share", float("nan")),
        ("max_minutes", 0.0),
        ("max_minutes", float("nan")),
    ],
)
def test_an_option_out_of_range_is_refused_by_name(option: str, value: Any) -> None:
    with pytest.raises(ValueError, match=f"^{option} = .*: accepted are"):
        FitOptions(**{option: value})
