"""Rollouts that decide: times, resuming, the report, the regression gate, clones, yields."""

from pages.page import REPORTED, Bar, Page, Section

SECTIONS = (
    Section(
        'Times, and what a second worker brings', 'times',
        'python benchmark/studies/times.py --json {json}',
    ),
    Section(
        '1000 episodes, the MLP and the expert beside the controller', 'rollout',
        "pkan rollout drone_hover --episodes 1000 --chip 'sim:?preset=typical' --chips 1000 "
        '--json {json}',
    ),
    Section(
        'The yield of 1000 chips, preset typical', 'yield',
        "pkan yield drone_hover --chip 'sim:?preset=typical' --chips 1000 --episodes 20 "
        '--json {json}',
    ),
    Section(
        'The yield of 100 chips, preset bad, calibrated', 'calibrated',
        "pkan yield drone_hover --chip 'sim:?preset=bad' --chips 100 --episodes 10 "
        '--sensitivity 0 --calibrate --json {json}',
    ),
    Section('Killed and gone on', 'kills', 'python benchmark/studies/kills.py --json {json}'),
    Section('The report', 'opening', 'python benchmark/studies/opening.py --json {json}'),
    Section(
        'The regression gate', 'regression', 'python benchmark/studies/regression.py --json {json}'
    ),
    Section(
        'A clone of recorded flights', 'clone', 'python benchmark/studies/clone.py --json {json}'
    ),
)  # fmt: skip

BARS = (
    Bar(
        '`pkan rollout drone_hover`, 1000 episodes of 6 s, PyBullet, 2 cores', '<= 90 s', 'times',
        lambda f: f['rollout_s']['2'], '{:.0f} s', lambda v: v <= 90,
    ),
    Bar(
        'yield, batched world, 1000 chips x 20 episodes of 6 s, 2 cores', '<= 300 s', 'times',
        lambda f: f['yield_s'], '{:.0f} s', lambda v: v <= 300,
    ),
    Bar(
        'rollout, from 1 to 2 workers', '>= 1.7 x', 'times',
        lambda f: f['rollout_scaling'], '{:.2f} x', lambda v: v >= 1.7,
    ),
    Bar(
        'yield, from 1 to 2 workers', '>= 1.7 x', 'times',
        lambda f: f['yield_scaling'], '{:.2f} x', lambda v: v >= 1.7,
    ),
    Bar(
        'rollout, SIGKILLs that met it, and gone on', '20', 'kills',
        lambda f: f['rollout']['kills'], '{}', lambda v: v >= 20,
    ),
    Bar(
        'the same: result identical to an undisturbed run', 'yes', 'kills',
        lambda f: f['rollout']['identical'], '{}', bool,
    ),
    Bar(
        'yield, SIGKILLs that met it, and gone on', '20', 'kills',
        lambda f: f['yield']['kills'], '{}', lambda v: v >= 20,
    ),
    Bar(
        'the same: result identical to an undisturbed run', 'yes', 'kills',
        lambda f: f['yield']['identical'], '{}', bool,
    ),
    Bar(
        'report of 200 episodes', '<= 8 MB', 'opening',
        lambda f: f['size_mb'], '{:.1f} MB', lambda v: v <= 8,
    ),
    Bar(
        'it opens, longest of five at the desk', '<= 3 s', 'opening',
        lambda f: f['desk_longest_s'], '{:.2f} s', lambda v: v <= 3,
    ),
    Bar(
        'it opens, longest of five as wide as a phone', '<= 3 s', 'opening',
        lambda f: f['phone_longest_s'], '{:.2f} s', lambda v: v <= 3,
    ),
    Bar(
        'its first figure in 3-D is drawn by software, median', REPORTED, 'opening',
        lambda f: f['desk_drawn_s'], '{:.2f} s', lambda v: True,
    ),
    Bar(
        'regression gate, 200 comparisons of 200 pairs on other chips: false alarms', '<= 5 %',
        'regression', lambda f: f['false_alarms'], '{:.1%}', lambda v: v <= 0.05,
    ),
    Bar(
        'a 3-point drop of success on 1000 episodes is caught', '>= 99 %', 'regression',
        lambda f: f['drops_caught'], '{:.1%}', lambda v: v >= 0.99,
    ),
    Bar(
        'the same where 90 % succeed, and failures have nothing in common', REPORTED,
        'regression', lambda f: f['caught_where_independent']['90%'], '{:.0%}', lambda v: True,
    ),
    Bar(
        'typical chips that do the task', REPORTED, 'yield',
        lambda f: f['yield']['rate'], '{:.1%}', lambda v: True,
    ),
    Bar(
        'bad chips that do the task, calibrated', REPORTED, 'calibrated',
        lambda f: f['yield']['rate'], '{:.1%}', lambda v: True,
    ),
    Bar(
        'clone of the expert, from a rosbag2: success, ideal chip', REPORTED, 'clone',
        lambda f: f['clone'], '{:.0%}', lambda v: True,
    ),
    Bar(
        'the MLP beside it', REPORTED, 'clone', lambda f: f['mlp'], '{:.0%}', lambda v: True,
    ),
)  # fmt: skip

PAGE = Page('studies', 'Rollouts that decide', SECTIONS, BARS)
