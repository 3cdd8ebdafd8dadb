"""The worlds that ship; an engine is loaded when a simulation is opened."""

from functools import partial

import numpy as np

from pkan_control.common.errors import UserError
from pkan_control.control.laws.law import HasAirframe, HasArm, HasCar, Law
from pkan_control.robots.car import Car
from pkan_control.robots.quadrotor import Airframe
from pkan_control.sim.effects import JOINT_STATES, LINK, ODOMETRY, Effect, Effects
from pkan_control.sim.world import Simulation, StudySimulation, World

DRONE_EFFECTS = {
    'mass': Effect('factor on mass and inertia', '1', 0.3, 3.0),
    'payload_kg': Effect('mass at the centre', 'kg', 0.0, 10.0),
    'thrust': Effect('factor on the thrust of all rotors', '1', 0.3, 2.0),
    'motor_mismatch': Effect('spread of the thrust from motor to motor', '1', 0.0, 0.3),
    'battery_sag': Effect('share of the thrust that is lost a second', '1/s', 0.0, 0.1),
    'motor_lag_s': Effect('time constant of the motors', 's', 0.0, 0.5),
    'wind_n': Effect('steady force in the world', 'N', -10.0, 10.0, 3),
    'gust_n': Effect('spread of the gusts, an axis', 'N', 0.0, 10.0),
    'drag': Effect('factor on the drag', '1', 0.0, 20.0),
    'ground_effect': Effect('factor on the ground effect', '1', 0.0, 5.0),
    **ODOMETRY,
    **LINK,
}
ARM_EFFECTS = {
    'payload_kg': Effect('mass at the tool', 'kg', 0.0, 20.0),
    'push_n': Effect('steady force on the tool in the base frame', 'N', -100.0, 100.0, 3),
    **JOINT_STATES,
    **LINK,
}
VEHICLE_EFFECTS = {
    'friction': Effect('factor on the friction of the tyres', '1', 0.1, 2.0),
    'friction_spread': Effect('spread of that factor as the road changes', '1', 0.0, 1.0),
    'payload_kg': Effect('mass that is carried', 'kg', 0.0, 20.0),
    'steering_lag_s': Effect('time constant of the steering', 's', 0.0, 0.5),
    'steering_offset_rad': Effect('angle that the steering is off by', 'rad', -0.2, 0.2),
    **ODOMETRY,
    **LINK,
}


def _lacks(law: Law, part: str) -> UserError:
    return UserError(f'law {law.name}: has no {part}, which its world needs')


def _airframe(law: Law) -> Airframe:
    if not isinstance(law, HasAirframe):
        raise _lacks(law, 'airframe')
    return law.airframe


def _arm(law: Law) -> HasArm:
    if not isinstance(law, HasArm):
        raise _lacks(law, 'arm')
    return law


def _car(law: Law) -> Car:
    if not isinstance(law, HasCar):
        raise _lacks(law, 'car')
    return law.car


def _drone(law: Law, rate_hz: float, effects: Effects) -> Simulation:
    from pkan_control.sim.bullet.drone import BulletDrone
    from pkan_control.sim.disturbances import DroneDisturbances

    return BulletDrone(_airframe(law), rate_hz, partial(DroneDisturbances, effects))


def _drones(law: Law, rate_hz: float, robots: int, generator: np.random.Generator) -> Simulation:
    from pkan_control.sim.batched.drone import BatchedDrone
    from pkan_control.sim.quadrotor_dynamics import draw_conditions

    # A seed makes the same controller, whether there is a compiler or not.
    conditions = draw_conditions(robots, generator)
    return BatchedDrone(_airframe(law), rate_hz, conditions, portable=True)


def _study_drones(law: Law, rate_hz: float, effects: Effects) -> StudySimulation:
    from pkan_control.sim.batched.drone import StudyDrone

    return StudyDrone(_airframe(law), rate_hz, effects)


def _bullet_arm(law: Law, rate_hz: float, effects: Effects) -> Simulation:
    from pkan_control.sim.bullet.arm import BulletArm
    from pkan_control.sim.disturbances import arm_disturbances

    return BulletArm(_arm(law), rate_hz, arm_disturbances(effects))


def _arms(law: Law, rate_hz: float, robots: int, generator: np.random.Generator) -> Simulation:
    from pkan_control.sim.batched.arm import LATE_SHARE, BatchedArm

    return BatchedArm(_arm(law), rate_hz, generator.random((robots, 1)) < LATE_SHARE)


def _vehicle(law: Law, rate_hz: float, effects: Effects) -> Simulation:
    from pkan_control.sim.bullet.vehicle import BulletVehicle
    from pkan_control.sim.disturbances import CarDisturbances

    return BulletVehicle(_car(law), rate_hz, partial(CarDisturbances, effects, rate_hz))


def _vehicles(law: Law, rate_hz: float, robots: int, generator: np.random.Generator) -> Simulation:
    from pkan_control.sim.batched.vehicle import BatchedVehicle
    from pkan_control.sim.disturbances import draw_car_conditions

    return BatchedVehicle(_car(law), rate_hz, draw_car_conditions(robots, generator))


def _study_vehicles(law: Law, rate_hz: float, effects: Effects) -> StudySimulation:
    from pkan_control.sim.batched.vehicle import StudyVehicle

    return StudyVehicle(_car(law), rate_hz, effects)


def _cartpole(law: Law, rate_hz: float, effects: Effects) -> Simulation:
    from pkan_control.sim.batched.cartpole import BatchedCartpole

    return BatchedCartpole(rate_hz)


def _bullet_cartpole(law: Law, rate_hz: float, *effects: Effects) -> Simulation:
    from pkan_control.sim.bullet.cartpole import BulletCartpole

    return BulletCartpole(rate_hz)


def _solar(law: Law, rate_hz: float, effects: Effects) -> Simulation:
    from pkan_control.sim.batched.solar import BatchedSolar

    return BatchedSolar()


bullet_drone = World('drone', _drone, _drones, _study_drones, effects=DRONE_EFFECTS)
bullet_arm = World('arm', _bullet_arm, _arms, effects=ARM_EFFECTS)
bullet_vehicle = World('vehicle', _vehicle, _vehicles, _study_vehicles, effects=VEHICLE_EFFECTS)
cartpole = World('cartpole', _cartpole, pictures=_bullet_cartpole, batched=True)
bullet_cartpole = World('cartpole', _bullet_cartpole)
solar = World('solar', _solar, batched=True)
