"""The physics: elements, exports, transfer onto chips, power, quantisation, pruning."""

from collections.abc import Callable
from typing import Any

from pages.page import REPORTED, Bar, Page, Section

SECTIONS = (
    Section('Elements', 'elements', 'python benchmark/elements.py --json {json}'),
    Section('Exports', 'exports', 'python benchmark/exports.py --json {json}'),
    Section('35,000 edges on chips of each preset', 'transfer', 'pkan transfer --json {json}'),
    Section(
        'Power of the drone as filters', 'power',
        'pkan power controllers/drone_hover.safetensors --constants --json {json}',
    ),
    Section(
        'Power of the drone as memristors', 'memristors',
        'pkan power controllers/drone_hover_memdiode.safetensors --json {json}',
    ),
    Section(
        'What quantisation costs', 'quantisation', 'python benchmark/quantisation.py --json {json}'
    ),
    Section(
        'A network thinned out and pruned', 'pruned',
        'pkan train drone_hover --l1 0.002 --entropy 0.002 --prune 0.02 --out {json}.safetensors '
        '--json {json}',
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
    """Return the bars of trimmed chips."""

    def low(limit: float) -> Callable[[float], bool]:
        return lambda value: value <= limit

    def high(limit: float) -> Callable[[float], bool]:
        return lambda value: value >= limit

    where = {'whole': 'no dead element, trimmed', 'dead': 'dead elements, trimmed'}[group]
    told = group == 'whole' and preset != 'bad'
    rows = (
        ('edge RMSE, median', '<= 0.003', '{:.5f}', low(0.003), 'edge_rmse_median'),
        ('edge RMSE, p95', '<= 0.01', '{:.5f}', low(0.01), 'edge_rmse_p95'),
        ('edge R^2, median', '>= 0.9995', '{:.5f}', high(0.9995), 'edge_r2_median'),
        ('edge R^2, p5', '>= 0.995', '{:.4f}', high(0.995), 'edge_r2_p5'),
        ('output NRMSE, median', '<= 2 %', '{:.2%}', low(0.02), 'output_nrmse_median'),
        ('success', '>= 99 %', '{:.1%}', high(0.99), 'success_rate'),
    )
    return tuple(
        moved(f'{where}: {text}', bar if told else REPORTED, preset, group, show, met, 'trimmed',
              field)
        for text, bar, show, met, field in rows
    )  # fmt: skip


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
)  # fmt: skip

PAGE = Page('physics', 'The physics', SECTIONS, BARS)
