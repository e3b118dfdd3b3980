"""How many trees a vocabulary has, by formula and without building any of them.

Burnside's lemma counts what hangs on a fragment up to its group: a permutation of the sites fixes a
decoration when the sites of each cycle carry the same branch. With P_k(x) the number of branches
whose own site has type k, by size, and B_k the sum of P_l over the types l that may bond to k,

    P_k(x) = sum_f x / |G_f| sum_(g, s: g(s) = s, type of s is k) prod_(cycles c, s not in c)
             (1 + B_(type of c)(x^|c|))
    V(x)   = sum_f x / |G_f| sum_g prod_(cycles c) (1 + B_(type of c)(x^|c|))

V counts trees with a marked node. In every tree, the orbits of nodes less the orbits of bonds plus
the bonds that can be turned around are one, so the number of trees is

    V(x) - 1/2 sum_(k, l may bond) P_k(x) P_l(x) + 1/2 sum_(k, k may bond) P_k(x^2).

Where there are cores, a tree has one, which marks it, and no branch has any: the number of trees is
the sum of V(x) over f the cores, with P_k(x) from the other fragments.

Source: Otter, The Number of Trees, 1948; Polya 1937.
"""

import torch
from torch import Tensor

from molgfn.chem.tables import VocabularyTables


def count_trees(
    tables: VocabularyTables, max_fragments: int, max_per_site: int | None = None
) -> Tensor:
    """Number of distinct trees of each size.

    Args:
        tables: of the vocabulary.
        max_fragments: of the largest tree.
        max_per_site: how many fragments may hang on one site of a core; None: any number.
    Returns:
        [max_fragments + 1] float64; entry n is exact up to the rounding of float64, entry 0 is 0.
    """
    degree = max_fragments
    may_bond = _type_pairs(tables).double()
    fragment, element = _group_elements(tables)
    permutation = tables.group[fragment, element]  # [K, S]
    length, leads = _cycles(permutation, tables.num_sites[fragment])
    kind = tables.site_type[fragment]
    share = 1 / tables.group_size[fragment].double()
    slot = torch.arange(tables.num_slots)
    fixed = (permutation == slot) & leads  # [K, S]
    addable = ~tables.is_core[fragment]
    num_types = len(may_bond)
    planted = torch.zeros(num_types, degree + 1, dtype=torch.float64)

    def decorated(branches: Tensor, without: int | None) -> Tensor:
        """[K, degree + 1] fixed decorations of all sites, or of all but one."""
        stretched = _stretch(branches, tables.num_slots)  # [S + 1, types, degree + 1]
        product = torch.zeros(len(fragment), degree + 1, dtype=torch.float64)
        product[:, 0] = 1
        for s in range(tables.num_slots):
            if s != without:
                factor = stretched[length[:, s], kind[:, s]] * leads[:, s, None]
                factor[:, 0] = 1
                product = _multiply(product, factor)
        return product * share[:, None]

    for _ in range(degree):  # each round settles one more coefficient
        branches = may_bond @ planted
        settled = torch.zeros_like(planted)
        for s in range(tables.num_slots):
            rows = (fixed[:, s] & addable).nonzero()[:, 0]
            settled.index_add_(0, kind[rows, s], decorated(branches, s)[rows])
        planted = settled.roll(1, dims=1)
        planted[:, 0] = 0
    if tables.num_cores and max_per_site is not None:
        planted[:, max_per_site + 1 :] = 0
    rooted = decorated(may_bond @ planted, None).roll(1, dims=1)
    rooted[:, 0] = 0
    if tables.num_cores:
        return rooted[~addable].sum(0)
    marked = rooted.sum(0)
    bonds = _multiply(planted, may_bond @ planted).sum(0)
    turning = _stretch(planted, 2)[2][may_bond.diagonal() > 0].sum(0)
    return marked - bonds / 2 + turning / 2


def _type_pairs(tables: VocabularyTables) -> Tensor:
    """[K, K] True where sites of these types may bond; without the row of s0."""
    added = ~tables.is_core[tables.port_fragment]
    port_type = tables.site_type[tables.port_fragment, tables.port_site][added]
    pairs = torch.zeros(tables.first, tables.first, dtype=torch.bool)
    pairs[:, port_type] = tables.may_bond[: tables.first, added]
    return pairs


def _group_elements(tables: VocabularyTables) -> tuple[Tensor, Tensor]:
    """Fragment and number of every element of every group."""
    real = torch.arange(tables.group.shape[1]) < tables.group_size[:, None]
    fragment, element = real.nonzero().unbind(1)
    return fragment, element


def _cycles(permutation: Tensor, num_sites: Tensor) -> tuple[Tensor, Tensor]:
    """Length of the cycle of each site [K, S], and whether the site is the smallest in it."""
    slot = torch.arange(permutation.shape[1]).expand_as(permutation)
    length, smallest, image = torch.zeros_like(slot), slot, slot
    for turn in range(1, permutation.shape[1] + 1):
        image = permutation.gather(1, image)
        length = torch.where((image == slot) & (length == 0), turn, length)
        smallest = torch.minimum(smallest, image)
    return length, (smallest == slot) & (slot < num_sites[:, None])


def _stretch(series: Tensor, most: int) -> Tensor:
    """series(x^k) for k = 0 .. most, [most + 1, K, degree + 1]; that of k = 0 is left zero."""
    stretched = series.new_zeros(most + 1, *series.shape)
    for k in range(1, most + 1):
        used = (series.shape[1] - 1) // k + 1
        stretched[k, :, : (used - 1) * k + 1 : k] = series[:, :used]
    return stretched


def _multiply(first: Tensor, second: Tensor) -> Tensor:
    """Products of K truncated series, [K, degree + 1]."""
    product = torch.zeros_like(first)
    size = first.shape[1]
    for i in range(size):
        product[:, i:] += first[:, i : i + 1] * second[:, : size - i]
    return product
