import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from service.trees import MOST_LEAVES, Trees


def walked(nodes: list[list[float]], row: np.ndarray) -> float:
    place = 0
    while len(nodes[place]) > 1:
        feature, threshold, left, right = nodes[place]
        place = int(left if row[int(feature)] <= threshold else right)
    return nodes[place][0]


@st.composite
def trees(draw: st.DrawFn) -> list[list[float]]:
    nodes: list[list[float]] = [[draw(st.floats(-1, 1))]]
    leaves = [0]
    for _ in range(draw(st.integers(0, MOST_LEAVES - 1))):
        place = leaves.pop(draw(st.integers(0, len(leaves) - 1)))
        nodes[place] = [draw(st.integers(0, 2)), draw(st.floats(-1, 1)), len(nodes), len(nodes) + 1]
        leaves += [len(nodes), len(nodes) + 1]
        nodes += [[draw(st.floats(-1, 1))], [draw(st.floats(-1, 1))]]
    return nodes


@given(
    st.lists(trees(), min_size=1, max_size=6), st.lists(st.tuples(*[st.floats(-1.5, 1.5)] * 3), min_size=1)
)
def test_every_row_falls_into_the_leaf_that_walking_the_tree_reaches(
    forest: list[list[list[float]]], rows: list[tuple[float, float, float]]
) -> None:
    table = np.array(rows)
    expected = [sum(walked(nodes, row) for nodes in forest) for row in table]
    found = Trees.from_json([{"nodes": nodes} for nodes in forest]).score(table)
    assert np.allclose(found, expected)
