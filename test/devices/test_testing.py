"""The checker of devices: it passes those that ship, and names the fault of a broken one."""

import math

import numpy as np
import pytest
import torch

from pkan_control.common.arrays import namespace
from pkan_control.devices.bandpass import bandpass
from pkan_control.devices.memdiode import memdiode
from pkan_control.devices.testing import check_device

TOGETHER = [np.asarray, torch.asarray]


class Lamp:
    """A device as small as can be: `gain * tanh(steepness * (x - 1/2))`."""

    name = 'lamp'
    parameters = ('gain', 'steepness')
    codes = ('gain', 'steepness')
    code_limits = ((-100, 100), (50, 200))
    constants = (0.01, 0.02)
    nodes = 25

    def initial(self, generator, shape):
        """Draw small values."""
        return generator.normal(0.0, 0.5, (*shape, 2))

    def bounded(self, trainable):
        """Return a gain of -1 to 1, a steepness of 1 to 4."""
        xp = namespace(trainable)
        p = 1 / (1 + xp.exp(-trainable))
        return xp.stack([2 * p[..., 0] - 1, 1 + 3 * p[..., 1]], axis=-1)

    def response(self, x, physical):
        """Return the lamp's light."""
        return physical[..., 0] * namespace(x, physical).tanh(physical[..., 1] * (x - 0.5))

    def exact_response(self, x, physical):
        """Return the response."""
        return self.response(x, physical)

    def encode(self, physical):
        """Return the nearest hundredths and fiftieths."""
        xp = namespace(physical)
        codes = xp.stack([physical[..., 0] / 0.01, physical[..., 1] / 0.02], axis=-1)
        return xp.astype(xp.round(codes), xp.int16)

    def decode(self, codes):
        """Return what hundredths and fiftieths mean."""
        xp = namespace(codes)
        values = xp.astype(codes, xp.float64)
        return xp.stack([values[..., 0] * 0.01, values[..., 1] * 0.02], axis=-1)

    def deviate(self, physical, draws, cycles, deviations):
        """Scale everything by its mismatch."""
        return physical * (1 + deviations.element_mismatch * draws)

    def settling_s(self):
        """Return a millisecond."""
        return 1e-3

    def power_w(self, physical, figure_of_merit_j):
        """Return a power affine in the figure of merit."""
        return 1e-6 * physical[..., 1] + 1e5 * figure_of_merit_j


right = Lamp()


def sometimes(x, physical):
    values = right.response(x, physical)
    return values * 1.01 if hasattr(values, 'detach') else values


def half_recorded(x, physical):
    frozen = physical.detach() if hasattr(physical, 'detach') else physical
    return physical[..., 0] * namespace(x, physical).tanh(frozen[..., 1] * (x - 0.5))


def unrecorded(x, physical):
    values = right.response(x, physical)
    return values.detach() if hasattr(values, 'detach') else values


def rooted(x, physical):
    """Return the right response by way of a root that is 0 at the largest gain."""
    gain = 1 - ((1 - physical[..., 0]) ** 2) ** 0.5
    return gain * namespace(x, physical).tanh(physical[..., 1] * (x - 0.5))


def through_numpy(x, physical):
    return right.response(np.asarray(x), np.asarray(physical))


