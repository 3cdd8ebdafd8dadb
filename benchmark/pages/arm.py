"""The arm: reaching, tracking, pick and place, disturbed, on two robots."""

from collections.abc import Callable

from pages.page import REPORTED, Bar, Figures, Page, Section

CHIPS = '--chips 100 --episodes 200 --json {json}'
TYPICAL = f"--chip 'sim:?preset=typical' {CHIPS}"
GAIN = f"--chip 'sim:?preset=typical&edge_gain=0.05' {CHIPS}"
IIWA = 'pybullet_data/kuka_iiwa/model.urdf'
FIVE_MM = 0.005
# Reaching with the Panda: section, what it is, options, and the share within 1 cm that is asked
# for.
REACHES = (
    ('reach', 'typical chips', TYPICAL, 1.0),
    ('reach_gain', 'edge gain 5 %', GAIN, 0.99),
    ('reach_payload', '1 kg payload', f'--scenario payload {TYPICAL}', 0.99),
    ('reach_noisy', 'joint noise 5 mrad', f'--scenario noisy {TYPICAL}', 0.99),
    ('reach_everything', 'everything at once', f'--scenario everything {TYPICAL}', None),
    ('reach_torque', 'computed torque', f'--robot panda_torque {TYPICAL}', None),
    ('reach_torque_payload', 'computed torque, 1 kg payload',
        f'--robot panda_torque --scenario payload {TYPICAL}', None),
    ('reach_memdiode', 'memristive elements',
        f'--controller controllers/arm_reach_memdiode.safetensors {TYPICAL}', None),
    ('reach_xarm6', 'xArm6', f'--robot xarm6 {TYPICAL}', None),
)  # fmt: skip


def success(figures: Figures) -> float:
    """Return the share of episodes that succeeded."""
    return float(figures['success_rate'])


def within(figures: Figures) -> float:
    """Return the share of episodes whose tool ends within 5 mm."""
    errors = figures['outcomes']['tool_error_m']
    return sum(error is not None and error < FIVE_MM for error in errors) / len(errors)


def median_mm(name: str) -> Callable[[Figures], float]:
    """Return what reads the median of a figure in mm."""
    return lambda figures: float(figures[name]['median']) * 1000


def share_bar(text: str, section: str, asked: float | None, close: bool) -> Bar:
    """Return a bar for the share that succeeds, or that ends within 5 mm."""
    words = REPORTED if asked is None else f'>= {asked:.0%}' if asked < 1 else '100 %'
    read = within if close else success
    return Bar(text, words, section, read, '{:.1%}', lambda v: v >= (asked or 0))


def reach_bars(section: str, text: str, asked: float | None) -> list[Bar]:
    """Return the bars of reaching: within 1 cm, and within 5 mm."""
    closer = None if asked is None else 0.99
    return [
        share_bar(f'reach, {text}: within 1 cm', section, asked, False),
        share_bar(f'reach, {text}: within 5 mm', section, closer, True),
    ]


def reported(text: str, section: str, read: Callable[[Figures], float], show: str) -> Bar:
    """Return a figure that is shown, whatever it is."""
    return Bar(text, REPORTED, section, read, show, lambda v: True)


SECTIONS = (
    Section('Training', 'train',
        'pkan train arm_reach --seed 1 --out out/arm_reach.safetensors --json {json}'),
    Section('Training of the split `cylindrical`', 'train_cylindrical',
        'pkan train arm_reach --split cylindrical --seed 1 --out out/arm_cylindrical.safetensors '
        '--json {json}'),
    *(
        Section(f'Reach, {text}', name, f'pkan rollout arm_reach {options}')
        for name, text, options, _ in REACHES
    ),
    Section('Reach, split `cylindrical`, typical chips', 'reach_cylindrical',
        f'pkan rollout arm_reach --controller out/arm_cylindrical.safetensors {TYPICAL}'),
    Section('Training for a foreign arm, by its URDF: a KUKA LBR iiwa', 'train_urdf',
        f'pkan train arm_reach --urdf {IIWA} --tip lbr_iiwa_link_7 --seed 1 '
        '--out out/arm_iiwa.safetensors --json {json}'),
    Section('Reach, the foreign arm, typical chips', 'reach_urdf',
        f'pkan rollout arm_reach --controller out/arm_iiwa.safetensors {TYPICAL}'),
    Section('Track a circle of 10 cm in 4 s', 'track', f'pkan rollout arm_track {TYPICAL}'),
    Section('Track, xArm6', 'track_xarm6', f'pkan rollout arm_track --robot xarm6 {TYPICAL}'),
    Section('Pick and place', 'pick', f'pkan rollout arm_pick_place {TYPICAL}'),
    Section('Pick and place, joint noise 5 mrad', 'pick_noisy',
        f'pkan rollout arm_pick_place --scenario noisy {TYPICAL}'),
    Section('Pick and place, xArm6', 'pick_xarm6',
        f'pkan rollout arm_pick_place --robot xarm6 {TYPICAL}'),
)  # fmt: skip

BARS = (
    *(bar for name, text, _, asked in REACHES for bar in reach_bars(name, text, asked)),
    *reach_bars('reach_cylindrical', 'split cylindrical', None),
    *reach_bars('reach_urdf', 'a foreign arm by its URDF', None),
    Bar('circle of 10 cm in 4 s: rms error', '<= 3 mm', 'track', median_mm('tool_rms_m'),
        '{:.2f} mm', lambda v: v <= 3),
    reported('circle: largest rms error of an episode', 'track',
        lambda f: 1000 * max(f['outcomes']['tool_rms_m']), '{:.2f} mm'),
    reported('circle, xArm6: rms error', 'track_xarm6', median_mm('tool_rms_m'), '{:.2f} mm'),
    share_bar('pick and place: block within 2 cm', 'pick', 0.95, False),
    reported('pick and place: error of the block', 'pick', median_mm('block_error_m'),
        '{:.2f} mm'),
    share_bar('pick and place, joint noise 5 mrad', 'pick_noisy', None, False),
    share_bar('pick and place, xArm6', 'pick_xarm6', None, False),
    Bar('training, one core', '<= 180 s', 'train', lambda f: f['training_s'], '{:.0f} s',
        lambda v: v <= 180),
)  # fmt: skip

PAGE = Page('arm', 'The arm, disturbed', SECTIONS, BARS)
