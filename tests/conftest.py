"""What several test files share."""

import os
import signal
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
    yield from _published("seh")


@pytest.fixture(scope="session")
def proxy_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A proxy that `molgfn.proxy.fit` made of 200 measured molecules inside RDKit."""
    from molgfn.proxy.fit import fit
    from molgfn.proxy.options import FitOptions
    from tests.measured import free_wilson

    folder = tmp_path_factory.mktemp("proxy")
    fit(free_wilson(200), FitOptions(models=("gaussian_process",))).save(folder)
    return folder


@pytest.fixture(scope="session")
def amp_folder() -> Iterator[Path]:
    """Folder of the published AMP files: `$MOLGFN_AMP`, or `shared/amp` beside the checkout."""
    yield from _published("amp")


@pytest.fixture
def interrupts() -> Iterator[None]:
    """SIGINT interrupts, also where the shell that started the tests has it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def _published(task: str) -> Iterator[Path]:
    variable = f"MOLGFN_{task.upper()}"
    folder = Path(os.environ.get(variable) or CHECKOUT.parent / "shared" / task)
    if not folder.is_dir():
        pytest.skip(f"no published {task} files in {folder}: set {variable} to their folder")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(variable, str(folder))
        yield folder
