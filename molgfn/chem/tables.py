"""A vocabulary as tensors: ports, site types, symmetry groups and orbits."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from molgfn.chem.groups import orbits, pair_orbits, site_group
from molgfn.chem.vocabulary import Vocabulary


class VocabularyTables(nn.Module):
    """What environments and policies look up. A *port* is one site of one fragment.

    The tables are non-persistent buffers: they move with their owner, and no checkpoint holds them.

    Attributes:
        num_sites: [F].
        port: [F, S] port number of a site, -1 where the fragment has fewer sites.
        port_fragment, port_site: [P], the inverse of `port`.
        site_type: [F, S] number of the type of a site.
        may_bond: [K, P] True where a site of that type may bond to that port; never to that of a
            core. The last row, number `first`, is for s0: the one port that stands for each
            fragment that a molecule may start from.
        bondable: [F, S] True where a site may bond to any port at all.
        group: [F, G, S] the permutations of G_f, padded with the identity.
        group_size: [F] |G_f|.
        is_core: [F] True for cores.
        site_orbit: [F, S] numbered over the whole vocabulary; 0 where there is no site.
        pair_orbit: [F, S, S] likewise, of ordered pairs of sites.
        num_site_orbits, num_pair_orbits: how many numbers there are, 0 included.
    """

    num_sites: Tensor
    port: Tensor
    port_fragment: Tensor
    port_site: Tensor
    site_type: Tensor
    may_bond: Tensor
    bondable: Tensor
    group: Tensor
    group_size: Tensor
    is_core: Tensor
    site_orbit: Tensor
    pair_orbit: Tensor

    def __init__(self, vocabulary: Vocabulary) -> None:
        super().__init__()
        fragments = vocabulary.fragments
        groups = [site_group(fragment) for fragment in fragments]
        num_sites = torch.tensor([len(fragment.sites) for fragment in fragments])
        size, most = int(num_sites.max()), max(map(len, groups))
        shape = (len(fragments), size)
        port = torch.full(shape, -1)
        site_orbit = torch.zeros(shape, dtype=torch.int64)
        pair_orbit = torch.zeros((*shape, size), dtype=torch.int64)
        group = torch.arange(size).expand(len(fragments), most, size).clone()
        ports: list[tuple[int, int]] = []
        num_site_orbits = num_pair_orbits = 1
        for f, (fragment, elements) in enumerate(zip(fragments, groups, strict=True)):
            n = len(fragment.sites)
            port[f, :n] = torch.arange(len(ports), len(ports) + n)
            ports.extend((f, slot) for slot in range(n))
            group[f, : len(elements), :n] = torch.tensor(elements)
            of_sites = torch.tensor(orbits(elements, n))
            of_pairs = torch.tensor(pair_orbits(elements, n))
            site_orbit[f, :n] = num_site_orbits + of_sites
            pair_orbit[f, :n, :n] = num_pair_orbits + of_pairs
            num_site_orbits += int(of_sites.max()) + 1
            num_pair_orbits += int(of_pairs.max()) + 1
        port_fragment, port_site = torch.tensor(ports).unbind(1)
        types = sorted({kind for fragment in fragments for kind in fragment.site_types})
        pairs = torch.tensor([[vocabulary.may_bond(a, b) for b in types] for a in types])
        number = {kind: i for i, kind in enumerate(types)}
        port_type = torch.tensor([number[fragments[f].site_types[s]] for f, s in ports])
        site_type = port_type[port.clamp(min=0)]  # [F, S]
        is_core = torch.tensor([fragment.is_core for fragment in fragments])
        may_start = is_core if vocabulary.cores else ~is_core
        may_bond = torch.cat(
            [
                pairs[:, port_type] & ~is_core[port_fragment],
                ((port_site == 0) & may_start[port_fragment])[None],
            ]
        )
        self.num_site_orbits, self.num_pair_orbits = num_site_orbits, num_pair_orbits
        self.num_fragments, self.num_slots = shape
        self.num_ports = len(ports)
        self.num_cores = len(vocabulary.cores)
        self.first = len(types)
        for name, table in {
            "num_sites": num_sites,
            "port": port,
            "port_fragment": port_fragment,
            "port_site": port_site,
            "site_type": site_type,
            "may_bond": may_bond,
            "is_core": is_core,
            "bondable": may_bond.any(-1)[site_type] & (port >= 0),
            "group": group,
            "group_size": torch.tensor([len(elements) for elements in groups]),
            "site_orbit": site_orbit,
            "pair_orbit": pair_orbit,
        }.items():
            self.register_buffer(name, table, persistent=False)


@dataclass(frozen=True)
class TreeSpec:
    """What a policy must know of an environment of fragment trees.

    Attributes:
        tables: of the vocabulary; shared with the environment.
        max_fragments: N, the largest tree.
    """

    tables: VocabularyTables
    max_fragments: int
