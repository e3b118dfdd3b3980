"""The network of the published sEH proxy, with the four-matrix trick."""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from molgfn.chem.atom_features import NUM_BOND_TYPES, NUM_FEATURES, AtomGraphs, element_features
from molgfn.rewards.array_pickle import load_arrays
from molgfn.rewards.messages import BondMessages, softmax_by_molecule, sum_by_molecule

WIDTH = 64
NUM_STEPS = 12
NUM_READOUT_STEPS = 3
_HIDDEN = 128

_SHAPES: dict[str, tuple[int, tuple[int, ...]]] = {
    "input_weight": (0, (WIDTH, NUM_FEATURES)),
    "input_bias": (1, (WIDTH,)),
    "root_weight": (2, (WIDTH, WIDTH)),
    "root_bias": (3, (WIDTH,)),
    "edge_weight_0": (4, (_HIDDEN, NUM_BOND_TYPES)),
    "edge_bias_0": (5, (_HIDDEN,)),
    "edge_weight_1": (6, (WIDTH * WIDTH, _HIDDEN)),
    "edge_bias_1": (7, (WIDTH * WIDTH,)),
    "gru_weight_ih": (8, (3 * WIDTH, WIDTH)),
    "gru_weight_hh": (9, (3 * WIDTH, WIDTH)),
    "gru_bias_ih": (10, (3 * WIDTH,)),
    "gru_bias_hh": (11, (3 * WIDTH,)),
    "lstm_weight_ih": (16, (4 * WIDTH, 2 * WIDTH)),
    "lstm_weight_hh": (17, (4 * WIDTH, WIDTH)),
    "lstm_bias_ih": (18, (4 * WIDTH,)),
    "lstm_bias_hh": (19, (4 * WIDTH,)),
    "output_weight": (20, (1, 2 * WIDTH)),
    "output_bias": (21, (1,)),
}
_NUM_ARRAYS = 22


def load_seh_weights(path: Path) -> dict[str, Tensor]:
    """The weights of the published proxy by name; its unused heads are left out.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is hostile or damaged, or an array has another shape than the proxy's.
    """
    arrays: list[NDArray[np.float32]] = load_arrays(path)
    if len(arrays) != _NUM_ARRAYS:
        raise ValueError(f"{path} holds {len(arrays)} arrays; the sEH proxy has {_NUM_ARRAYS}")
    for name, (number, shape) in _SHAPES.items():
        if arrays[number].shape != shape:
            raise ValueError(
                f"{path}: array {number} ({name}) has shape {arrays[number].shape}; "
                f"the sEH proxy has {shape}"
            )
    return {name: torch.from_numpy(arrays[number].copy()) for name, (number, _) in _SHAPES.items()}


def bond_matrices(weights: dict[str, Tensor]) -> Tensor:
    """[4, D, D] what the edge network gives for each of the four one-hot bond types."""
    hidden = functional.leaky_relu(weights["edge_weight_0"].T + weights["edge_bias_0"])
    flat = hidden @ weights["edge_weight_1"].T + weights["edge_bias_1"]
    return flat.view(NUM_BOND_TYPES, WIDTH, WIDTH)


