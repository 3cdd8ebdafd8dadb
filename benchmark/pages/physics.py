"""The physics: elements, exports, transfer onto chips, power, quantisation, pruning."""

from collections.abc import Callable
from typing import Any

from pages.page import REPORTED, Bar, Page, Section

# What the page makes: the MLP of equal score, and a network with fewer edges.
SMALL, PRUNED = 'out/small_mlp.safetensors', 'out/pruned.safetensors'
SECTIONS = (
    Section('Elements', 'elements', 'python benchmark/elements.py --json {json}'),
    Section(
        'Training steps beside an MLP of equal parameters', 'steps',
        'python benchmark/speed --rows train_continuous_mlp train_realisable_mlp --json {json}',
    ),
    Section('Exports', 'exports', 'python benchmark/exports.py --json {json}'),
    Section('35,000 edges on chips of each preset', 'transfer',
            'pkan transfer --json {json}'),
    Section(
        'The smallest MLP that flies as well', 'equal',
        f'python benchmark/equal_score.py --out {SMALL} --json {{json}}',
    ),
    Section(
        'Power of the drone as filters', 'power',
        f'pkan power controllers/drone_hover.safetensors --mlp {SMALL} --constants '
        '--json {json}',
    ),
    Section(
        'Power of the drone as memristors', 'memristors',
        f'pkan power controllers/drone_hover_memdiode.safetensors --mlp {SMALL} --json {{json}}',
    ),
    Section(
        'What quantisation costs', 'quantisation', 'python benchmark/quantisation.py --json {json}'
    ),
    Section(
        'A network thinned out and pruned', 'pruned',
        f'pkan train drone_hover --l1 0.002 --entropy 0.002 --prune 0.02 --out {PRUNED} '
        '--json {json}',
    ),
    Section(
        'The same on typical chips', 'pruned_typical',
        f"pkan rollout drone_hover --controller {PRUNED} --chip 'sim:?preset=typical' --chips 100 "
        '--episodes 200 --alone --json {json}',
    ),
)  # fmt: skip


def most(text: str, section: str, name: str, limit: float) -> Bar:
    """Return the bar of a figure that may be so large at most."""
    return Bar(text, f'<= {limit:g}', section, lambda f: f[name], '{:.2g}', lambda v: v <= limit)


def moved(text: str, bar: str, preset: str, group: str, show: str, met: Callable[[float], bool],
          *path: str) -> Bar:  # fmt: skip
    """Return the bar of a figure of the transfer, in a group of chips of a preset."""

    def read(figures: dict[str, Any]) -> float:
        found: Any = figures['presets'][preset][group]
        for name in path:
            found = found[name]
        return float(found)

    return Bar(f'preset {preset}, {text}', bar, 'transfer', read, show, met)


def energy(name: str) -> Bar:
    """Return the energy of an inference in a technology."""
    return Bar(
        f'an inference of the drone, {name}: energy, P50', REPORTED, 'power',
        lambda f: f['rows'][name]['energy_j'][1] * 1e6, '{:.3g} uJ', lambda v: True,
    )  # fmt: skip


def trimmed(preset: str, group: str) -> tuple[Bar, ...]:
    """Return the grades of trimmed chips, those of the design; typical chips shall be good."""
    where = {'whole': 'no dead element, trimmed', 'dead': 'dead elements, trimmed'}[group]
    told = group == 'whole' and preset != 'bad'
    rows = (
        ('edge RMSE, median', '<=', '{:.5f}', 0.01, 0.003, 'edge_rmse_median'),
        ('edge RMSE, p95', '<=', '{:.5f}', 0.03, 0.01, 'edge_rmse_p95'),
        ('edge R^2 less noise, median', '>=', '{:.5f}', 0.999, 0.9995, 'edge_r2_median'),
        ('edge R^2 less noise, p5', '>=', '{:.4f}', 0.98, 0.995, 'edge_r2_p5'),
        ('output NRMSE, median', '<=', '{:.2%}', 0.03, 0.01, 'output_nrmse_median'),
        ('success', '>=', '{:.1%}', 0.95, 0.99, 'success_rate'),
    )
    return tuple(
        moved(
            f'{where}: {text}',
            f'{sign} {good:g} is good, {excellent:g} excellent' if told else REPORTED,
            preset, group, show, within(sign, good), 'trimmed', field,
        )
        for text, sign, show, good, excellent, field in rows
    )  # fmt: skip


