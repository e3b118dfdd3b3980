"""The network of the shipped student of the sEH proxy, and its file."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional

from molgfn.chem.atom_features import NUM_BOND_TYPES, NUM_FEATURES, AtomGraphs, element_features
from molgfn.rewards.messages import BondMessages, sum_by_molecule

FORMAT = "molgfn-seh-student-1"
TYPICAL_NUM_ATOMS = 20.0
"""Scale of the summed readout, so that sums and means are of one size."""


class StudentStep(nn.Module):
    """One residual step of message passing with its own weights.

    h_i + silu(h'_i W_root + b + mean over bonds j -> i of h'_j W_type),  h' = layernorm(h)
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.root = nn.Linear(width, width)
        self.matrices = nn.Parameter(torch.randn(NUM_BOND_TYPES, width, width) / width**0.5)

    def forward(self, states: Tensor, messages: BondMessages) -> Tensor:
        """[N, D] -> [N, D]"""
        normed = self.norm(states)
        return states + functional.silu(self.root(normed) + messages.mean(normed, self.matrices))


class StudentNetwork(nn.Module):
    """Residual message passing over atoms, then gated sums and means of each molecule.

    Args:
        width: D, size of an atom's state.
        num_steps: number of message-passing steps, each with its own weights.
    """

    elements: Tensor

    def __init__(self, width: int, num_steps: int) -> None:
        super().__init__()
        self.width, self.num_steps = width, num_steps
        self.input = nn.Linear(NUM_FEATURES, width)
        self.steps = nn.ModuleList(StudentStep(width) for _ in range(num_steps))
        self.gate = nn.Linear(width, width)
        self.value = nn.Linear(width, width)
        self.head = nn.Sequential(nn.Linear(2 * width, width), nn.SiLU(), nn.Linear(width, 1))
        self.register_buffer("elements", element_features(), persistent=False)

    def forward(self, graphs: AtomGraphs, messages: BondMessages) -> Tensor:
        """[B] predictions; meaningless for a molecule without atoms."""
        states = self.input(graphs.features(self.elements))
        for step in self.steps:
            states = step(states, messages)
        values = self.gate(states).sigmoid() * self.value(states)
        sums = sum_by_molecule(values, graphs)
        sizes = sum_by_molecule(values.new_ones(len(values)), graphs).clamp(min=1)
        summary = torch.cat([sums / sizes[:, None], sums / TYPICAL_NUM_ATOMS], 1)
        return self.head(summary)[:, 0]  # type: ignore[no-any-return]


def save_student(network: StudentNetwork, path: Path) -> None:
    """Write a network as safetensors, with its sizes and the checksum of its weights."""
    tensors = {name: tensor.detach().contiguous() for name, tensor in network.state_dict().items()}
    metadata = {
        "format": FORMAT,
        "width": str(network.width),
        "num_steps": str(network.num_steps),
        "sha256": _checksum(tensors),
    }
    save_file(tensors, path, metadata=metadata)


def load_student(path: Path) -> StudentNetwork:
    """A network that `save_student` wrote.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is damaged, or of another format or shape; the message says which.
    """
    if not path.exists():
        raise FileNotFoundError(f"there are no student weights at {path}")
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except SafetensorError as error:
        raise ValueError(f"{path} is not a readable safetensors file: {error}") from error
    if metadata.get("format") != FORMAT:
        raise ValueError(f"{path} has format {metadata.get('format')!r}; accepted is {FORMAT!r}")
    if (found := _checksum(tensors)) != metadata.get("sha256"):
        raise ValueError(
            f"{path}: the weights have SHA-256 {found}, the file says {metadata.get('sha256')}; "
            "it is damaged"
        )
    network = StudentNetwork(_size(metadata, "width", path), _size(metadata, "num_steps", path))
    try:
        network.load_state_dict(tensors)
    except RuntimeError as error:
        raise ValueError(f"{path} does not fit its own sizes: {error}") from error
    return network


def _size(metadata: Mapping[str, str], key: str, path: Path) -> int:
    text = metadata.get(key, "")
    if not text.isdecimal() or not 1 <= int(text) <= 1024:
        raise ValueError(f"{path}: {key} is {text!r}; accepted are whole numbers 1..1024")
    return int(text)


def _checksum(tensors: Mapping[str, Tensor]) -> str:
    digest = hashlib.sha256()
    for name in sorted(tensors):
        tensor = tensors[name]
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.cpu().numpy().tobytes())
    return digest.hexdigest()


def as_constants(network: StudentNetwork) -> StudentNetwork:
    """The same network, its parameters turned into buffers that no state dict repeats."""
    for module in network.modules():
        for name, parameter in list(module.named_parameters(recurse=False)):
            delattr(module, name)
            module.register_buffer(name, parameter.detach(), persistent=False)
    return network.eval()
