"""A graph transformer over the trees of a batch, one dense block for each size of tree."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional


class TreeAttention(nn.Module):
    """Attention among the nodes of a tree, biased by what ties each pair.

    All trees of n nodes form one dense block: no padding, and the matrices see all nodes at once.
    """

    def __init__(self, width: int, num_heads: int) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)

    def forward(self, x: Tensor, blocks: Sequence[int], biases: Sequence[Tensor]) -> Tensor:
        """Args:
        x: [M, D] nodes, tree after tree, trees of one size together.
        blocks: number of nodes of the trees of each block.
        biases: for each block [B_n, H, n, n].
        """
        width = x.shape[-1]
        mixed = []
        lengths = [bias.shape[0] * n for n, bias in zip(blocks, biases, strict=True)]
        for n, bias, part in zip(blocks, biases, self.qkv(x).split(lengths), strict=True):
            # [B_n, n, 3, H, D/H] -> 3 x [B_n, H, n, D/H]
            q, k, v = part.view(-1, n, 3, self.num_heads, width // self.num_heads).permute(
                2, 0, 3, 1, 4
            )
            y = functional.scaled_dot_product_attention(q, k, v, attn_mask=bias)
            mixed.append(y.transpose(1, 2).reshape(-1, width))
        joined: Tensor = self.out(torch.cat(mixed))
        return joined


class Layer(nn.Module):
    """Pre-norm attention and perceptron, both residual."""

    def __init__(self, width: int, num_heads: int, expansion: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width)
        self.attention = TreeAttention(width, num_heads)
        self.norm2 = nn.LayerNorm(width)
        self.perceptron = nn.Sequential(
            nn.Linear(width, expansion * width), nn.GELU(), nn.Linear(expansion * width, width)
        )

    def forward(self, x: Tensor, blocks: Sequence[int], biases: Sequence[Tensor]) -> Tensor:
        x = x + self.attention(self.norm1(x), blocks, biases)
        x = x + self.perceptron(self.norm2(x))
        return x
