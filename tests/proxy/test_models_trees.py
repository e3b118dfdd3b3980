"""Trees of scikit-learn as arrays say what scikit-learn says."""

import numpy as np
import torch
from sklearn.ensemble import ExtraTreesRegressor, RandomForestRegressor

from molgfn.proxy.trees import Trees

GENERATOR = np.random.default_rng(0)
X = GENERATOR.poisson(0.7, (300, 40)).astype(np.float32)
Y = X[:, :5].sum(1) + GENERATOR.normal(size=300)
NEW = GENERATOR.poisson(0.7, (500, 40)).astype(np.float32)


def test_every_walk_ends_in_the_leaf_of_scikit_learn() -> None:
    forest = RandomForestRegressor(20, random_state=0).fit(X, Y)
    trees = Trees.of([one.tree_ for one in forest.estimators_])
    ours = trees.leaves(torch.from_numpy(NEW)) - trees.root
    assert (ours.numpy() == forest.apply(NEW)).all()


def test_every_tree_predicts_exactly_what_it_does_in_scikit_learn() -> None:
    forest = ExtraTreesRegressor(20, random_state=0).fit(X, Y)
    ours = Trees.of([one.tree_ for one in forest.estimators_])(torch.from_numpy(NEW)).numpy()
    theirs = np.stack([one.predict(NEW) for one in forest.estimators_], axis=1)
    assert (ours == theirs).all()


def test_a_tree_without_a_split_has_one_leaf() -> None:
    forest = ExtraTreesRegressor(2, random_state=0).fit(X, np.ones(len(X)))
    ours = Trees.of([one.tree_ for one in forest.estimators_])(torch.from_numpy(NEW))
    assert (ours == 1).all()
