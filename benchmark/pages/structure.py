"""The structure of the package, its tests, and what a newcomer does first."""

from pages.page import Bar, Page, Section

# The last revision before the packages were laid out anew.
REFERENCE = '48d5f14'

SECTIONS = (
    Section(
        'The structure',
        'structure',
        'python benchmark/structure.py --json {json} --picture doc/packages.png',
        picture='packages.png',
    ),
    Section("The developer's loop", 'loop', 'python benchmark/developer_loop.py --json {json}'),
    Section('Mutation testing', 'mutants', 'python benchmark/mutants.py --json {json}'),
    Section('The first programs', 'newcomer', 'python benchmark/newcomer.py --json {json}'),
    Section('Tests under colcon', 'colcon', 'python benchmark/colcon_tests.py --json {json}'),
    Section(
        'Rollouts and training against the revision before',
        'unchanged',
        f'python benchmark/unchanged.py --reference {REFERENCE} --train 50 --json {{json}}',
    ),
)

BARS = (
    Bar(
        'loose modules at the root of the package', '0', 'structure',
        lambda f: f['loose_modules'], '{:.0f}', lambda v: v == 0,
    ),
    Bar(
        'packages', '<= 15', 'structure',
        lambda f: f['packages'], '{:.0f}', lambda v: v <= 15,
    ),
    Bar('floors', '<= 9', 'structure', lambda f: f['floors'], '{:.0f}', lambda v: v <= 9),
    Bar(
        'circles of packages, of modules', '0', 'structure',
        lambda f: f['package_circles'] + f['module_circles'], '{:.0f}', lambda v: v == 0,
    ),
    Bar(
        'Python files in the package', '<= 240', 'structure',
        lambda f: f['files'], '{:.0f}', lambda v: v <= 240,
    ),
    Bar(
        'median lines of a file', '90 to 150', 'structure',
        lambda f: f['median_lines'], '{:.0f}', lambda v: 90 <= v <= 150,
    ),
    Bar(
        'mutants killed, in the worst of the twelve modules', '>= 90 %', 'mutants',
        lambda f: f['lowest'], '{:.1%}', lambda v: v >= 0.9,
    ),
    Bar(
        "a robot of one's own (law, world, task, recipe, device): lines", '<= 200', 'newcomer',
        lambda f: f['lines'], '{:.0f}', lambda v: v <= 200,
    ),
    Bar(
        'the same: tests that train it, run it, study its yield and run it over ROS', 'all pass',
        'newcomer', lambda f: f['my_robot']['failed'] + f['my_robot']['skipped'],
        '{:.0f} do not pass', lambda v: v == 0,
    ),
    Bar(
        'examples and doctests of the public API', 'all pass', 'newcomer',
        lambda f: f['examples']['failed'] + f['doctests']['failed'], '{:.0f} fail',
        lambda v: v == 0,
    ),
    Bar('make test', '<= 6 min', 'loop', lambda f: f['test']['s'] / 60, '{:.1f} min',
        lambda v: v <= 6),
    Bar('make check', '<= 60 s', 'loop', lambda f: f['check']['s'], '{:.0f} s', lambda v: v <= 60),
    Bar(
        'tests that fail in make test', '0', 'loop',
        lambda f: f['test'].get('failed', 0) + f['test'].get('errors', 0), '{:.0f}',
        lambda v: v == 0,
    ),
    Bar(
        'tests that colcon test collects, of those of pytest', 'all', 'colcon',
        lambda f: f['colcon'] / f['pytest'], '{:.1%}', lambda v: v >= 1,
    ),
    Bar(
        'rollouts whose hashes differ from the revision before', '0', 'unchanged',
        lambda f: f['rollouts'] - f['same_rollouts'], '{:.0f}', lambda v: v == 0,
    ),
    Bar(
        'shipped controllers that are trained to other bits than by the revision before', '0',
        'unchanged', lambda f: f['trained'] - f['same_trained'], '{:.0f}', lambda v: v == 0,
    ),
)  # fmt: skip

PAGE = Page('structure', 'Structure', SECTIONS, BARS)
