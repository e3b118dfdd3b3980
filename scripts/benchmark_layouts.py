"""How to lay out trees of many sizes for attention: why the policy uses blocks of one size.

Forward and backward of the same number of attention layers, over the trees of complete rollouts:

    blocks   one dense [B_n, n, n] block for each size of tree (what the policy does)
    padded   one dense [B, N, N] block, with masks
    ragged   PyG's TransformerConv over all pairs of nodes as edges, with edge features

The three take turns, so that a busy machine slows all of them alike. Prints one JSON line.

    python scripts/benchmark_layouts.py
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch_geometric.nn import TransformerConv

from molgfn.policies.transformer import Layer

WIDTH, HEADS = 128, 4


def blocks_pass(layers: nn.ModuleList, x: Tensor, counts: list[tuple[int, int]]) -> Tensor:
    """counts: (nodes of a tree, number of such trees)."""
    biases = [torch.zeros(trees, HEADS, n, n) for n, trees in counts]
    for layer in layers:
        x = layer(x, [n for n, _ in counts], biases)
    return x


def padded_pass(layers: nn.ModuleList, x: Tensor, counts: list[tuple[int, int]]) -> Tensor:
    most, total = counts[-1][0], sum(trees for _, trees in counts)
    padded = x.new_zeros(total, most, x.shape[-1])
    bias = torch.zeros(total, HEADS, most, most)
    node = tree = 0
    for n, trees in counts:
        part = x[node : node + n * trees].view(trees, n, -1)
        padded[tree : tree + trees, :n] = part
        bias[tree : tree + trees, :, :, n:] = -torch.inf
        node, tree = node + n * trees, tree + trees
    y = padded.flatten(0, 1)
    for layer in layers:
        y = layer(y, [most], [bias])
    return y


class RaggedLayer(nn.Module):
    """The same layer with PyG's attention: pre-norm, residual, perceptron."""

    def __init__(self) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.attention = TransformerConv(
            WIDTH, WIDTH // HEADS, HEADS, edge_dim=HEADS, root_weight=False
        )
        self.perceptron = nn.Sequential(
            nn.Linear(WIDTH, 2 * WIDTH), nn.GELU(), nn.Linear(2 * WIDTH, WIDTH)
        )

    def forward(self, x: Tensor, edges: Tensor, features: Tensor) -> Tensor:
        x = x + self.attention(self.norm1(x), edges, features)
        x = x + self.perceptron(self.norm2(x))
        return x


def all_pairs(counts: list[tuple[int, int]]) -> Tensor:
    edges, start = [], 0
    for n, trees in counts:
        first = start + n * torch.arange(trees)[:, None, None]
        pair = torch.cartesian_prod(torch.arange(n), torch.arange(n)).view(-1, 2).T  # [2, n n]
        edges.append((first + pair[None]).permute(1, 0, 2).flatten(1))
        start += n * trees
    return torch.cat(edges, 1)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--batch-size", type=int, default=64, help="trajectories")
    parser.add_argument("--max-fragments", type=int, default=9)
    parser.add_argument("--repeats", type=int, default=15)
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    counts = [(n, options.batch_size) for n in range(1, options.max_fragments)]
    x = torch.randn(sum(n * trees for n, trees in counts), WIDTH)
    dense = nn.ModuleList(Layer(WIDTH, HEADS, 2) for _ in range(4))
    ragged = nn.ModuleList(RaggedLayer() for _ in range(4))
    edges = all_pairs(counts)
    features = torch.zeros(edges.shape[1], HEADS)

    def ragged_pass() -> Tensor:
        y = x
        for layer in ragged:
            y = layer(y, edges, features)
        return y

    layouts: dict[str, Callable[[], Tensor]] = {
        "blocks": lambda: blocks_pass(dense, x, counts),
        "padded": lambda: padded_pass(dense, x, counts),
        "ragged": ragged_pass,
    }
    seconds: dict[str, list[float]] = {name: [] for name in layouts}
    for repeat in range(options.repeats + 2):
        for name, run in layouts.items():
            start = time.perf_counter()
            run().sum().backward()
            if repeat >= 2:
                seconds[name].append(time.perf_counter() - start)
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    ratios = {
        f"{name}_over_blocks": round(
            statistics.median(a / b for a, b in zip(values, seconds["blocks"], strict=True)), 2
        )
        for name, values in seconds.items()
    }
    print(
        json.dumps(
            {
                "case": "layouts",
                "batch_size": options.batch_size,
                "max_fragments": options.max_fragments,
                "seconds": {name: round(value, 4) for name, value in medians.items()},
                **ratios,
            }
        )
    )


if __name__ == "__main__":
    main()
