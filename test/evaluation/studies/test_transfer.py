"""Networks moved onto chips: what trims mend, what they do not, and that chips are told apart."""

import numpy as np
import pytest

from pkan_control.control.controller_file import ControllerFile, load_controller_file
from pkan_control.evaluation.controllers import shipped_mlp
from pkan_control.evaluation.rollouts.parallel import on_cores
from pkan_control.evaluation.studies.transfer import (
    Piece,
    TransferredChip,
    edges_of,
    fidelity_of,
    pieces,
    program_of,
    run_transfer,
)
from pkan_control.tasks.task import find_task

EDGES = 100
PRESETS = ('good', 'typical', 'bad')


@pytest.fixture(scope='module')
def controller_file(make_program):
    law = find_task('drone_hover').law
    return ControllerFile('drone_hover', law, 50.0, make_program((12, 3, 4), 6))


@pytest.fixture(scope='module')
def found(controller_file):
    counts = []
    figures = run_transfer(pieces([controller_file], EDGES, 0, 1), on_cores(1), counts.append)
    assert counts == sorted(counts)
    return figures


def test_there_are_at_least_as_many_edges_as_asked_for_on_chips_of_their_own(controller_file):
    work = pieces([controller_file, controller_file], EDGES, 5)
    assert edges_of(program_of(controller_file)) == 48
    typical = [seed for piece in work if piece.preset == 'typical' for seed in piece.seeds]
    assert typical == [5, 6, 7, 8]
    assert 48 * len(typical) >= EDGES


def test_trims_take_most_of_the_error_and_better_chips_err_less(found):
    for figures in found['presets'].values():
        whole = figures['all']
        assert (whole['edges'], whole['chips']) == (144, 3)
        raw, trimmed = whole['raw'], whole['trimmed']
        assert trimmed['edge_rmse_median'] < 0.2 * raw['edge_rmse_median']
        assert trimmed['output_nrmse_median'] < 0.5 * raw['output_nrmse_median']
        assert raw['edge_rmse_median'] < raw['edge_rmse_p95']
        assert raw['edge_r2_p5'] < raw['edge_r2_median'] < 1
    errors = [found['presets'][p]['all']['trimmed']['edge_rmse_median'] for p in PRESETS]
    noise = [found['presets'][p]['all']['repeatability'] for p in PRESETS]
    assert errors == sorted(errors)
    np.testing.assert_allclose(noise, [0.00025, 0.00075, 0.0025], rtol=0.6)


def test_the_same_seed_makes_the_same_chip_whatever_flies_beside(controller_file):
    (alone,) = Piece(controller_file, 'typical', (4,), 1)()
    _, beside = Piece(controller_file, 'typical', (3, 4), 1)()
    np.testing.assert_array_equal(alone.rmse['trimmed'], beside.rmse['trimmed'])
    assert (alone.nrmse, alone.success, alone.dead) == (beside.nrmse, beside.success, beside.dead)


def chip(dead, error):
    rmse = {'raw': np.full(4, 2 * error), 'trimmed': np.array([0, 0, error, error])}
    nrmse = {'raw': 2 * error, 'trimmed': error}
    success = {'raw': [False, True], 'trimmed': [True, True]}
    return TransferredChip('bad', dead, 0.01, np.array([1, 1, 1, 1e-5]), rmse, nrmse, success)


def test_figures_are_those_of_all_edges_and_flat_edges_have_no_r2():
    found = fidelity_of([chip(0, 0.1), chip(3, 0.3)])
    assert (found['chips'], found['edges'], found['dead_elements']) == (2, 8, 3)
    assert found['raw']['edge_rmse_median'] == pytest.approx(0.4)
    assert found['raw']['success_rate'] == 0.5
    assert found['trimmed']['edge_r2_median'] == 1
    assert found['trimmed']['output_nrmse_median'] == pytest.approx(0.2)


def test_chips_with_dead_elements_are_told_apart(controller_file):
    dead = [each.dead for each in Piece(controller_file, 'bad', (0, 1, 2), 1)()]
    assert max(dead) > 0
    assert sum(dead) == pytest.approx(3 * 0.01 * 288, abs=10)


def test_an_mlp_cannot_be_moved(refused):
    with refused('runs on no chip: there is nothing to move'):
        pieces([load_controller_file(shipped_mlp('drone_hover'))], 1, 0)
