"""The ONNX model against the formulas, element by element, in ONNX Runtime."""

import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pkan_control.control.controller_file import ControllerFile
from pkan_control.control.exports.onnx import Graph, Traced, onnx_model, save_onnx
from pkan_control.networks.mlp import Mlp
from pkan_control.tasks.drone_hover import drone_hover

LAW = drone_hover.law
SHAPE = (12, 5, 4)


def session(model):
    return onnxruntime.InferenceSession(
        model.SerializeToString(), providers=['CPUExecutionProvider']
    )


def run(controller_file, normalised, single=False):
    kind = np.float32 if single else np.float64
    observation = LAW.observation.denormalise(normalised).astype(kind)
    (outputs,) = session(onnx_model(controller_file, single)).run(
        None, {'observation': observation}
    )
    assert outputs.dtype == kind
    return LAW.output.normalise(outputs.astype(np.float64))


def observations(count=200):
    return np.random.default_rng(2).uniform(-2.9, 2.9, (count, 12))


@pytest.mark.parametrize(('single', 'bound'), [(False, 1e-6), (True, 1e-5)])
@pytest.mark.parametrize('device', ['bandpass', 'memdiode'])
def test_a_network_is_evaluated_to_its_digits(device, single, bound, random_program):
    program = random_program(device, SHAPE)
    wanted = program.evaluate_exactly(observations())
    assert wanted.std() > 0.05
    found = run(ControllerFile('drone_hover', LAW, 50.0, program), observations(), single)
    assert abs(found - wanted).max() <= bound


@pytest.mark.parametrize(('single', 'bound'), [(False, 1e-12), (True, 1e-5)])
def test_an_mlp_is_evaluated_too(single, bound):
    numbers = np.random.default_rng(0)
    sizes = ((12, 8), (8, 8), (8, 4))
    mlp = Mlp(
        tuple(numbers.normal(0, 0.4, size) for size in sizes),
        tuple(numbers.normal(0, 0.1, size[1]) for size in sizes),
    )
    found = run(ControllerFile('drone_hover', LAW, 50.0, mlp), observations(), single)
    assert abs(found - mlp.evaluate(observations())).max() <= bound


def test_the_batch_is_free_and_the_model_says_what_it_is(random_program, tmp_path):
    controller_file = ControllerFile('drone_hover', LAW, 50.0, random_program('bandpass', SHAPE))
    save_onnx(tmp_path / 'a.onnx', controller_file)
    model = onnx.load(tmp_path / 'a.onnx')
    runtime = session(model)
    for count in (1, 7):
        (outputs,) = runtime.run(None, {'observation': np.zeros((count, 12))})
        assert outputs.shape == (count, 4)
    about = {each.key: each.value for each in model.metadata_props}
    assert about['rate_hz'] == '50.0'
    assert 'm/s^2' in about['output']
    assert 'error_x' in about['observation']


def test_observations_are_limited_as_the_law_does(random_program):
    controller_file = ControllerFile('drone_hover', LAW, 50.0, random_program('bandpass', SHAPE))
    runtime = session(onnx_model(controller_file))
    far, edge = (LAW.observation.denormalise(np.full((1, 12), v)) for v in (3.0, 3.0))
    (one,), (other,) = (runtime.run(None, {'observation': o}) for o in (far + 100, edge))
    np.testing.assert_array_equal(one, other)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=20))
def test_the_arc_tangent_is_that_of_numpy(values):
    graph = Graph(np.float64)
    given_values = np.array(values)
    result = graph.atan(Traced(graph, 'y', given_values))
    np.testing.assert_allclose(result.value, np.arctan(given_values), rtol=1e-14, atol=1e-300)


def test_a_function_that_is_not_known_is_named(refused):
    with refused('function cumsum of a device is not supported'):
        Graph(np.float64).cumsum(np.zeros(3))
