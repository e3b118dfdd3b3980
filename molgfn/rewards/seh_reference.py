"""The published sEH proxy in its plain form: check and yardstick of the fast one."""

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch_geometric.nn import NNConv
from torch_geometric.nn.aggr import Set2Set

from molgfn.chem.atom_features import NUM_BOND_TYPES, NUM_FEATURES, AtomGraphs, element_features

WIDTH = 64
NUM_STEPS = 12


class PlainSEHNetwork(nn.Module):
    """NNConv, its edge network run for each bond, GRU and Set2Set, as torch-geometric has them.

    Args:
        weights: from `seh_network.load_seh_weights`.
    """

    elements: Tensor

    def __init__(self, weights: dict[str, Tensor]) -> None:
        super().__init__()
        self.input = nn.Linear(NUM_FEATURES, WIDTH)
        edge_network = nn.Sequential(
            nn.Linear(NUM_BOND_TYPES, 128), nn.LeakyReLU(), nn.Linear(128, WIDTH * WIDTH)
        )
        self.conv = NNConv(WIDTH, WIDTH, edge_network, aggr="mean")
        self.gru = nn.GRU(WIDTH, WIDTH)
        self.readout = Set2Set(WIDTH, processing_steps=3)
        self.output = nn.Linear(2 * WIDTH, 1)
        self.register_buffer("elements", element_features(), persistent=False)
        names = {
            "input.weight": "input_weight",
            "input.bias": "input_bias",
            "conv.lin.weight": "root_weight",
            "conv.bias": "root_bias",
            "conv.nn.0.weight": "edge_weight_0",
            "conv.nn.0.bias": "edge_bias_0",
            "conv.nn.2.weight": "edge_weight_1",
            "conv.nn.2.bias": "edge_bias_1",
            **{
                f"{module}.{kind}_l0": f"{name}_{kind}"
                for module, name in (("gru", "gru"), ("readout.lstm", "lstm"))
                for kind in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
            },
            "output.weight": "output_weight",
            "output.bias": "output_bias",
        }
        self.load_state_dict({own: weights[name] for own, name in names.items()})

    @torch.no_grad()
    def forward(self, graphs: AtomGraphs) -> Tensor:
        """[B] predictions."""
        bonds = torch.stack([graphs.source, graphs.target])
        bond_types = functional.one_hot(graphs.bond_type, NUM_BOND_TYPES).float()
        h = functional.leaky_relu(self.input(graphs.features(self.elements)))
        hidden = h[None]
        for _ in range(NUM_STEPS):
            m = functional.leaky_relu(self.conv(h, bonds, bond_types))
            h, hidden = self.gru(m[None], hidden)
            h = h[0]
        summary = self.readout(h, graphs.molecule, dim_size=graphs.num_molecules)
        return self.output(summary)[:, 0]  # type: ignore[no-any-return]
