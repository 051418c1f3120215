"""Level sets and paths: levels crowd at the minimum, diverging paths are cut, no warning is raised."""

import numpy as np

from gradus.concepts.optimization.level_sets import level_sets, path
from gradus.page.figures import canvas


def bowl(x, y):
    return x**2 + 3 * y**2


def test_level_sets_set_the_axes():
    _, ax = canvas()
    level_sets(ax, bowl, (-2, 1), (-1, 3))
    assert ax.get_xlim() == (-2, 1)
    assert ax.get_ylim() == (-1, 3)
    assert len(ax.collections) == 2


def test_a_diverging_path_is_cut_and_keeps_the_axes():
    figure, ax = canvas()
    level_sets(ax, bowl, (-1, 1), (-1, 1))
    points = np.array([[0.5, 0.5], [-2.0, 2.0], [1e6, -1e6], [np.inf, np.nan]])
    path(ax, points, "red")
    line = ax.lines[0].get_xydata()
    np.testing.assert_array_equal(line, points[:2])
    assert ax.get_xlim() == (-1, 1)
    figure.canvas.draw()


def test_a_path_that_stays_ends_in_a_disc():
    _, ax = canvas()
    level_sets(ax, bowl, (-1, 1), (-1, 1))
    path(ax, [[0.5, 0.5], [0.2, 0.1], [0.0, 0.0]], "blue", "ours", width=0.8)
    np.testing.assert_array_equal(ax.lines[-1].get_xydata(), [[0.0, 0.0]])
    assert ax.lines[0].get_label() == "ours"