def _split_gru(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """A GRU's weights as (reset, update) gates, whose biases merge, and the new state."""
    gates, new = slice(None, 2 * WIDTH), slice(2 * WIDTH, None)
    return {
        "gate_weight_ih": weights["gru_weight_ih"][gates].T.contiguous(),
        "gate_weight_hh": weights["gru_weight_hh"][gates].T.contiguous(),
        "gate_bias": weights["gru_bias_ih"][gates] + weights["gru_bias_hh"][gates],
        "new_weight_ih": weights["gru_weight_ih"][new].T.contiguous(),
        "new_weight_hh": weights["gru_weight_hh"][new].T.contiguous(),
        "new_bias_ih": weights["gru_bias_ih"][new],
        "new_bias_hh": weights["gru_bias_hh"][new],
    }


class SEHNetwork(nn.Module):
    """NNConv + GRU + Set2Set, its numbers unchanged, its edge network computed once.

        h_0 = lrelu(x W + b)
        m_i = lrelu(h_i W_root + b + mean over bonds j -> i of h_j W_type),  h_i = GRU(m_i, h_i)

    twelve times with the same weights, then a Set2Set readout of three steps and one linear unit.
    The weights are constants: buffers that checkpoints do not repeat.

    Source: Bengio et al. 2021, arXiv:2106.04399; GFNOrg/gflownet, mols/data/pretrained_proxy, MIT.
    """

    input_weight: Tensor
    input_bias: Tensor
    root_weight: Tensor
    root_bias: Tensor
    lstm_weight_ih: Tensor
    lstm_weight_hh: Tensor
    lstm_bias_ih: Tensor
    lstm_bias_hh: Tensor
    output_weight: Tensor
    output_bias: Tensor
    gate_weight_ih: Tensor
    gate_weight_hh: Tensor
    gate_bias: Tensor
    new_weight_ih: Tensor
    new_weight_hh: Tensor
    new_bias_ih: Tensor
    new_bias_hh: Tensor
    matrices: Tensor
    elements: Tensor

    def __init__(self, weights: dict[str, Tensor]) -> None:
        super().__init__()
        constants = {
            **{name: w for name, w in weights.items() if not name.startswith(("edge_", "gru_"))},
            **_split_gru(weights),
            "matrices": bond_matrices(weights),
            "elements": element_features(),
        }
        for name, constant in constants.items():
            self.register_buffer(name, constant, persistent=False)

    @torch.no_grad()
    def forward(self, graphs: AtomGraphs, messages: BondMessages) -> Tensor:
        """[B] predictions; meaningless for a molecule without atoms."""
        summary = self._read_out(self.atom_states(graphs, messages), graphs)
        return functional.linear(summary, self.output_weight, self.output_bias)[:, 0]

    @torch.no_grad()
    def atom_states(self, graphs: AtomGraphs, messages: BondMessages) -> Tensor:
        """[N, D] states of the atoms after the last step."""
        x = graphs.features(self.elements)
        h = functional.leaky_relu(functional.linear(x, self.input_weight, self.input_bias))
        for _ in range(NUM_STEPS):
            own = functional.linear(h, self.root_weight, self.root_bias)
            m = functional.leaky_relu(own.add_(messages.mean(h, self.matrices)), inplace=True)
            h = self._gru(m, h)
        return h

    def _gru(self, inputs: Tensor, states: Tensor) -> Tensor:
        """One GRU cell; on a CPU this order of operations is a tenth faster than the fused cell."""
        gates = torch.addmm(self.gate_bias, inputs, self.gate_weight_ih)
        gates = gates.addmm_(states, self.gate_weight_hh).sigmoid_()
        reset, update = gates.chunk(2, dim=1)
        kept = torch.addmm(self.new_bias_hh, states, self.new_weight_hh)
        new = torch.addmm(self.new_bias_ih, inputs, self.new_weight_ih)
        return torch.lerp(new.addcmul_(reset, kept).tanh_(), states, update)

    def _read_out(self, states: Tensor, graphs: AtomGraphs) -> Tensor:
        """[N, D] -> [B, 2 D]: a Set2Set readout (Vinyals et al. 2016, arXiv:1511.06391)."""
        query = states.new_zeros(graphs.num_molecules, WIDTH)
        cell = torch.zeros_like(query)
        summary = states.new_zeros(graphs.num_molecules, 2 * WIDTH)
        for _ in range(NUM_READOUT_STEPS):
            query, cell = torch.lstm_cell(
                summary,
                (query, cell),
                self.lstm_weight_ih,
                self.lstm_weight_hh,
                self.lstm_bias_ih,
                self.lstm_bias_hh,
            )
            scores = (states * query.index_select(0, graphs.molecule)).sum(1)
            weights = softmax_by_molecule(scores, graphs)
            summary = torch.cat([query, sum_by_molecule(weights[:, None] * states, graphs)], 1)
        return summary
