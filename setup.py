"""Build of the ament_python package: `colcon build` and `pip install` both use it."""

import os
from glob import glob

from setuptools import Extension, find_packages, setup

NAME = 'pkan_control'

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
        *('cobs', 'defusedxml', 'pyserial'),
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
        'pkan_control.adapters': [
            f'{name} = {NAME}.ros.adapters.{module}:{maker}Adapter'
            for name, module, maker in (
                ('joint_state', 'joints', 'JointState'),
                ('float64_multi_array', 'joints', 'Float64MultiArray'),
                ('joint_trajectory', 'joints', 'JointTrajectory'),
                ('wrench', 'vehicles', 'Wrench'),
                ('twist', 'vehicles', 'Twist'),
                ('ackermann', 'vehicles', 'Ackermann'),
                ('actuators', 'joints', 'Actuators'),
                ('px4_motors', 'px4', 'Px4Motors'),
                ('px4_setpoints', 'px4', 'Px4Setpoints'),
            )
        ],
        'pkan_control.devices': [
            'bandpass = pkan_control.devices.bandpass:bandpass',
            'memdiode = pkan_control.devices.memdiode:memdiode',
        ],
        'pkan_control.problems': [
            'kinematics_forward_0.01 = pkan_control.tasks.problems.kinematics:forward_0_01',
            'kinematics_forward_0.05 = pkan_control.tasks.problems.kinematics:forward_0_05',
            'kinematics_forward_0.1 = pkan_control.tasks.problems.kinematics:forward_0_1',
            'kinematics_inverse_0.01 = pkan_control.tasks.problems.kinematics:inverse_0_01',
            'kinematics_inverse_0.05 = pkan_control.tasks.problems.kinematics:inverse_0_05',
            'kinematics_inverse_0.1 = pkan_control.tasks.problems.kinematics:inverse_0_1',
            'feynman_I.6.20 = pkan_control.tasks.problems.feynman:gaussian',
            'feynman_I.12.11 = pkan_control.tasks.problems.feynman:lorentz_force',
            'feynman_I.16.6 = pkan_control.tasks.problems.feynman:added_speeds',
            'feynman_I.18.4 = pkan_control.tasks.problems.feynman:centre_of_mass',
            'feynman_I.26.2 = pkan_control.tasks.problems.feynman:refraction',
            'feynman_I.27.6 = pkan_control.tasks.problems.feynman:lens',
            'feynman_I.30.3 = pkan_control.tasks.problems.feynman:grating',
            'feynman_I.37.4 = pkan_control.tasks.problems.feynman:interference',
            'solar_point = pkan_control.tasks.problems.solar_point:solar_point',
            'classification = pkan_control.tasks.problems.classification:two_spirals',
        ],
        'pkan_control.tasks': [
            'arm_pick_place = pkan_control.tasks.arm_pick_place:arm_pick_place',
            'arm_reach = pkan_control.tasks.arm_reach:arm_reach',
            'arm_track = pkan_control.tasks.arm_track:arm_track',
            'cartpole = pkan_control.tasks.cartpole:cartpole',
            'solar_mppt = pkan_control.tasks.solar_mppt:solar_mppt',
            'drone_hover = pkan_control.tasks.drone_hover:drone_hover',
            'drone_track = pkan_control.tasks.drone_track:drone_track',
            'vehicle_track = pkan_control.tasks.vehicle_track:vehicle_track',
        ],
    },
)
