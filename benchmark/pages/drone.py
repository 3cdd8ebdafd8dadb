"""The drone disturbed: hovering and following a path, with and without the outer loop."""

from pages.page import REPORTED, Bar, Figures, Page, Section

TYPICAL = "--chip 'sim:?preset=typical' --chips 100 --episodes 200"
# Gains and noise alone, on chips that deviate in nothing else.
ALONE = (
    "--chip 'sim:?edge_gain=0.1&node_noise=0.05&edge_gain_mean=0&element_mismatch=0&offset=0"
    "&read_noise=0&dead=0&corner_tempco=0&ageing=0' --chips 100 --episodes 200"
)
# The controller whose network is asked for the drone turned by half a turn, too.
TWICE = 'controllers/drone_hover_mirrored.safetensors'
BOTH = "--chip 'sim:?preset=typical&edge_gain=0.1&node_noise=0.05' --chips 100 --episodes 200"
SEEDS = (0, 1, 2)
# Scenario, what it is, and the share of successes that is asked for.
HOVERS = (
    ('calm', 'in calm air', 0.99),
    ('wind', 'wind 0.06 N', 0.99),
    ('benchmark/scenarios/heavy.yaml', 'mass +20 %', 0.99),
    ('benchmark/scenarios/light.yaml', 'mass -20 %', 0.99),
    ('benchmark/scenarios/weak.yaml', 'thrust -15 %', 0.99),
    ('benchmark/scenarios/mismatch.yaml', 'motors that differ by 5 %', 0.99),
    ('benchmark/scenarios/lag.yaml', 'motors that lag by 50 ms', 0.98),
    ('benchmark/scenarios/delay.yaml', 'commands 40 ms late', 0.98),
    ('gusts', 'gusts 0.03 N', 0.98),
    ('everything', 'everything at once', 0.98),
    ('payload', 'a payload that comes and goes', None),
    ('worn', 'worn', None),
    ('noisy', 'noisy sensors', None),
    ('ageing', 'a chip that warms up', None),
    ('bad_chip', 'a bad chip', None),
)
# Median errors in cm that are asked for.
ERRORS = {'calm': 1.0, 'gusts': 5.0, 'everything': 1.5}
FLIGHTS = {'racer_500g': '0.5 kg', 'carrier_1500g': '1.5 kg'}


def made(seed: int) -> str:
    """Return the file of the controller that is trained from a seed."""
    return f'out/drone_hover_{seed}.safetensors'


def stem(scenario: str) -> str:
    """Return the name of a scenario that may be a file."""
    return scenario.rpartition('/')[2].removesuffix('.yaml')


def success(figures: Figures) -> float:
    """Return the share of episodes that succeeded."""
    return float(figures['success_rate'])


def error_cm(figures: Figures) -> float:
    """Return the median error in cm."""
    return float(figures['final_error_m']['median']) * 100


def tracking_cm(figures: Figures) -> float:
    """Return the median of the root mean square error in cm."""
    return float(figures['rms_error_m']['median']) * 100


def against_pid(figures: Figures) -> float:
    """Return how many times as far as the PID's the controller's error is."""
    pid = figures['beside']['cascaded PID']['rms_error_m']['median']
    return float(figures['rms_error_m']['median'] / pid)


def hover_bars(
    scenario: str, text: str, share: float | None, section: str = 'hover', what: str = 'hover'
) -> list[Bar]:
    """Return the bars of a scenario."""
    asked = share or 0.0
    words = REPORTED if share is None else f'>= {share:.0%}'
    section, found = f'{section}_{stem(scenario)}', []
    found.append(Bar(f'{what}, {text}', words, section, success, '{:.1%}', lambda v: v >= asked))
    if scenario in ERRORS:
        limit = ERRORS[scenario]
        found.append(
            Bar(
                f'{what}, {text}: median error', f'<= {limit:g} cm', section, error_cm,
                '{:.2f} cm', lambda v: v <= limit,
            )
        )  # fmt: skip
    return found


