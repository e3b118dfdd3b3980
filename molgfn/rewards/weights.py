"""The file of a small network that molgfn trained: safetensors, with its sizes and a checksum."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

Network = TypeVar("Network", bound=nn.Module)


def save_network(network: nn.Module, path: Path, kind: str, sizes: Sequence[str]) -> None:
    """Write a network's weights, and the arguments that it is made with.

    Args:
        kind: the format's name.
        sizes: names of those arguments; they are whole numbers, and attributes of the network.
    """
    tensors = {name: tensor.detach().contiguous() for name, tensor in network.state_dict().items()}
    metadata = {
        "format": kind,
        **{name: str(getattr(network, name)) for name in sizes},
        "sha256": _checksum(tensors),
    }
    save_file(tensors, path, metadata=metadata)


def load_network(
    make: Callable[..., Network], path: Path, kind: str, sizes: Sequence[str]
) -> Network:
    """A network that `save_network` wrote.

    Args:
        make: the class of the network.
    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is damaged, or of another format or shape; the message says which.
    """
    if not path.is_file():
        raise FileNotFoundError(f"there are no weights at {path}")
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except SafetensorError as error:
        raise ValueError(f"{path} is not a readable safetensors file: {error}") from error
    if metadata.get("format") != kind:
        raise ValueError(f"{path} has format {metadata.get('format')!r}; accepted is {kind!r}")
    if (found := _checksum(tensors)) != metadata.get("sha256"):
        raise ValueError(
            f"{path}: the weights have SHA-256 {found}, the file says {metadata.get('sha256')}; "
            "it is damaged"
        )
    network = make(**{name: _size(metadata, name, path) for name in sizes})
    try:
        network.load_state_dict(tensors)
    except RuntimeError as error:
        raise ValueError(f"{path} does not fit its own sizes: {error}") from error
    return network


def as_constants(network: Network) -> Network:
    """The same network, its parameters and buffers as buffers that no state dict repeats."""
    for module in network.modules():
        own = [*module.named_parameters(recurse=False), *module.named_buffers(recurse=False)]
        for name, tensor in own:
            delattr(module, name)
            module.register_buffer(name, tensor.detach(), persistent=False)
    return network.eval()


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
