"""The paper's claims against the figures of this page: what holds, partly holds, does not hold.

Reads the figures of the page's other sections, which lie beside the file that it writes.
"""

import argparse
import json
import math
import textwrap
from collections.abc import Sequence
from pathlib import Path

from pages.page import ROOT

from pkan_control.controller.bundle import load_bundle

SMOOTH = ('kinematics_forward', 'kinematics_inverse', 'feynman')
EQUAL = ('MLP, 1 hidden', 'MLP, 2 hidden')
NODES = 'MLP, equal nodes'
# Ratios this close to 1 are taken for equal; errors below the floor are not told apart.
SAME = 0.15
FLOOR = 2e-3
# What the paper says of power, and the network that tells how much an element takes.
ELEMENTS, CLAIMED_W = 300, 30e-6
NETWORK = ROOT / 'controllers' / 'drone_hover.safetensors'


def ratios(figures: dict, kind: str, others: Sequence[str]) -> list[float]:
    """Return errors of a kind over the better of others, for each problem and size."""
    found = []
    for rows in figures['problems'].values():
        for row in rows:
            if row['kind'] != kind:
                continue
            beside = [r['mean'] for r in rows if r['kind'] in others and r['size'] == row['size']]
            found.append(max(row['mean'], FLOOR) / max(min(beside), FLOOR))
    return found


def middle(values: Sequence[float]) -> float:
    """Return the geometric mean."""
    return math.exp(sum(math.log(value) for value in values) / len(values))


def verdict(good: Sequence[bool]) -> str:
    """Return what part of a claim holds."""
    if all(good):
        return 'HOLDS'
    return 'HOLDS PARTLY' if any(good) else 'DOES NOT HOLD'


def smooth_targets(figures: dict) -> tuple[str, str]:
    """Judge the claim on smooth targets and decision boundaries."""
    nodes = middle([r for name in SMOOTH for r in ratios(figures[name], 'bandpass', [NODES])])
    equal = middle([r for name in SMOOTH for r in ratios(figures[name], 'bandpass', EQUAL)])
    border = middle(ratios(figures['classification'], 'bandpass', EQUAL))
    text = (
        f'Smooth targets need far fewer nodes and parameters than an MLP does, decision '
        f'boundaries do not. On smooth targets the error of band-pass networks is {nodes:.2f} '
        f'times that of an MLP with as many nodes, and {equal:.2f} times that of the better MLP '
        f'with as many parameters (geometric means over problems and sizes). On the decision '
        f'boundary it is {border:.2f} times that of the better MLP with as many parameters.'
    )
    return verdict([nodes < 1 - SAME, equal < 1 - SAME, border > 1 - SAME]), text


def memristors(figures: dict) -> tuple[str, str]:
    """Judge the claim that the device does not matter."""
    alike = middle([r for name in SMOOTH for r in ratios(figures[name], 'memdiode', ['bandpass'])])
    survived = {
        row['kind']: row['mean']
        for row in figures['cartpole']['problems']['cartpole']
        if row['size'] == max(figures['cartpole']['sizes'])
    }
    both = min(survived['bandpass'], survived['memdiode'])
    text = (
        f'A memristive network does the same in simulation. On smooth targets its error is '
        f'{alike:.2f} times that of the band-pass network of the same shape; it has 7 parameters '
        f'an element, the other has 3. The pole stays up in {survived["bandpass"]:.0%} of '
        f'the episodes with filters and in {survived["memdiode"]:.0%} with memristors.'
    )
    return verdict([alike < 1 + SAME, both >= 0.99]), text


def control(figures: dict) -> tuple[str, str]:
    """Judge the claim on control: solar power, and a pole on a cart."""
    shares = {name: row['share'] for name, row in figures['solar'].items()}
    network = next(share for name, share in shares.items() if name.startswith('bandpass'))
    mlp = next(share for name, share in shares.items() if name.startswith('mlp'))
    strong = shares['the same, from a first voltage']
    text = (
        f'Continuous control and solar power need small networks only. The tracker of 7 nodes '
        f'takes {network:.1%} of the power, an MLP of equal parameters {mlp:.1%}, the best '
        f'constant voltage {shares["constant voltage"]:.1%}, perturb-and-observe '
        f'{shares["perturb and observe"]:.1%}, or {strong:.1%} where it may start from a tuned '
        f'voltage.'
    )
    good = [network > shares['constant voltage'] + 0.02,
            network > shares['perturb and observe'] + 0.02, network > strong]  # fmt: skip
    return verdict(good), text


def transfer(figures: dict) -> tuple[str, str]:
    """Judge the claim on chips, of which there are simulated ones only."""
    found = figures['transfer']['presets']['typical']['all']
    raw, trimmed = found['raw'], found['trimmed']
    text = (
        f'Networks transfer to hardware with a fidelity that is known. No board was measured. On '
        f'simulated chips of preset typical, {found["edges"]} edges of two networks have a median '
        f'R^2 of {trimmed["edge_r2_median"]:.4f} once they are trimmed, and outputs an NRMSE of '
        f'{trimmed["output_nrmse_median"]:.1%}, against {raw["output_nrmse_median"]:.0%} raw; '
        f'{trimmed["success_rate"]:.1%} of the flights succeed, {raw["success_rate"]:.1%} raw.'
    )
    good = trimmed['edge_r2_median'] >= 0.999 and trimmed['output_nrmse_median'] <= 0.03
    return ('HOLDS PARTLY' if good else 'DOES NOT HOLD'), text


def power(figures: dict) -> tuple[str, str]:
    """Judge the claim on power, for as many elements as the paper has."""
    share = ELEMENTS / load_bundle(NETWORK).program.connected
    watts = [share * each for each in figures['power']['rows']['dedicated CMOS']['power_w']]
    low, half, high = (1e6 * each for each in watts)
    text = (
        f'A dedicated chip of {ELEMENTS} elements would use {CLAIMED_W * 1e6:g} uW. By what was '
        f'published of filters it would use {low:.0f} to {high:.0f} uW (P10 to P90) and '
        f'{half:.0f} in the middle: the network of the drone, scaled to as many elements. `pkan '
        f'power --constants` shows every source.'
    )
    return verdict([watts[0] <= CLAIMED_W, watts[1] <= CLAIMED_W]), text


def main() -> None:
    """Read, judge, print and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--json', type=Path, required=True)
    options = parser.parse_args()
    names = (*SMOOTH, 'classification', 'cartpole', 'solar', 'transfer', 'power')
    figures = {n: json.loads((options.json.parent / f'{n}.json').read_text()) for n in names}
    judges = (smooth_targets, control, transfer, power, memristors)
    found = [judge(figures) for judge in judges]
    for result, text in found:
        print(textwrap.fill(f'{result}. {text}', 96))
        print()
    options.json.write_text(json.dumps({'claims': [f'{r}. {t}' for r, t in found]}) + '\n')


if __name__ == '__main__':
    main()