SECTIONS = (
    *(
        Section(f'Training, seed {seed}', f'seed_{seed}',
            f'pkan train drone_hover --seed {seed} --out {made(seed)} --json {{json}}')
        for seed in SEEDS
    ),
    Section(
        'Hover, calm, ideal chip',
        'ideal',
        'pkan rollout drone_hover --episodes 200 --off all --json {json}',
    ),
    *(
        Section(
            f'Hover, {text}, 100 chips of preset typical',
            f'hover_{stem(scenario)}',
            f'pkan rollout drone_hover --scenario {scenario} {TYPICAL} --off all --json {{json}}',
        )
        for scenario, text, _ in HOVERS
    ),
    Section(
        'What each part of the outer loop does: everything at once',
        'parts',
        f'pkan rollout drone_hover --scenario everything {TYPICAL} --off integral --off force '
        '--off torque --off lead --json {json}',
    ),
    Section(
        'The same on top of preset typical', 'noise_typical',
        f'pkan rollout drone_hover {BOTH} --json {{json}}',
    ),
    *(
        Section(
            f'Hover, the shipped controller on another airframe: {size}', f'hover_{frame}',
            f'pkan rollout drone_hover --airframe {frame} {TYPICAL} --json {{json}}',
        )
        for frame, size in FLIGHTS.items()
    ),
    Section('Training of a network that is asked twice', 'seed_mirrored',
        'pkan train drone_hover --mirrored --out out/drone_hover_mirrored.safetensors '
        '--json {json}'),
    *(
        Section(f'Asked twice: hover, {text}', f'twice_{stem(scenario)}',
            f'pkan rollout drone_hover --controller {TWICE} --scenario {scenario} {TYPICAL} '
            '--json {json}')
        for scenario, text, share in HOVERS if share
    ),
    Section(
        'Memristive elements', 'memdiode',
        'pkan rollout drone_hover --controller controllers/drone_hover_memdiode.safetensors '
        f'{TYPICAL} --json {{json}}',
    ),
    Section(
        'Figure of eight, 1.5 m/s', 'eight',
        f'pkan rollout drone_track {TYPICAL} --off all --json {{json}}',
    ),
    Section(
        'Circle, 2 m/s', 'circle',
        f'pkan rollout drone_track --path circle {TYPICAL} --json {{json}}',
    ),
    Section(
        'Square by waypoints, up to 2 m/s', 'square',
        f'pkan rollout drone_track --path square {TYPICAL} --json {{json}}',
    ),
    *(
        Section(f'Edge gain 10 % and node noise 5 %, controller of seed {seed}', f'noise_{seed}',
            f'pkan rollout drone_hover --controller {made(seed)} {ALONE} --json {{json}}')
        for seed in SEEDS
    ),
)  # fmt: skip

BARS = (
    Bar('hover, calm, ideal chip', '100 %', 'ideal', success, '{:.1%}', lambda v: v == 1),
    Bar('hover, calm, ideal chip: median error', '<= 0.3 cm', 'ideal', error_cm, '{:.2f} cm',
        lambda v: v <= 0.3),
    *(bar for each in HOVERS for bar in hover_bars(*each)),
    *(bar for each in HOVERS if each[2] for bar in hover_bars(*each, 'twice', 'asked twice')),
    Bar('training of that, one core', '<= 180 s', 'seed_mirrored', lambda f: f['training_s'],
        '{:.0f} s', lambda v: v <= 180),
    *(
        Bar(f'edge gain 10 % and node noise 5 %, seed {seed}', '>= 99 %', f'noise_{seed}',
            success, '{:.1%}', lambda v: v >= 0.99)
        for seed in SEEDS
    ),
    Bar('the same on top of preset typical', REPORTED, 'noise_typical', success, '{:.1%}',
        lambda v: True),
    *(
        Bar(f'training, one core, seed {seed}', '<= 180 s', f'seed_{seed}',
            lambda f: f['training_s'], '{:.0f} s', lambda v: v <= 180)
        for seed in SEEDS
    ),
    *(
        Bar(f'the shipped controller on {size}', REPORTED, f'hover_{frame}', success, '{:.1%}',
            lambda v: True)
        for frame, size in FLIGHTS.items()
    ),
    Bar('memristive elements, calm', REPORTED, 'memdiode', success, '{:.1%}', lambda v: True),
    Bar('figure of eight, 1.5 m/s: rms error', '<= 5 cm', 'eight', tracking_cm, '{:.2f} cm',
        lambda v: v <= 5),
    Bar('figure of eight, against a tuned cascaded PID', '<= 1.2 x', 'eight', against_pid,
        '{:.2f} x', lambda v: v <= 1.2),
    Bar('circle, 2 m/s: rms error', REPORTED, 'circle', tracking_cm, '{:.2f} cm', lambda v: True),
    Bar('square, 2 m/s: rms error', REPORTED, 'square', tracking_cm, '{:.2f} cm', lambda v: True),
)  # fmt: skip

# Training comes first, and what flies the trained controllers last.
PAGE = Page('drone', 'The drone, disturbed', SECTIONS, BARS, workers=2)
