"""Every comparison: what is timed against what, the bar, and what shows that both are right."""

from dataclasses import dataclass

from contest import Bar, Candidate, Facts, Row

TRAINED = {'shape': [4, 20, 20, 1], 'k': 6, 'batch': 500}
MEMDIODES = {'shape': [4, 20, 20, 1], 'k': 3, 'batch': 500}
INFERRED = {'shape': [12, 16, 4], 'k': 4}
MLP = [12, 64, 64, 4]
BATCH, DRONES = 10_000, 1024
# Largest error of an ideal chip in gain units, and how far two simulations may differ.
LARGEST_ERROR = 1e-5
ALIKE = 0.05


# What was tried for bars that are close or out of reach; times are those of a busy machine.
TRAINING = (
    "slopes of the elements written out instead of torch's own (1.5 to 0.4 ms), polynomials by "
    "recursion instead of cosines (1.2 to 0.2 ms), all layers' elements at once, the nearest "
    'settings by one search instead of codes and back (1.0 to 0.6 ms). The fused Adam, and chunks '
    'of elements that fit the cache, gave nothing.'
)
ARM = (
    'joints solved for directly instead of by iterations (41 to 26 us a physics step, and exact), '
    'the pose of a posture computed once a step, fewer small arrays (125 to 90 us a step). With '
    'fewer iterations joints are off by 5 to 50 mrad. Fixed links that are merged would save '
    '15 us, but a payload hangs at one of them.'
)


@dataclass(frozen=True)
class Options:
    """Where checkouts of peers are, and what this project's own torch runs on."""

    phykan: str = ''
    gym_pybullet_drones: str = ''
    device: str = 'cpu'


def rows(options: Options) -> list[Row]:
    """Return all comparisons."""
    return [
        *training(options), *inference(), *worlds(options), *starting(),
    ]  # fmt: skip


def training(options: Options) -> list[Row]:
    """Return the rows about training steps."""
    step = 'training step, [4,20,20,1], K = 6, batch 500'
    modes = (('continuous', False, 25), ('realisable', True, 120))
    found = []
    for mode, quantised, bar in modes:
        ours = Candidate('pkan_control', 'training:network', {**TRAINED, 'quantised': quantised})
        phykan = Candidate(
            'PhyKAN, no penalties', 'phykan:training',
            {**TRAINED, 'path': options.phykan, 'discrete': quantised}, peer=True,
            takes=('trainable',),
        )  # fmt: skip
        mlp = Candidate('MLP of equal parameters, torch', 'training:mlp', TRAINED)
        text = f'{step}, {mode} settings'
        found += [
            Row(
                f'train_{mode}_phykan', text, ours, phykan, Bar('>=', bar), same_network,
                tried=TRAINING,
            ),
            Row(f'train_{mode}_mlp', text, ours, mlp, Bar('<=', 5), both_learn),
        ]  # fmt: skip
    ours = Candidate('pkan_control', 'training:network', TRAINED)
    if options.device != 'cpu':
        there = Candidate(
            f'pkan_control, {options.device}', 'training:network',
            {**TRAINED, 'on': options.device},
        )  # fmt: skip
        found.append(
            Row('train_device', f'{step}, continuous settings', there, ours, None, both_learn)
        )
    kan = Candidate(
        'pykan, speed mode',
        'kan_steps:training',
        {'shape': [4, 20, 20, 1], 'batch': 500},
        peer=True,
    )
    memdiodes = Candidate('pkan_control', 'training:network', {**MEMDIODES, 'device': 'memdiode'})
    surrogate = Candidate('surrogate network, 2 x 125 units', 'training:surrogate', MEMDIODES)
    found += [
        Row(
            'train_pykan', f'{step}, continuous settings', ours, kan, Bar('>=', 3), both_learn,
            tried=TRAINING,
        ),
        Row(
            'train_memdiode', 'memdiode training step, batch 500, 1,500 elements', memdiodes,
            surrogate, Bar('>=', 30), elements_alike,
        ),
    ]  # fmt: skip
    return found


