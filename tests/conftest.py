"""What several test files share."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

# two threads that wait for each other are slower than one on a busy machine
torch.set_num_threads(1)

CHECKOUT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def seh_folder() -> Iterator[Path]:
    """Folder of the published sEH files: `$MOLGFN_SEH`, or `shared/seh` beside the checkout."""
    folder = Path(os.environ.get("MOLGFN_SEH") or CHECKOUT.parent / "shared" / "seh")
    if not folder.is_dir():
        pytest.skip(f"no published sEH files in {folder}: set MOLGFN_SEH to their folder")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MOLGFN_SEH", str(folder))
        yield folder
