"""What cars are taught by: Stanley's steering, and a speed loop; bends are fed forward by the law.

G. Hoffmann, C. Tomlin, M. Montemerlo, S. Thrun, "Autonomous automobile trajectory tracking for
off-road driving", American Control Conference 2007.
"""

from pkan_control.arrays import Array, namespace
from pkan_control.car import Car
from pkan_control.controller.laws.vehicle import limited

# Gain of the cross-track error in 1/s, what softens it at low speed in m/s, gain of the speed, and
# the most that the steering takes back of the cross-track error in rad.
K_CROSS, SOFTENING, K_SPEED, CROSS_LIMIT = 3.0, 0.5, 0.7, 0.5


def vehicle_expert(car: Car, observation: Array) -> Array:
    """Return steering angle in rad and speed in m/s `[..., 2]` for observations `[..., 4]`."""
    xp = namespace(observation)
    cross, heading, speed, error = (observation[..., i : i + 1] for i in range(4))
    rolling = xp.maximum(speed, 0 * speed) + SOFTENING
    back = limited(xp.atan(K_CROSS * cross / rolling), CROSS_LIMIT)
    steering = limited(-heading - back, car.max_steering)
    return xp.concat([steering, speed + (1 + K_SPEED) * error], axis=-1)