def inference() -> list[Row]:
    """Return the rows about inference."""
    one = 'one inference, [12,16,4], K = 4, ideal chip'
    fast = Candidate('pkan_control', 'inference:chip', INFERRED)
    plain = Candidate('pkan_control, NumPy alone', 'inference:chip', INFERRED, plain=True)
    flawed = {**INFERRED, 'uri': 'sim:?seed=1&preset=typical'}
    onnx = Candidate(
        'ONNX Runtime, MLP [12,64,64,4]', 'onnx_mlp:single', {'shape': MLP}, peer=True
    )
    numpy = Candidate('NumPy, MLP [12,64,64,4]', 'inference:mlp', {'shape': MLP})
    policy = Candidate(
        'stable-baselines3, policy [12,64,64,4]', 'sb3:predict', {'shape': MLP}, peer=True
    )
    direct = Candidate('direct formula in torch', 'inference:direct', {**INFERRED, 'batch': BATCH})
    batch = {**INFERRED, 'batch': BATCH}
    many = 'one of 10,000 inferences, [12,16,4], K = 4, ideal chip'
    return [
        Row('infer_onnx', one, fast, onnx, Bar('<=', 1), exact),
        Row('infer_onnx_numpy', one, plain, onnx, None, exact),
        Row('infer_mlp_numpy', one, plain, numpy, Bar('<=', 5), exact),
        Row('infer_sb3', one, fast, policy, None, exact),
        Row(
            'infer_simulated', 'one inference, simulated chip, preset typical',
            Candidate('simulated chip, NumPy alone', 'inference:chip', flawed, plain=True),
            Candidate('ideal chip, NumPy alone', 'inference:chip', INFERRED, plain=True),
            Bar('<=', 2), close,
        ),
        Row(
            'infer_simulated_compiled', 'one inference, simulated chip, preset typical',
            Candidate('simulated chip', 'inference:chip', flawed),
            Candidate('ideal chip, NumPy alone', 'inference:chip', INFERRED, plain=True), None,
            close,
        ),
        Row(
            'infer_batch', many, Candidate('pkan_control', 'inference:chip', batch), direct,
            Bar('>=', 5), exact,
        ),
        Row(
            'infer_batch_numpy', many,
            Candidate('pkan_control, NumPy alone', 'inference:chip', batch, plain=True), direct,
            Bar('>=', 5), exact,
        ),
    ]  # fmt: skip


def worlds(options: Options) -> list[Row]:
    """Return the rows about physics and environments."""
    environment = Candidate('pkan_control', 'drones:environment')
    aviary = Candidate(
        'gym-pybullet-drones HoverAviary', 'aviary:environment',
        {'path': options.gym_pybullet_drones}, peer=True,
    )  # fmt: skip
    world = Candidate('BulletDrone', 'drones:world')
    batch, many = f'BatchedDrone, batch {DRONES}', {'batch': DRONES}
    batched = Candidate(batch, 'drones:batched', many)
    plain = Candidate(f'{batch}, NumPy alone', 'drones:batched', many, plain=True)
    bare = Candidate('bare PyBullet', 'drones:bare')
    step = 'drone environment step, physics 500 Hz, control 50 Hz, ground effect and drag'
    found = [
        Row('drone_environment', step, environment, aviary, Bar('>=', 3), flies_alike),
        Row('drone_environment_bare', step, environment, bare, None, unchecked),
        Row('drone_world_bare', 'drone world step', world, bare, None, unchecked),
        Row(
            'arm_environment', 'arm environment step, physics 240 Hz, control 60 Hz',
            Candidate('pkan_control', 'arms:environment'),
            Candidate('panda-gym PandaReachJoints', 'panda:environment', peer=True),
            Bar('>=', 1.5), unchecked, tried=ARM,
        ),
        Row('drone_batched', 'drone world step', batched, world, Bar('>=', 30), flies_alike),
        Row('drone_batched_numpy', 'drone world step', plain, world, None, flies_alike),
    ]  # fmt: skip
    if options.device != 'cpu':
        there = Candidate(
            f'BatchedDrone, {options.device}, batch {DRONES}', 'drones:batched',
            {'batch': DRONES, 'device': options.device},
        )  # fmt: skip
        found.append(
            Row('drone_batched_device', 'drone world step', there, world, None, flies_alike)
        )
    return found


