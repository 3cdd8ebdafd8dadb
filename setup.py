"""Build of the ament_python package: `colcon build` and `pip install` both use it."""

import os
from glob import glob

from setuptools import Extension, find_packages, setup

NAME = 'pkan_control'
KINEMATICS, FEYNMAN = 'tasks.problems.kinematics', 'tasks.problems.feynman'
# What can be added by other packages, too: by group, name, and place in this package.
PLUG_INS = {
    'chips': {
        'ideal': 'chips.uri:ideal',
        'sim': 'chips.uri:simulated',
        'serial': 'chips.uri:serial',
        'tcp': 'chips.uri:tcp',
    },
    'devices': {
        'bandpass': 'devices.bandpass:bandpass',
        'memdiode': 'devices.memdiode:memdiode',
    },
    'laws': {
        'drone': 'control.laws.drone:DroneLaw',
        'vehicle': 'control.laws.vehicle:VehicleLaw',
        'cartpole': 'control.laws.cartpole:CartpoleLaw',
        'solar': 'control.laws.solar:SolarLaw',
        'kinematics': 'control.laws.kinematics:KinematicsLaw',
        'cylindrical': 'control.laws.cylindrical:CylindricalLaw',
    },
    'worlds': {
        'bullet_arm': 'sim.worlds:bullet_arm',
        'bullet_cartpole': 'sim.worlds:bullet_cartpole',
        'bullet_drone': 'sim.worlds:bullet_drone',
        'bullet_vehicle': 'sim.worlds:bullet_vehicle',
        'cartpole': 'sim.worlds:cartpole',
        'solar': 'sim.worlds:solar',
    },
    'tasks': {
        'arm_pick_place': 'tasks.arm_pick_place:arm_pick_place',
        'arm_reach': 'tasks.arm_reach:arm_reach',
        'arm_track': 'tasks.arm_track:arm_track',
        'cartpole': 'tasks.cartpole:cartpole',
        'drone_hover': 'tasks.drone_hover:drone_hover',
        'drone_track': 'tasks.drone_track:drone_track',
        'solar_mppt': 'tasks.solar_mppt:solar_mppt',
        'vehicle_track': 'tasks.vehicle_track:vehicle_track',
    },
    # Each under the name of its task.
    'recipes': {
        'arm_pick_place': 'training.recipe:arm',
        'arm_reach': 'training.recipe:arm',
        'arm_track': 'training.recipe:arm',
        'cartpole': 'training.recipe:cartpole',
        'drone_hover': 'training.recipe:drone',
        'drone_track': 'training.recipe:drone',
        'solar_mppt': 'training.recipe:solar',
        'vehicle_track': 'training.recipe:vehicle',
    },
    'problems': {
        'classification': 'tasks.problems.classification:two_spirals',
        'feynman_I.6.20': f'{FEYNMAN}:gaussian',
        'feynman_I.12.11': f'{FEYNMAN}:lorentz_force',
        'feynman_I.16.6': f'{FEYNMAN}:added_speeds',
        'feynman_I.18.4': f'{FEYNMAN}:centre_of_mass',
        'feynman_I.26.2': f'{FEYNMAN}:refraction',
        'feynman_I.27.6': f'{FEYNMAN}:lens',
        'feynman_I.30.3': f'{FEYNMAN}:grating',
        'feynman_I.37.4': f'{FEYNMAN}:interference',
        'kinematics_forward_0.01': f'{KINEMATICS}:forward_0_01',
        'kinematics_forward_0.05': f'{KINEMATICS}:forward_0_05',
        'kinematics_forward_0.1': f'{KINEMATICS}:forward_0_1',
        'kinematics_inverse_0.01': f'{KINEMATICS}:inverse_0_01',
        'kinematics_inverse_0.05': f'{KINEMATICS}:inverse_0_05',
        'kinematics_inverse_0.1': f'{KINEMATICS}:inverse_0_1',
        'solar_point': 'tasks.problems.solar_point:solar_point',
    },
    'adapters': {
        'ackermann': 'ros.adapters.vehicles:AckermannAdapter',
        'actuators': 'ros.adapters.joints:ActuatorsAdapter',
        'float64_multi_array': 'ros.adapters.joints:Float64MultiArrayAdapter',
        'joint_state': 'ros.adapters.joints:JointStateAdapter',
        'joint_trajectory': 'ros.adapters.joints:JointTrajectoryAdapter',
        'px4_motors': 'ros.adapters.px4:Px4MotorsAdapter',
        'px4_setpoints': 'ros.adapters.px4:Px4SetpointsAdapter',
        'twist': 'ros.adapters.vehicles:TwistAdapter',
        'wrench': 'ros.adapters.vehicles:WrenchAdapter',
    },
}

