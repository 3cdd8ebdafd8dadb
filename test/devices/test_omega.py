"""The Wright omega function against SciPy's, and its gradient."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import special

from pkan_control.devices.omega import wright_omega

WIDE = np.concatenate([np.linspace(-700, 2000, 20_001), np.linspace(-42, 8, 20_001)])


def test_double_precision_is_reached():
    np.testing.assert_allclose(wright_omega(WIDE), special.wrightomega(WIDE), rtol=1e-14, atol=0)


def test_the_equation_is_solved():
    z = WIDE[WIDE > -600]
    omega = wright_omega(z)
    np.testing.assert_allclose(omega + np.log(omega), z, rtol=1e-14, atol=1e-14)


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_single_precision_is_finite_everywhere(number):
    z = np.array([number], dtype=np.float32)
    omega = wright_omega(z)
    assert omega.dtype == np.float32
    wanted = special.wrightomega(z.astype(float))
    np.testing.assert_allclose(omega, wanted, rtol=2e-6, atol=1e-38)


@pytest.mark.parametrize('kind', [torch.float32, torch.float64])
def test_gradient_is_exact(kind):
    z = torch.tensor([-1e30, -300.0, -40.1, -2.0, 0.0, 3.0, 90.0, 1e30], dtype=kind)
    omega = wright_omega(z.requires_grad_())
    omega.sum().backward()
    assert omega.dtype == kind
    wanted = (omega / (1 + omega)).detach()
    np.testing.assert_array_equal(z.grad.numpy(), wanted.numpy())


def test_gradient_is_that_of_differences():
    z = torch.linspace(-45, 60, 500, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(wright_omega, (z,), eps=1e-5, atol=1e-7, rtol=1e-5)


def test_torch_computes_the_same_with_and_without_gradients():
    z = torch.from_numpy(WIDE)
    np.testing.assert_array_equal(
        wright_omega(z).numpy(), wright_omega(z.requires_grad_()).detach()
    )
    np.testing.assert_allclose(wright_omega(z).detach(), wright_omega(WIDE), rtol=1e-14, atol=0)
