"""The first flight: hover on ideal and simulated chips, in process and over ROS 2."""

import json

from safetensors import safe_open

from pages.page import REPORTED, ROOT, Bar, Page, Section

SHIPPED = ROOT / 'controllers' / 'drone_hover.safetensors'


def shipped_checksum() -> str:
    """Return the checksum in the controller file that ships."""
    with safe_open(SHIPPED, framework='np') as file:
        return str(json.loads(file.metadata()['manifest'])['checksum'])


SECTIONS = (
    Section(
        'Hover, ideal chip',
        'ideal',
        'pkan rollout drone_hover --episodes 1000 --seed 0 --json {json}',
    ),
    Section(
        'Hover, 100 chips of preset typical, uncalibrated',
        'typical',
        "pkan rollout drone_hover --chip 'sim:?preset=typical' --chips 100 --episodes 500 "
        '--json {json}',
    ),
    Section(
        'Hover, 100 chips of preset good, uncalibrated',
        'good',
        "pkan rollout drone_hover --chip 'sim:?preset=good' --chips 100 --episodes 200 "
        '--json {json}',
    ),
    Section(
        'Hover, 100 chips of preset bad, uncalibrated',
        'bad',
        "pkan rollout drone_hover --chip 'sim:?preset=bad' --chips 100 --episodes 200 "
        '--json {json}',
    ),
    Section(
        'One inference and the controller node',
        'speed',
        'python benchmark/speed --rows infer_mlp_numpy node_memory --json {json}',
    ),
    Section('Training', 'train', 'pkan train drone_hover --out {json}.safetensors --json {json}'),
    Section('Over ROS 2', 'demo', 'pkan demo --out {json}.out --json {json}'),
)

BARS = (
    Bar(
        'success, PyBullet, ideal chip, 1000 starts, 50 Hz', '>= 99.5 %', 'ideal',
        lambda f: f['success_rate'], '{:.1%}', lambda v: v >= 0.995,
    ),
    Bar(
        'median final error, ideal chip', '<= 0.5 cm', 'ideal',
        lambda f: f['final_error_m']['median'] * 100, '{:.2f} cm', lambda v: v <= 0.5,
    ),
    Bar(
        'success on 100 chips, preset typical, uncalibrated', '>= 98 %', 'typical',
        lambda f: f['success_rate'], '{:.1%}', lambda v: v >= 0.98,
    ),
    Bar(
        'success on 100 chips, preset bad, uncalibrated', REPORTED, 'bad',
        lambda f: f['success_rate'], '{:.1%}', lambda v: True,
    ),
    Bar(
        'elements of the network', '<= 1024', 'train',
        lambda f: f['elements'], '{:.0f}', lambda v: v <= 1024,
    ),
    Bar(
        'one inference, ideal chip, against a NumPy MLP [12, 64, 64, 4]', '<= 5 x', 'speed',
        lambda f: f['rows']['infer_mlp_numpy']['ratio']['median'], '{:.1f} x', lambda v: v <= 5,
    ),
    Bar(
        'closed-loop rollout in process, one core', '>= 15 x real time', 'ideal',
        lambda f: f['real_time_factor'], '{:.0f} x', lambda v: v >= 15,
    ),
    Bar(
        'the same rollout over ROS in lockstep', 'bit-equal', 'demo',
        lambda f: f['hash'] == f['hash_in_process'], '{}', lambda v: v == 1,
    ),
    Bar(
        'controller_node, resident memory', '<= 120 MB', 'speed',
        lambda f: f['rows']['node_memory']['ours_median'], '{:.0f} MB', lambda v: v <= 120,
    ),
    Bar(
        'controller_node without heavy libraries', 'yes', 'speed',
        lambda f: not f['rows']['node_memory']['wrong'], '{}', lambda v: v == 1,
    ),
    Bar(
        'training, one core', 'about 90 s', 'train',
        lambda f: f['training_s'], '{:.0f} s', lambda v: v <= 95,
    ),
    Bar(
        'the shipped controller is what its seed makes, bit by bit', 'yes', 'train',
        lambda f: f['checksum'] == shipped_checksum(), '{}', lambda v: v == 1,
    ),
)  # fmt: skip

PAGE = Page('first_flight', 'First flight', SECTIONS, BARS, workers=2)
