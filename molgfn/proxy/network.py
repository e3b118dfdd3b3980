"""An ensemble of message-passing networks on atoms and bonds."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

import torch
from rdkit import Chem
from torch import Tensor, nn
from torch.nn import functional
from torch_geometric.nn import GINEConv, global_add_pool, global_mean_pool

from molgfn.chem.atom_features import (
    NUM_BOND_TYPES,
    NUM_FEATURES,
    AtomGraphs,
    element_features,
)
from molgfn.proxy.target_model import Estimate, FitSettings, Molecules, TargetModel

WIDTH = 64
NUM_LAYERS = 3
DROPOUT = 0.1
TYPICAL_NUM_ATOMS = 25.0
"""Scale of the summed readout, so that sums and means are of one size."""


class Network(nn.Module):
    """Residual GINE layers over atoms, then sums and means over each molecule.

        h_i <- h_i + MLP(h'_i + sum over bonds j -> i of relu(h'_j + e_bond)),  h' = layernorm(h)

    Source: Hu et al. 2020, Strategies for pre-training graph neural networks, arXiv:1905.12265.
    """

    elements: Tensor

    def __init__(self, width: int = WIDTH, num_layers: int = NUM_LAYERS) -> None:
        super().__init__()
        self.atoms = nn.Linear(NUM_FEATURES, width)
        self.bonds = nn.ModuleList(nn.Embedding(NUM_BOND_TYPES, width) for _ in range(num_layers))
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(num_layers))
        self.layers = nn.ModuleList(
            GINEConv(
                nn.Sequential(nn.Linear(width, 2 * width), nn.SiLU(), nn.Linear(2 * width, width))
            )
            for _ in range(num_layers)
        )
        self.head = nn.Sequential(
            nn.LayerNorm(2 * width),
            nn.Dropout(DROPOUT),
            nn.Linear(2 * width, width),
            nn.SiLU(),
            nn.Linear(width, 1),
        )
        self.register_buffer("elements", element_features(), persistent=False)

    def forward(self, graphs: AtomGraphs) -> Tensor:
        """[B] numbers in units of the training values' spread, or logits of the class."""
        states = self.atoms(graphs.features(self.elements))
        edges = torch.stack([graphs.source, graphs.target])
        for bonds, norm, layer in zip(self.bonds, self.norms, self.layers, strict=True):
            sent = layer(norm(states), edges, bonds(graphs.bond_type))
            states = states + functional.dropout(sent, DROPOUT, self.training)
        sums = global_add_pool(states, graphs.molecule, graphs.num_molecules)
        means = global_mean_pool(states, graphs.molecule, graphs.num_molecules)
        summary = torch.cat([means, sums / TYPICAL_NUM_ATOMS], 1)
        return self.head(summary)[:, 0]  # type: ignore[no-any-return]


class NetworkEnsemble(TargetModel):
    """Mean and standard deviation over k networks, each stopped early on a part of its own.

    Member m does not learn from the molecules of part m of `settings.fold`: it is kept as it was
    when it predicted them best. Of classes, probabilities are averaged.
    """

    kind = "network"
    reads_graphs = True

    def __init__(
        self, members: Sequence[Network], classification: bool, center: float, scale: float
    ) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)
        self.classification, self.center, self.scale = classification, center, scale

    @classmethod
    def fit(cls, mols: Sequence[Chem.Mol], values: Tensor, settings: FitSettings) -> Self:
        """Fit to N molecules and values [N]."""
        from molgfn.proxy.network_fit import fit_members

        center, scale = 0.0, 1.0
        if not settings.classification:
            center, scale = float(values.mean()), float(values.std())
        members, cut_short = fit_members(mols, (values.float() - center) / scale, settings)
        made = cls(members, settings.classification, center, scale)
        made.cut_short = cut_short
        return made

    def forward(self, molecules: Molecules) -> Estimate:
        """Predict B molecules; a single network knows nothing of its error, and says std = 1."""
        assert molecules.graphs is not None, "reads_graphs asks for them"
        said = torch.stack([member(molecules.graphs) for member in self.members])  # [K, B]
        said = said.sigmoid() if self.classification else self.center + self.scale * said
        std = said.std(0) if len(said) > 1 else torch.full_like(said[0], self.scale)
        return Estimate(said.mean(0), std)

    def settings(self) -> Mapping[str, Any]:
        """How many networks there are, of what size, and the unit of what they say."""
        return {
            "members": len(self.members),
            "width": WIDTH,
            "num_layers": NUM_LAYERS,
            "classification": self.classification,
            "center": self.center,
            "scale": self.scale,
        }

    @classmethod
    def rebuild(cls, settings: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> Self:
        """What `settings` and `state_dict` were taken from."""
        own = dict(settings)
        sizes = own.pop("width"), own.pop("num_layers")
        made = cls([Network(*sizes) for _ in range(own.pop("members"))], **own)
        made.load_state_dict(dict(tensors))
        return made
