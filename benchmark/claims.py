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

from pkan_control.control.controller_file import load_controller_file
from pkan_control.devices.element import find_device

SMOOTH = ('kinematics_forward', 'kinematics_inverse', 'feynman')
EQUAL = ('MLP, 1 hidden', 'MLP, 2 hidden')
NODES = 'MLP, equal nodes'
TRACKERS = ('constant voltage', 'perturb and observe', 'the same, from a first voltage')
# Ratios this close to 1 are taken for equal; errors below the floor are not told apart.
SAME = 0.15
FLOOR = 2e-3
# What the paper says of power, and the network that tells how much an element takes.
ELEMENTS, CLAIMED_W = 300, 30e-6
NETWORK = ROOT / 'controllers' / 'drone_hover.safetensors'


def ratios(figures: dict, kind: str, others: Sequence[str]) -> list[float]:
    """Return errors of a kind over the better of others, for each problem and size.

    Of a score of which more is better, what it lacks of 1 is the error.
    """
    more, found = figures['better'] == 'more', []
    for rows in figures['problems'].values():
        error = {(r['kind'], r['size']): 1 - r['mean'] if more else r['mean'] for r in rows}
        for size in figures['sizes']:
            beside = min(error[other, size] for other in others)
            found.append(max(error[kind, size], FLOOR) / max(beside, FLOOR))
    return found


def middle(values: Sequence[float]) -> float:
    """Return the geometric mean."""
    return math.exp(sum(math.log(value) for value in values) / len(values))


def smooth(figures: dict, kind: str, others: Sequence[str]) -> float:
    """Return the mean ratio of errors on smooth targets."""
    return middle([r for name in SMOOTH for r in ratios(figures[name], kind, others)])


def survivors(figures: dict, kind: str) -> float:
    """Return the fewest hidden nodes of a kind of which one keeps the pole up in all episodes."""
    rows = figures['cartpole']['problems']['cartpole']
    sizes = [row['size'] for row in rows if row['kind'] == kind and max(row['scores']) == 1]
    return min(sizes, default=math.inf)


def judged(parts: dict[str, bool], text: str) -> str:
    """Return a paragraph: whether a claim holds, the figures, and which of its parts hold."""
    yes = [part for part, holds in parts.items() if holds]
    no = [part for part, holds in parts.items() if not holds]
    verdict = 'HOLDS PARTLY' if yes and no else 'HOLDS' if yes else 'DOES NOT HOLD'
    lists = (('What holds', yes), ('What does not', no))
    told = [f'{name}: {"; ".join(found)}.' for name, found in lists if found]
    return ' '.join([f'{verdict}.', text, *told])


def smooth_targets(figures: dict) -> str:
    """Judge the claim on smooth targets and decision boundaries."""
    border = figures['classification']
    nodes, equal = (smooth(figures, 'bandpass', others) for others in ([NODES], EQUAL))
    at_nodes, at_equal = (middle(ratios(border, 'bandpass', o)) for o in ([NODES], EQUAL))
    long, most = figures['kinematics_20'], max(figures[name]['steps'] for name in SMOOTH)
    longer, longer_equal = (middle(ratios(long, 'bandpass', o)) for o in ([NODES], EQUAL))
    text = (
        f'Smooth targets need far fewer nodes and parameters than an MLP does, decision '
        f'boundaries do not. On smooth targets the error of band-pass networks is {nodes:.2f} '
        f'times that of an MLP with as many nodes, and {equal:.2f} times that of the better MLP '
        f'with as many parameters (geometric means over problems and sizes, '
        f'{most} steps); with 20 nodes and {long["steps"]} steps on kinematics these are '
        f'{longer:.2f} and {longer_equal:.2f} times, on the decision boundary {at_nodes:.2f} and '
        f'{at_equal:.2f} times.'
    )
    parts = {
        'an advantage by nodes on smooth targets': nodes < 1 - SAME,
        'an advantage by nodes on kinematics after long training': longer < 1 - SAME,
        'an advantage by parameters on smooth targets': equal < 1 - SAME,
        'an advantage by parameters on kinematics after long training': longer_equal < 1 - SAME,
        'no advantage by nodes on the decision boundary': at_nodes >= 1 - SAME,
        'no advantage by parameters on the decision boundary': at_equal >= 1 - SAME,
    }
    return judged(parts, text)