def starting() -> list[Row]:
    """Return the rows about starts and memory."""
    bare = Candidate(
        'python -c "import numpy"',
        'starting:command',
        {'arguments': ['python', '-c', 'import numpy']},
    )
    package = ['python', '-c', 'import pkan_control']
    tool = ['pkan', '--help']
    node = Candidate('controller_node, active', 'starting:controller_node')
    empty = Candidate('bare rclpy node with NumPy', 'starting:bare_node')
    return [
        Row(
            'import', 'import pkan_control',
            Candidate('import pkan_control', 'starting:command', {'arguments': package}), bare,
            Bar('<=', 1.5), unchecked,
        ),
        Row(
            'help', 'pkan --help',
            Candidate('pkan --help', 'starting:command', {'arguments': tool}), bare,
            Bar('<=', 2), unchecked,
        ),
        Row(
            'node_memory', 'memory of the controller node', node, empty, Bar('<=', 1.3), is_light,
            unit='MB',
        ),
    ]  # fmt: skip


def same_network(ours: Facts, theirs: Facts) -> str:
    """Compare outputs of the same parameters, and whether both learn."""
    error = max(abs(a - b) for a, b in zip(ours['outputs'], theirs['outputs'], strict=True))
    limit = 0.05
    if error > limit:
        raise ValueError(f'outputs of the same parameters differ by {error:.2g}')
    return f'outputs differ by {error:.1g}; {both_learn(ours, theirs)}'


def both_learn(ours: Facts, theirs: Facts) -> str:
    """Ask whether the loss of both falls."""
    told = []
    for facts in (ours, theirs):
        before, after = facts['loss_before'], facts['loss_after']
        if not after < before:
            raise ValueError(f'the loss goes from {before:.3g} to {after:.3g}')
        told.append(f'{before:.2g} to {after:.2g}')
    return f'loss {told[0]}, {told[1]}'


def elements_alike(ours: Facts, theirs: Facts) -> str:
    """Ask whether this project's network learns and both have as many elements."""
    both_learn(ours, ours)
    if ours['parameters'] != 7 * theirs['elements']:
        raise ValueError(f'{ours["parameters"]} parameters, {theirs["elements"]} elements')
    return f'{theirs["elements"]} elements each'


def exact(ours: Facts, theirs: Facts) -> str:
    """Ask whether this project's outputs are those of the direct formula, the peer's its own."""
    error = ours['error']
    if error > LARGEST_ERROR or theirs.get('error', 0.0) > LARGEST_ERROR:
        raise ValueError(f'error {error:.2g}')
    if ours['single_against_batch'] > 1e-12:
        raise ValueError(f'single samples differ by {ours["single_against_batch"]:.2g}')
    return f'error {error:.1g}'


def close(ours: Facts, theirs: Facts) -> str:
    """Ask whether a typical chip is off, but not far off."""
    if not 1e-3 < ours['rms'] < 0.3:
        raise ValueError(f'a typical chip is off by {ours["rms"]:.2g}')
    return f'typical chip off by {ours["rms"]:.2g} rms'


def flies_alike(ours: Facts, theirs: Facts) -> str:
    """Ask whether both climb alike in a second at 1.05 times the rotor speed of hover."""
    a, b = ours['climbed_m'], theirs['climbed_m']
    if abs(a - b) > ALIKE * abs(b):
        raise ValueError(f'climbs {a:.3f} m, the other {b:.3f} m')
    return f'climbs {a:.3f} m, {b:.3f} m'


def is_light(ours: Facts, theirs: Facts) -> str:
    """Ask whether the node has loaded none of the heavy libraries."""
    if ours['heavy']:
        raise ValueError(f'the node has loaded {", ".join(ours["heavy"])}')
    return 'neither torch nor PyBullet is loaded'


def unchecked(ours: Facts, theirs: Facts) -> str:
    """Return that there is nothing to compare."""
    return ''
