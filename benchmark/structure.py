"""The structure of the package, measured from its imports, and the picture of it in `doc/`.

    python benchmark/structure.py --json structure.json --picture doc/packages.png

A package's floor is one above the highest floor that it imports from; modules on a circle have
none. Imports inside of functions count.
"""

import argparse
import ast
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / 'pkan_control'
Graph = dict[str, set[str]]


def sources() -> Iterator[tuple[Path, ast.Module]]:
    """Yield each file of the package, relative to it, and its syntax tree."""
    for path in sorted(PACKAGE.rglob('*.py')):
        yield path.relative_to(PACKAGE), ast.parse(path.read_text())


def imported(tree: ast.Module) -> set[str]:
    """Return the full names that a file imports, those inside of functions as well."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f'{node.module}.{alias.name}' for alias in node.names}
    return found


def package_graph() -> Graph:
    """Return for each package the packages that it imports."""
    graph: Graph = {}
    for path, tree in sources():
        if path.parent == Path():
            continue
        names = (name.split('.') for name in imported(tree) if name.startswith('pkan_control.'))
        graph.setdefault(path.parts[0], set()).update(parts[1] for parts in names)
    return {name: (below & set(graph)) - {name} for name, below in graph.items()}


def module_graph() -> Graph:
    """Return for each module, by its dotted name, the modules that it imports."""
    trees = {module_name(path): tree for path, tree in sources()}
    graph: Graph = {}
    for name, tree in trees.items():
        used = imported(tree)
        used |= {other.rpartition('.')[0] for other in used}
        graph[name] = (used & set(trees)) - {name}
    return graph


def module_name(path: Path) -> str:
    """Return the dotted name of a file of the package."""
    parts = path.with_suffix('').parts
    return '.'.join(('pkan_control', *(parts[:-1] if parts[-1] == '__init__' else parts)))


def circles(graph: Mapping[str, set[str]]) -> list[set[str]]:
    """Return the groups of nodes that reach each other."""
    reach = {name: _reachable(graph, name) for name in graph}
    groups = {frozenset(o for o in reach[n] if n in reach[o]) for n in graph if n in reach[n]}
    return [set(group) for group in groups]


def _reachable(graph: Mapping[str, set[str]], start: str) -> set[str]:
    found: set[str] = set()
    waiting = list(graph[start])
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += graph[name]
    return found


def floors(graph: Mapping[str, set[str]]) -> list[list[str]]:
    """Return the nodes of a graph without circles, floor by floor from the ground up."""
    height: dict[str, int] = {}

    def of(name: str) -> int:
        if name not in height:
            height[name] = 1 + max(map(of, graph[name]), default=-1)
        return height[name]

    rows = [[name for name in sorted(graph) if of(name) == row] for row in range(len(graph))]
    return [row for row in rows if row]


def figures() -> dict[str, float | list[list[str]]]:
    """Return what is measured of the structure."""
    packages, lines = package_graph(), []
    loose = sum(path.parent == Path() and path.name != '__init__.py' for path, _ in sources())
    for path, _ in sources():
        lines.append(len((PACKAGE / path).read_text().splitlines()))
    names = [path.name for path in (ROOT / 'test').rglob('test_*.py')]
    text = ''.join((PACKAGE / path).read_text() for path, _ in sources())
    package_circles = len(circles(packages))
    return {
        'loose_modules': loose,
        'packages': len(packages),
        'floors': len(floors(packages)) if not package_circles else len(packages),
        'package_circles': package_circles,
        'module_circles': len(circles(module_graph())),
        'files': len(lines),
        'median_lines': median(lines),
        'longest_file': max(lines),
        'formatter_switched_off': text.count('fmt: skip') + text.count('fmt: off'),
        'test_files': len(names),
        'test_names_used_twice': len(names) - len(set(names)),
        'floor_plan': floors(packages) if not package_circles else [],
    }


def draw(path: Path) -> None:
    """Draw the packages on their floors; an arrow goes from a package to what it imports."""
    import matplotlib as mpl

    mpl.use('Agg')
    from matplotlib import pyplot
    from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

    graph = package_graph()
    rows = floors(graph)
    figure, axes = pyplot.subplots(figsize=(9, 10))
    places = {
        name: ((column + 0.5) / len(row) * 6, number * 1.3)
        for number, row in enumerate(rows)
        for column, name in enumerate(row)
    }
    direct = {name: below - _indirect(graph, name) for name, below in graph.items()}
    for name, below in direct.items():
        for other in below:
            (x, y), (to_x, to_y) = places[name], places[other]
            arrow = FancyArrowPatch(
                (x, y - 0.3), (to_x, to_y + 0.3), arrowstyle='-|>', mutation_scale=12,
                color='#8a94a6', linewidth=1.1, connectionstyle='arc3,rad=0.06',
            )  # fmt: skip
            axes.add_patch(arrow)
    for name, (x, y) in places.items():
        box = FancyBboxPatch(
            (x - 0.6, y - 0.26), 1.2, 0.52, boxstyle='round,pad=0.02,rounding_size=0.1',
            facecolor='#e8eef9', edgecolor='#3b5b92', linewidth=1.2,
        )  # fmt: skip
        axes.add_patch(box)
        axes.text(x, y, name, ha='center', va='center', fontsize=13, color='#1c2b4a')
    axes.set_xlim(-0.2, 6.2)
    axes.set_ylim(-0.5, len(rows) * 1.3 - 0.7)
    axes.axis('off')
    figure.savefig(path, dpi=130, bbox_inches='tight', metadata={'Software': None})
    pyplot.close(figure)


def _indirect(graph: Mapping[str, set[str]], name: str) -> set[str]:
    """Return what a package reaches through another one that it imports."""
    return set().union(*(_reachable(graph, other) for other in graph[name]))


def main() -> None:
    """Print the figures; write them and the picture where asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--json', type=Path, help='write the figures to this file')
    parser.add_argument('--picture', type=Path, help='draw the packages into this file')
    given = parser.parse_args()
    found = figures()
    for name, value in found.items():
        if not isinstance(value, list):
            print(f'{name.replace("_", " "):24} {value:g}')
    print()
    for number, row in reversed(list(enumerate(found['floor_plan'], 1))):  # type: ignore[arg-type]
        print(f'floor {number}  {"  ".join(row)}')
    if given.json:
        given.json.write_text(json.dumps(found, indent=1) + '\n')
    if given.picture:
        draw(given.picture)


if __name__ == '__main__':
    main()
