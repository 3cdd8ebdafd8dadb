"""The paper's own tasks: networks of both devices against perceptrons, and what of it holds."""

from pages.page import REPORTED, Bar, Figures, Page, Section

SEEDS = (0, 1, 2)
# What learns by reinforcement.
LEARNERS = ('bandpass', 'memdiode', 'mlp')
# Sizes and steps of the comparisons.
GRIDS = {
    'classification': '--sizes 4,8,16 --steps 3000',
    'feynman': '--sizes 3,5,8 --steps 2000',
    'kinematics_forward': '--sizes 4,8,16 --steps 3000',
    'kinematics_inverse': '--sizes 4,8,16 --steps 3000',
    'cartpole': '--sizes 1,2,3 --steps 1600',
    'solar_mppt': '--sizes 2,4,8 --steps 500',
}
KINDS = "--kind bandpass --kind 'MLP, equal nodes' --kind 'MLP, 1 hidden' --kind 'MLP, 2 hidden'"


def comparison(name: str) -> Section:
    """Return the section of a comparison, on one core so that times can be compared."""
    picture = f'compare_{name}.png'
    files = f'--workers 1 --picture doc/{picture} --json {{json}}'
    return Section(f'`{name}`', name, f'pkan compare {name} {GRIDS[name]} {files}', picture)


def reinforced(seed: int, device: str) -> tuple[Section, Section]:
    """Return the sections of one seed of reinforcement learning: training, and 100 episodes."""
    name = f'{device}_{seed}'
    file = f'out/cartpole_td3_{name}.safetensors'
    made = (
        f'pkan train cartpole --method td3 --device {device} --seed {seed} --out {file} '
        '--json {json}'
    )
    flown = f'pkan rollout cartpole --controller {file} --episodes 100 --alone --json {{json}}'
    title = f'`cartpole` by reinforcement, {device}, seed {seed}'
    return Section(title, f'trained_{name}', made), Section(
        f'{title}: flown', f'flown_{name}', flown
    )


def mean(kind: str, figures: Figures) -> float:
    """Return the mean score of a kind at the largest size of a comparison of one problem."""
    (rows,) = figures['problems'].values()
    return next(row['mean'] for row in reversed(rows) if row['kind'] == kind)


def over(kind: str) -> Bar:
    """Return the bar of the band-pass network's error over that of a kind."""
    nodes = kind == 'MLP, equal nodes'
    return Bar(
        f'kinematics, [6, 20, 3] K = 6: rms error over that of {kind}',
        '<= 0.5' if nodes else REPORTED, 'kinematics_20',
        lambda f: mean('bandpass', f) / mean(kind, f), '{:.2f}', lambda v: v <= 0.5,
    )  # fmt: skip


def smallest(kind: str) -> Bar:
    """Return the bar of the fewest hidden nodes that survive all episodes from a seed."""

    def read(figures: Figures) -> float:
        rows = figures['problems']['cartpole']
        good = [r['size'] for r in rows if r['kind'] == kind and max(r['scores']) == 1]
        return float(min(good, default=99))

    bar = REPORTED if kind.startswith('MLP') else '<= 3'
    text = f'cartpole: hidden nodes that survive 100 of 100, {kind}'
    return Bar(text, bar, 'cartpole', read, '{:.0f}', lambda v: v <= 3)


def taught(seed: int, device: str) -> tuple[Bar, Bar]:
    """Return the bars of reinforcement learning: episodes survived, and the time it took."""
    name, text = f'{device}_{seed}', f'cartpole by reinforcement, {device}, seed {seed}'
    told = device == 'bandpass'
    return (
        Bar(f'{text}: success', '100 %' if told else REPORTED, f'flown_{name}',
            lambda f: 100 * f['success_rate'], '{:.0f} %', lambda v: v == 100),
        Bar(f'{text}: training', '<= 15 min' if told else REPORTED, f'trained_{name}',
            lambda f: f['training_s'] / 60, '{:.1f} min', lambda v: v <= 15),
    )  # fmt: skip


def gain(over_what: str, bar: str) -> Bar:
    """Return the bar of the points of power that the tracker takes more than a usual one."""

    def read(figures: Figures) -> float:
        share = next(v['share'] for k, v in figures.items() if k.startswith('bandpass'))
        return float(100 * (share - figures[over_what]['share']))

    return Bar(f'solar_mppt: more power than {over_what}', bar, 'solar', read, '{:+.1f} points',
               lambda v: v >= 2)  # fmt: skip


BARS = (
    over('MLP, equal nodes'), over('MLP, 1 hidden'), over('MLP, 2 hidden'),
    smallest('bandpass'), smallest('memdiode'), smallest('MLP, equal nodes'),
    *(bar for device in LEARNERS for seed in SEEDS for bar in taught(seed, device)),
    gain('constant voltage', '>= 2 points'), gain('perturb and observe', '>= 2 points'),
    gain('the same, from a first voltage', REPORTED), gain('oracle', REPORTED),
    Bar('realisable settings: rms error over that before, worst of medians', '<= 1.1',
        'quantised', lambda f: max(r['ratio'] for r in f['problems'].values()), '{:.2f}',
        lambda v: v <= 1.1),
    Bar('realisable settings: success of cartpole that is lost', '<= 1 point', 'quantised',
        lambda f: max(100 * (r['before'] - r['trained with']) for r in f['cartpole'].values()),
        '{:.0f} points', lambda v: v <= 1),
)  # fmt: skip

PAGE = Page(
    'paper',
    "The paper's tasks and claims",
    (
        *(comparison(name) for name in GRIDS),
        Section('`kinematics_forward`, twenty nodes', 'kinematics_20',
                f'pkan compare kinematics_forward_0.01 --sizes 20 --k 6 --steps 20000 {KINDS} '
                '--workers 1 --json {json}'),
        Section('`solar_mppt` against usual trackers', 'solar',
                'python benchmark/solar.py --json {json}'),
        Section('Realisable settings', 'quantised',
                'python benchmark/quantised.py --json {json}'),
        *(each for device in LEARNERS for seed in SEEDS for each in reinforced(seed, device)),
        Section('Networks on chips', 'transfer',
                'pkan transfer --edges 3500 --workers 1 --json {json}'),
        Section('Power', 'power',
                'pkan power controllers/drone_hover.safetensors --json {json}'),
        Section('The claims', 'claims', 'python benchmark/claims.py --json {json}'),
    ),
    BARS,
)  # fmt: skip
