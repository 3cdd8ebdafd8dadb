"""Every kind of network answers the same questions, so that nobody asks which kind it is."""

import numpy as np
import pytest

from pkan_control.common.errors import UserError
from pkan_control.networks.mlp import DigitalWork, Mlp
from pkan_control.networks.policy import chip_program, read_policy
from pkan_control.networks.program import Program

DRAW = np.random.default_rng(0)
PROGRAM = Program(
    'bandpass',
    tuple(
        np.stack([DRAW.integers(1, 100, (n_in, n_out, 2)) for _ in range(5)], axis=-1).astype(
            np.int16
        )
        for n_in, n_out in ((3, 4), (4, 2))
    ),
)
MLP = Mlp((DRAW.normal(size=(3, 5)), DRAW.normal(size=(5, 2))), (np.zeros(5), np.ones(2)))
POLICIES = {'program': PROGRAM, 'mlp': MLP}


@pytest.fixture(params=POLICIES)
def policy(request):
    return POLICIES[request.param]


def test_a_policy_is_read_back_from_its_tensors(policy):
    manifest = {'device': policy.device, 'shape': list(policy.shape), **policy.metadata()}
    again = read_policy(manifest, policy.tensors())
    inputs = DRAW.normal(size=(7, 3))
    assert (again.evaluate(inputs) == policy.evaluate(inputs)).all()
    assert again.title == policy.title


def test_outputs_by_interpolation_are_those_without(policy):
    inputs = DRAW.normal(size=(2, 7, 3))
    exact = policy.evaluate_exactly(inputs)
    assert exact.shape == (2, 7, 2)
    np.testing.assert_allclose(policy.evaluate(inputs), exact, atol=1e-4)
    np.testing.assert_allclose(policy.evaluate(inputs, portable=True), exact, atol=1e-4)


def test_parameters_are_counted_apart_from_elements():
    assert (PROGRAM.elements, PROGRAM.parameters) == (40, 120)
    assert (MLP.elements, MLP.parameters) == (0, 3 * 5 + 5 + 5 * 2 + 2)


def test_a_policy_names_its_kind_and_sizes():
    assert PROGRAM.title == 'bandpass 3-4-2 K2'
    assert MLP.title == 'MLP 3-5-2'


def test_only_an_analogue_network_runs_on_a_chip():
    assert chip_program(PROGRAM, 'calibrate') is PROGRAM
    with pytest.raises(
        UserError, match='MLP 3-5-2 runs on no chip: there is nothing to calibrate'
    ):
        chip_program(MLP, 'calibrate')


def test_only_a_digital_network_is_work_for_a_processor():
    assert PROGRAM.digital_work is None
    assert MLP.digital_work == DigitalWork(multiplications=25, activations=5)