setup(
    name=NAME,
    version='0.1.0',
    description='Robot controllers that run on analogue Kolmogorov-Arnold networks.',
    license='Apache-2.0',
    maintainer='pkan_control maintainers',
    maintainer_email='maintainers@pkan-control.example',
    python_requires='>=3.11',
    packages=find_packages(include=[NAME, f'{NAME}.*']),
    # Without a compiler, or Python's headers, it is left out, and NumPy does its work.
    ext_modules=[
        Extension(
            f'{NAME}.{module}',
            [f'{NAME}/{module.replace(".", "/")}.c'],
            depends=[f'{NAME}/common/_buffers.h'],
            include_dirs=[f'{NAME}/common'],
            extra_compile_args=['-O3'] if os.name == 'posix' else [],
            optional=True,
        )
        for module in ('networks._layer', 'sim.batched._quadrotor')
    ],
    package_data={
        NAME: [
            *('py.typed', 'networks/_layer.pyi', 'sim/batched/_quadrotor.pyi'),
            *('control/exports/subcircuits/*.cir', 'reporting/reports/assets/*'),
        ],
    },
    zip_safe=False,
    # rclpy and its messages are not named here: they come with a ROS 2 installation, or from
    # requirements/ros.txt.
    install_requires=[
        *('setuptools', 'numpy', 'PyYAML', 'array-api-compat', 'safetensors', 'typer', 'rich'),
        *('cattrs', 'cobs', 'defusedxml', 'pyserial'),
    ],
    extras_require={'test': ['pytest']},
    data_files=[
        ('share/ament_index/resource_index/packages', [f'resource/{NAME}']),
        (f'share/{NAME}', ['package.xml']),
        (f'share/{NAME}/launch', glob('launch/*.launch.xml')),
        (f'share/{NAME}/config', glob('config/*.yaml')),
        (f'share/{NAME}/config/scenarios', glob('config/scenarios/*.yaml')),
        (f'share/{NAME}/config/airframes', glob('config/airframes/*.yaml')),
        (f'share/{NAME}/config/paths', glob('config/paths/*.yaml')),
        (f'share/{NAME}/config/arms', glob('config/arms/*.yaml')),
        (f'share/{NAME}/config/examples', glob('config/examples/*.yaml')),
        (f'share/{NAME}/controllers', glob('controllers/*.safetensors')),
        (f'share/{NAME}/urdf', glob('urdf/*.urdf')),
        (f'share/{NAME}/rviz', glob('rviz/*.rviz')),
        (f'lib/{NAME}', glob('scripts/*_node')),
    ],
    entry_points={
        'console_scripts': [
            f'pkan = {NAME}.cli.main:main',
            f'controller_node = {NAME}.ros.nodes.controller_node:main',
            f'simulation_node = {NAME}.ros.nodes.simulation_node:main',
        ],
        **{
            f'{NAME}.{group}': [f'{name} = {NAME}.{place}' for name, place in plug_ins.items()]
            for group, plug_ins in PLUG_INS.items()
        },
    },
)