def control(figures: dict) -> str:
    """Judge the claim on control: solar power, and a pole on a cart."""
    shares = {name: row['share'] for name, row in figures['solar'].items()}
    name = next(name for name in shares if name.startswith('bandpass'))
    network, hidden = shares[name], name.split()[-1].split('-')[1:]
    mlp = next(share for name, share in shares.items() if name.startswith('mlp'))
    constant, perturb, strong = (shares[n] for n in TRACKERS)
    lost = middle(ratios(figures['solar_mppt'], 'bandpass', [NODES]))
    small, beside = survivors(figures, 'bandpass'), survivors(figures, NODES)
    text = (
        f'Continuous control and solar power need small networks only. The tracker of '
        f'{sum(map(int, hidden))} nodes takes {network:.1%} of the power, an MLP of equal '
        f'parameters {mlp:.1%}, the best constant voltage {constant:.1%}, perturb-and-observe '
        f'{perturb:.1%}, or {strong:.1%} where it may start from a tuned voltage. It loses '
        f'{lost:.2f} times as much power as an MLP with as many nodes. The fewest hidden nodes '
        f'that keep the pole up in all episodes: {small:g}, of an MLP {beside:g}.'
    )
    parts = {
        'two points of power more than a constant voltage': network > constant + 0.02,
        'two points more than perturb-and-observe': network > perturb + 0.02,
        'two points more than that from a tuned voltage': network > strong + 0.02,
        'less power lost than by an MLP with as many nodes': lost < 1 - SAME,
        'a pole that needs fewer nodes than of an MLP': small < beside,
    }
    return judged(parts, text)


def transfer(figures: dict) -> str:
    """Judge the claim on chips, of which there are simulated ones only."""
    found = figures['transfer']['presets']['typical']['all']
    raw, trimmed = found['raw'], found['trimmed']
    text = (
        f'Networks transfer to hardware with a fidelity that is known. On '
        f'simulated chips of preset typical, {found["edges"]} edges of two networks have a median '
        f'R^2 of {trimmed["edge_r2_median"]:.4f} once they are trimmed, and outputs an NRMSE of '
        f'{trimmed["output_nrmse_median"]:.1%}, against {raw["output_nrmse_median"]:.0%} raw; '
        f'{trimmed["success_rate"]:.1%} of the flights succeed, {raw["success_rate"]:.1%} raw.'
    )
    parts = {
        'faithful edges of simulated chips': trimmed['edge_r2_median'] >= 0.999,
        'faithful outputs of simulated chips': trimmed['output_nrmse_median'] <= 0.03,
        'flights on simulated chips': trimmed['success_rate'] >= 0.99,
        'the same on a board: none was measured': False,
    }
    return judged(parts, text)


def power(figures: dict) -> str:
    """Judge the claim on power, for as many elements as the paper has."""
    share = ELEMENTS / load_controller_file(NETWORK).policy.facts()['connected']
    watts = [share * each for each in figures['power']['rows']['dedicated CMOS']['power_w']]
    low, half, high = (1e6 * each for each in watts)
    text = (
        f'A dedicated chip of {ELEMENTS} elements would use {CLAIMED_W * 1e6:g} uW. By what was '
        f'published of filters it would use {low:.0f} to {high:.0f} uW (P10 to P90) and '
        f'{half:.0f} in the middle: the network of the drone, scaled to as many elements. `pkan '
        f'power --constants` shows every source.'
    )
    ends = zip(('at P10', 'in the middle', 'at P90'), watts, strict=True)
    return judged({f'so little {end}': each <= CLAIMED_W for end, each in ends}, text)


def memristors(figures: dict) -> str:
    """Judge the claim that the device does not matter."""
    alike = smooth(figures, 'memdiode', ['bandpass'])
    border = middle(ratios(figures['classification'], 'memdiode', ['bandpass']))
    lost = middle(ratios(figures['solar_mppt'], 'memdiode', ['bandpass']))
    filters, memristive = (len(find_device(name).parameters) for name in ('bandpass', 'memdiode'))
    nodes = {kind: survivors(figures, kind) for kind in ('bandpass', 'memdiode')}
    text = (
        f'A memristive network does the same in simulation. On smooth targets its error is '
        f'{alike:.2f} times that of the band-pass network of the same shape, on the decision '
        f'boundary {border:.2f} times; as a tracker it loses {lost:.2f} times as much power. It '
        f'has {memristive} parameters an element, the other has {filters}. The fewest hidden '
        f'nodes that keep the pole up in all episodes: {nodes["memdiode"]:g}, of filters '
        f'{nodes["bandpass"]:g}.'
    )
    parts = {
        'as good on smooth targets': alike < 1 + SAME,
        'as good on the decision boundary': border < 1 + SAME,
        'as good as a tracker': lost < 1 + SAME,
        'as few nodes for the pole': nodes['memdiode'] <= nodes['bandpass'],
    }
    return judged(parts, text)


def main() -> None:
    """Read, judge, print and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--json', type=Path, required=True)
    options = parser.parse_args()
    control_tasks = ('cartpole', 'solar_mppt', 'solar')
    names = (*SMOOTH, 'kinematics_20', 'classification', *control_tasks, 'transfer', 'power')
    figures = {n: json.loads((options.json.parent / f'{n}.json').read_text()) for n in names}
    judges = (smooth_targets, control, transfer, power, memristors)
    found = [judge(figures) for judge in judges]
    for text in found:
        print(textwrap.fill(text, 96))
        print()
    options.json.write_text(json.dumps({'claims': found}) + '\n')


if __name__ == '__main__':
    main()