def within(sign: str, limit: float) -> Callable[[float], bool]:
    """Return whether a value keeps a limit."""
    return lambda value: value <= limit if sign == '<=' else value >= limit


BARS = (
    most('memdiode, both equations: residual', 'elements', 'residual of the memdiode', 1e-12),
    most('memdiode, divider: residual', 'elements', 'residual of the divider', 1e-12),
    most('memdiode against a root finder', 'elements', 'distance to a root finder', 1e-9),
    most('memdiode, gradients against differences', 'elements', 'gradients, worst error', 1e-5),
    most('memdiode, single precision: not finite', 'elements', 'single precision, not finite', 0),
    most('corners, 4 to 400 kHz: worst error', 'elements', 'corners, worst error', 0.005),
    most('corners: median error', 'elements', 'corners, median error', 0.0002),
    most('10,000 corners quantised, ms', 'elements', '10000 corners, ms', 10),
    most('ngspice, AC of 200 filters in RC form', 'exports', 'ngspice, AC of 200 filters', 1e-6),
    most('ngspice, DC of 200 memdiodes', 'exports', 'ngspice, DC of 200 memdiodes', 1e-6),
    most('ngspice, a memdiode network', 'exports', 'ngspice, network of memdiode', 1e-4),
    most('ngspice, a network of filters', 'exports', 'ngspice, network of bandpass', 1e-4),
    *(
        most(f'ONNX, {device}, {kind} precision', 'exports', f'ONNX, {device}, {kind}', limit)
        for device in ('bandpass', 'memdiode')
        for kind, limit in (('double', 1e-6), ('single', 1e-5))
    ),
    *(
        Bar(
            f'training step over that of an MLP, {kind} settings', '<= 5 x', 'steps',
            lambda f, kind=kind: f['rows'][f'train_{kind}_mlp']['ratio']['median'], '{:.1f} x',
            lambda v: v <= 5,
        )
        for kind in ('continuous', 'realisable')
    ),
    Bar(
        'edges moved onto chips of each preset', '>= 35000', 'transfer',
        lambda f: min(p['all']['edges'] for p in f['presets'].values()), '{:.0f}',
        lambda v: v >= 35_000,
    ),
    Bar(
        'time of that', '<= 120 s', 'transfer', lambda f: f['took_s'], '{:.0f} s',
        lambda v: v <= 120,
    ),
    moved('all chips, trimmed: output NRMSE, median', '<= 2 %', 'typical', 'all', '{:.2%}',
          lambda v: v <= 0.02, 'trimmed', 'output_nrmse_median'),
    moved('all chips, raw: output NRMSE, median', REPORTED, 'typical', 'all', '{:.2%}',
          lambda v: True, 'raw', 'output_nrmse_median'),
    *trimmed('good', 'whole'),
    *trimmed('typical', 'whole'),
    *trimmed('typical', 'dead'),
    *trimmed('bad', 'dead'),
    Bar(
        'the smallest MLP with the success of the analogue drone: parameters', REPORTED, 'equal',
        lambda f: f['parameters'], '{:.0f}', lambda v: True,
    ),
    energy('dedicated CMOS'),
    energy('memristive (as many)'),
    energy('tables, microcontroller'),
    energy('MLP, microcontroller'),
    energy('MLP, 45 nm logic'),
    Bar(
        'success lost by quantisation, the drone', '<= 1 point', 'quantisation',
        lambda f: 100 * f['lost'], '{:.1f} points', lambda v: v <= 1,
    ),
    Bar(
        'elements that are left after pruning, of 960', REPORTED, 'pruned',
        lambda f: f['connected elements'], '{:.0f}', lambda v: True,
    ),
    Bar(
        'success of the pruned network, ideal chip', REPORTED, 'pruned',
        lambda f: f['success_rate'], '{:.0%}', lambda v: True,
    ),
    Bar(
        'the same, 100 typical chips', REPORTED, 'pruned_typical',
        lambda f: f['success_rate'], '{:.1%}', lambda v: True,
    ),
)  # fmt: skip

PAGE = Page('physics', 'The physics', SECTIONS, BARS)
