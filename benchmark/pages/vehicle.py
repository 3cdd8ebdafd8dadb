"""The car: keeping a path at three speeds, undisturbed and disturbed."""

from pages.page import REPORTED, Bar, Figures, Page, Section

TYPICAL = "--chip 'sim:?preset=typical' --chips 100 --episodes 200"
SCENARIOS = {
    'calm': 'undisturbed',
    'slippery': 'changing friction',
    'everything': 'everything at once',
}
SPEEDS = {'road_slow': '1 m/s', 'road_fast': '3 m/s'}
# Where the bars hold: as it is, and as the road changes.
ASKED = ('calm', 'slippery')


def success(figures: Figures) -> float:
    """Return the share of episodes that succeeded."""
    return float(figures['success_rate'])


def rms_cm(figures: Figures) -> float:
    """Return the median of the root mean square cross-track error in cm."""
    return float(figures['rms_error_m']['median']) * 100


def against_expert(figures: Figures) -> float:
    """Return how many times as large as the expert's the error is."""
    expert = figures['beside']['expert']['rms_error_m']['median']
    return float(figures['rms_error_m']['median'] / expert)


def bars(scenario: str, text: str) -> list[Bar]:
    """Return the bars of a scenario at 2 m/s."""
    asked = scenario in ASKED
    section, words = f'drive_{scenario}', f'2 m/s, {text}'
    return [
        Bar(f'{words}: success', REPORTED, section, success, '{:.1%}', lambda v: True),
        Bar(f'{words}: rms cross-track error', '<= 5 cm' if asked else REPORTED, section, rms_cm,
            '{:.2f} cm', lambda v: v <= 5),
        Bar(f'{words}: against the expert', '<= 1.1 x' if asked else REPORTED, section,
            against_expert, '{:.2f} x', lambda v: v <= 1.1),
    ]  # fmt: skip


SECTIONS = (
    Section('Training', 'train',
        'pkan train vehicle_track --out out/vehicle_track.safetensors --json {json}'),
    *(
        Section(f'2 m/s, {text}, 100 chips of preset typical', f'drive_{scenario}',
            f'pkan rollout vehicle_track --scenario {scenario} {TYPICAL} --json {{json}}')
        for scenario, text in SCENARIOS.items()
    ),
    Section('What each part of the outer loop does: a slack steering', 'parts',
        "pkan rollout vehicle_track --scenario worn --chip 'sim:?preset=typical' --chips 50 "
        '--episodes 50 --off bend --off integral --off slip --off gap --off mirror --off all '
        '--json {json}'),
    *(
        Section(f'{speed}, changing friction', f'drive_{path}',
            f'pkan rollout vehicle_track --path {path} --scenario slippery {TYPICAL} '
            '--json {json}')
        for path, speed in SPEEDS.items()
    ),
    Section('Picture: doc/drives.png', 'picture',
        'python benchmark/drives.py --out doc/drives.png --json {json}'),
)  # fmt: skip

BARS = (
    *(bar for scenario, text in SCENARIOS.items() for bar in bars(scenario, text)),
    *(
        Bar(f'{speed}, changing friction: rms cross-track error', REPORTED, f'drive_{path}',
            rms_cm, '{:.2f} cm', lambda v: True)
        for path, speed in SPEEDS.items()
    ),
    Bar('elements of the network', '<= 1024', 'train', lambda f: f['elements'], '{:.0f}',
        lambda v: v <= 1024),
    Bar('training, one core', '<= 180 s', 'train', lambda f: f['training_s'], '{:.0f} s',
        lambda v: v <= 180),
)  # fmt: skip

PAGE = Page('vehicle', 'The vehicle', SECTIONS, BARS)