FAULTS = {
    'a function is missing': ({'power_w': None}, ("['power_w']",)),
    'an attribute is a list': ({'codes': ['gain', 'steepness']}, ('codes', 'tuple')),
    'a limit is missing': ({'code_limits': ((0, 1),)}, ('1 entries for 2 codes',)),
    'limits beyond 16 bits': ({'code_limits': ((0, 1), (0, 40_000))}, ('steepness', 'int16')),
    'a constant that is none': ({'constants': (math.inf,)}, ('constants', 'finite')),
    'too few nodes': ({'nodes': 6}, ('6 Chebyshev nodes', '0.0001', 'raise nodes')),
    'nodes of no number': ({'nodes': 1}, ('nodes is 1', '2 to 512')),
    'a random start': (
        {'initial': lambda generator, shape: np.random.default_rng().random((*shape, 2))},
        ('initial', 'generator'),
    ),
    'a start of another shape': (
        {'initial': lambda generator, shape: generator.random(shape)},
        ('initial', '(2, 3)', '(2, 3, 2)'),
    ),
    'infinite at an end': (
        {'bounded': lambda t: right.bounded(t) / np.where(t > 20, 0.0, 1.0)},
        ('bounded', 'divide'),
    ),
    'not a number at an end': (
        {'bounded': lambda t: np.where(t > 20, np.nan, right.bounded(t))},
        ('bounded', 'finite'),
    ),
    'codes of 64 bits': (
        {'encode': lambda p: right.encode(p).astype(np.int64)},
        ('encode', 'int64', 'int16'),
    ),
    'codes that do not exist': (
        {'encode': lambda p: right.encode(1.01 * p)},
        ('encode', 'gain', '-101..101', '-100..100'),
    ),
    'codes rounded down': (
        {'encode': lambda p: (p / np.array([0.01, 0.02])).astype(np.int16)},
        ('decode(encode(decode(codes)))', 'nearest'),
    ),
    'a meaning that is not finite': (
        {'decode': lambda c: np.where(c == 100, np.nan, right.decode(c))},
        ('decode', 'finite'),
    ),
    'no broadcasting': (
        {'response': lambda x, p: right.response(x.ravel()[: p[..., 0].size], p.reshape(-1, 2))},
        ('response', 'shape'),
    ),
    'deaf to its input': (
        {'exact_response': lambda x, p: right.response(0 * x, p)},
        ('exact_response', 'function of x'),
    ),
    'not finite where x is 0': (
        {'response': lambda x, p: np.where(x == 0, np.nan, right.response(x, p))},
        ('response', 'finite'),
    ),
    'always double': (
        {'response': lambda x, p: right.response(x, p) * np.ones(1)},
        ('float64 for float32',),
    ),
    'a flaw without deviations': (
        {'deviate': lambda p, draws, cycles, d: 1.01 * p},
        ('deviate', '1.0e-02', 'identity'),
    ),
    'draws at zero size': (
        {'deviate': lambda p, draws, cycles, d: p * (1 + 0.01 * draws)},
        ('deviate', 'identity'),
    ),
    'no flaw at all': ({'deviate': lambda p, *rest: p}, ('deviate', 'preset good')),
    'too hot': (
        {'deviate': lambda p, draws, cycles, d: p * (1 + draws * (d.temperature_c > 99) / 0.0)},
        ('deviate', 'divide'),
    ),
    'no time': ({'settling_s': lambda: 0.0}, ('settling_s', 'positive')),
    'negative power': (
        {'power_w': lambda p, merit: -1e-6 + 0 * p[..., 0] * merit},
        ('power_w', '-1e-06', 'positive'),
    ),
    'bent power': (
        {'power_w': lambda p, merit: p[..., 1] * merit**2 + 1},
        ('power_w', 'affine'),
    ),
    'another answer to torch': ({'response': sometimes}, ('response', 'torch', '1.0e-02')),
    'arrays of the wrong library': ({'response': through_numpy}, ('ndarray', 'Tensor')),
    'no gradient': ({'response': unrecorded}, ('response', 'differentiable')),
    'a gradient that is none at an end': (
        {'response': rooted},
        ('gradient', 'end of a range', 'finite'),
    ),
    'a name twice': ({'parameters': ('gain', 'gain')}, ('names', 'once')),
    'constants of text': ({'constants': ('1 V',)}, ('constants', 'finite numbers')),
    'a limit alone': ({'code_limits': ((1,), (50, 200))}, ('code gain', 'two ascending')),
    'codes of 64 bits in torch': (
        {
            'encode': lambda p: (
                right.encode(p) if isinstance(p, np.ndarray) else right.encode(p).long()
            )
        },
        ('encode', 'int64', 'int16'),
    ),
    'half a gradient': ({'response': half_recorded}, ('gradient by steepness', 'within')),
}


@pytest.mark.parametrize('asarray', TOGETHER)
@pytest.mark.parametrize('device', [bandpass, memdiode, right], ids=lambda device: device.name)
def test_right_devices_pass(device, asarray):
    check_device(device, asarray)


@pytest.mark.parametrize('fault', sorted(FAULTS))
def test_a_planted_fault_is_named(refused, fault):
    changes, words = FAULTS[fault]
    broken = Lamp()
    for name, value in changes.items():
        setattr(broken, name, value)
    with refused('device lamp', 'must be', *words):
        check_device(broken, torch.asarray)


def test_faults_of_gradients_matter_only_to_those_who_train():
    broken = Lamp()
    broken.response = unrecorded
    check_device(broken)


class QuickLamp(Lamp):
    """A lamp that says how its light changes."""

    def slopes(self, x, physical):
        """Return the light, and its slopes by gain and steepness."""
        bright = np.tanh(physical[..., 1] * (x - 0.5))
        gain = physical[..., 0]
        return gain * bright, bright, gain * (x - 0.5) * (1 - bright**2)

    def realised(self, physical):
        """Return hundredths and fiftieths."""
        return self.decode(self.encode(physical))


quick = QuickLamp()
QUICK_FAULTS = {
    'another response': (
        {'slopes': lambda x, p: (1.01 * quick.response(x, p), 0, 0)},
        ('slopes', 'response'),
    ),
    'a slope is missing': (
        {'slopes': lambda x, p: Lamp.response(quick, x, p)[None]},
        ('0 slopes', 'one a parameter'),
    ),
    'a slope that is none': (
        {'slopes': lambda x, p: (*QuickLamp.slopes(quick, x, p)[:2], 0 * p[..., 0] * x)},
        ('slope by steepness',),
    ),
    'other settings': ({'realised': lambda p: p}, ('realised', 'decode')),
}


@pytest.mark.parametrize('fault', sorted(QUICK_FAULTS))
def test_a_planted_fault_of_a_quick_device_is_named(refused, fault):
    changes, words = QUICK_FAULTS[fault]
    broken = QuickLamp()
    check_device(broken)
    for name, value in changes.items():
        setattr(broken, name, value)
    with refused('device lamp', 'must be', *words):
        check_device(broken)
