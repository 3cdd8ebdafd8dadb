"""Load a shipped controller on a simulated chip, and let it stabilise a pole on a cart.

The world here is a few lines of your own: a controller needs a state, a goal and the time.
"""

import math

import pkan_control as pk

GRAVITY, CART_KG, POLE_KG, HALF_M = 9.81, 1.0, 0.1, 0.5
PHYSICS_S = 0.02


def advance(state: list[float], force: float) -> list[float]:
    """Return the state 20 ms later: cart in m and m/s, pole in rad from upright and rad/s."""
    x, v, angle, rate = state
    sin, cos, both = math.sin(angle), math.cos(angle), CART_KG + POLE_KG
    pushed = (force + POLE_KG * HALF_M * rate**2 * sin) / both
    turned = (GRAVITY * sin - cos * pushed) / (HALF_M * (4 / 3 - POLE_KG * cos**2 / both))
    v += PHYSICS_S * (pushed - POLE_KG * HALF_M * turned * cos / both)
    rate += PHYSICS_S * turned
    return [x + PHYSICS_S * v, v, angle + PHYSICS_S * rate, rate]


with pk.load_controller('cartpole', chip='sim:?preset=good&seed=3') as controller:
    print('state:', ', '.join(controller.state_names))
    state, steps_per_period = [0.2, 0.0, 0.05, 0.0], round(1 / controller.rate_hz / PHYSICS_S)
    controller.reset(episode=0)
    for step in range(300):
        (force,) = controller.step(state, goal=[0.0], time_s=(step + 1) / controller.rate_hz)
        for _ in range(steps_per_period):
            state = advance(state, float(force))
    print(f'after 30 s: cart {state[0]:+.3f} m, pole {math.degrees(state[2]):+.2f} deg')
