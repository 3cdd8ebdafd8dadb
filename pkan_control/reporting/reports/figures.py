"""The figures of a report, as data and layout that plotly.js draws."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pkan_control.common.arrays import Floats
from pkan_control.control.laws.law import Law
from pkan_control.evaluation.rollouts.record import EpisodeRecord
from pkan_control.reporting.reports.evidence import Edge, Evidence
from pkan_control.tasks.task import PositionTask, Task

Figure = dict[str, Any]
# One colour for each controller, in their order; for goals, and for limits.
ACCENTS = ('#1d8a6b', '#3f88c5', '#c8843d', '#8a5cb8', '#c8553d', '#5b6b7f')
GOAL, LIMIT, FAINT = '#8894a3', '#c8553d', 'rgba(136,148,163,0.35)'
# Trajectories that are drawn: the worst, and the first; every so many-th state of them.
WORST, FIRST, EVERY = 5, 15, 3
DIGITS = 4
ABOVE = {'orientation': 'h', 'yanchor': 'bottom', 'y': 1.0}


def coordinates(law: Law) -> list[tuple[str, int, int]]:
    """Return name, place in the state, and place in the goal of what both have."""
    return [
        (name, law.state_names.index(name), i)
        for i, name in enumerate(law.goal_names)
        if name in law.state_names
    ]


def error_name(records: Sequence[EpisodeRecord]) -> str:
    """Return the figure by which episodes are ranked: the first one."""
    return next(iter(records[0].score.figures))


def ranked(records: Sequence[EpisodeRecord]) -> list[EpisodeRecord]:
    """Return episodes, the worst first: failures, then by the first figure."""
    name = error_name(records)
    return sorted(records, key=lambda r: (r.score.success, -_orderly(r.score.figures[name])))


def selected(records: Sequence[EpisodeRecord]) -> list[EpisodeRecord]:
    """Return the worst episodes, and the first of the others."""
    worst = ranked(records)[:WORST]
    rest = [record for record in records if all(record is not each for each in worst)]
    return worst + rest[:FIRST]


def trajectories(evidence: Evidence) -> Figure | None:
    """Return the paths of the controller's selected episodes; None for a task without a space."""
    records = selected(next(iter(evidence.rows.values())))
    names, ways, goals = _in_space(evidence.task, records)
    if not names:
        return None
    kind = 'scatter3d' if len(names) == 3 else 'scatter'
    traces = []
    for rank, (record, way) in enumerate(zip(records, ways, strict=True)):
        line = _line(LIMIT if rank < WORST else ACCENTS[0], width=3 if rank < WORST else 1.5)
        what = 'worst' if rank < WORST else 'first others'
        traces.append(
            _trace(kind, list(way.T), line, what)
            | {
                'legendgroup': what,
                'showlegend': rank in (0, WORST),
                'text': f'episode {record.number}',
                'hoverinfo': 'text+x+y+z',
            }
        )
    traces.append(
        _trace(kind, list(goals.T), _line(GOAL, width=4), 'goal')
        | {
            'mode': 'markers' if isinstance(evidence.task, PositionTask) else 'lines+markers',
            'marker': {'size': 3, 'color': GOAL},
        }
    )
    return {'data': traces, 'layout': _space(kind, names)}


def _in_space(
    task: Task, records: Sequence[EpisodeRecord]
) -> tuple[list[str], list[Floats], Floats]:
    """Return the axes, the path of each episode `[n, axes]`, and the goals `[m, axes]`.

    There are no axes where the task is not one in space; where it goes to one point, goals are
    those of all episodes, otherwise the path of the first.
    """
    if isinstance(task, PositionTask):
        ways = [task.position(record.states[::EVERY]) for record in records]
        goals = np.unique([record.goals[-1, :3] for record in records], axis=0)
        return ['x, m', 'y, m', 'z, m'], ways, goals
    axes = coordinates(task.law)[:3]
    if len(axes) < 2:
        return [], [], np.empty((0, 0))
    ways = [record.states[::EVERY, [place for _, place, _ in axes]] for record in records]
    goals = records[0].goals[::EVERY, [place for _, _, place in axes]]
    return [label(name) for name, _, _ in axes], ways, goals


def _space(kind: str, names: Sequence[str]) -> Figure:
    layout: Figure = {'height': 560, 'legend': ABOVE}
    if kind == 'scatter':
        return layout | {'xaxis': _axis(names[0]), 'yaxis': _axis(names[1]) | {'scaleanchor': 'x'}}
    scene = {f'{x}axis': {'title': {'text': name}} for x, name in zip('xyz', names, strict=True)}
    return layout | {'scene': scene | {'aspectmode': 'data'}}


def distribution(evidence: Evidence) -> Figure:
    """Return for each controller the share of episodes below an error."""
    traces = []
    for colour, (name, records) in zip(ACCENTS, evidence.rows.items(), strict=False):
        figure = error_name(records)
        values = np.sort([_orderly(record.score.figures[figure]) for record in records])
        share = np.arange(1, len(values) + 1) / len(values)
        traces.append(_trace('scatter', [values, 100 * share], _line(colour), name))
    title = label(error_name(next(iter(evidence.rows.values()))))
    layout = {
        'height': 380,
        'xaxis': _axis(title) | {'type': 'log'},
        'yaxis': _axis('episodes below, %') | {'range': [0, 101]},
        'legend': ABOVE,
    }
    return {'data': traces, 'layout': layout}


def time_series(evidence: Evidence) -> dict[str, Figure]:
    """Return goals and commands over time of the selected episodes, by a text that names each."""
    records = selected(next(iter(evidence.rows.values())))
    return {
        _episode_name(rank, record): _series(evidence.task.law, record)
        for rank, record in enumerate(records)
    }


def _episode_name(rank: int, record: EpisodeRecord) -> str:
    name, value = next(iter(record.score.figures.items()))
    outcome = '' if record.score.success else ', failed'
    place = f'worst {rank + 1}: ' if rank < WORST else ''
    return f'{place}episode {record.number}, {label(name)} {value:.3g}{outcome}'


def _series(law: Law, record: EpisodeRecord) -> Figure:
    """Return a panel for each coordinate with its goal, and one for each command with limits."""
    time = np.arange(len(record.states)) / record.rate_hz
    panels: list[tuple[str, list[Figure]]] = []
    for name, place, goal in coordinates(law):
        state = _trace('scatter', [time, record.states[:, place]], _line(ACCENTS[0]), name)
        wanted = _trace('scatter', [time, record.goals[:, goal]], _line(GOAL, 'dot'), 'goal')
        panels.append((label(name), [wanted, state]))
    for number, signal in enumerate(law.command.signals):
        bounds = (signal.offset - signal.scale, signal.offset + signal.scale)
        sent = [time[:-1], record.commands[:, number]]
        limits = [
            _trace('scatter', [time[[0, -1]], np.full(2, bound)], _line(LIMIT, 'dash'), 'limit')
            for bound in bounds
        ]
        title = f'{signal.name.replace("_", " ")}, {signal.unit}'
        panels.append((title, [*limits, _trace('scatter', sent, _line(ACCENTS[1]), signal.name)]))
    return _grid(panels, 'time, s')


def edges(evidence: Sequence[Edge]) -> Figure:
    """Return the curves of edges as they were programmed, and as the chip has them."""
    panels = []
    for edge in evidence:
        wanted = _trace('scatter', [edge.x, edge.wanted], _line(GOAL, width=5), 'programmed')
        found = _trace('scatter', [edge.x, edge.found], _line(ACCENTS[0]), 'on the chip')
        raw = [] if edge.raw is None else [edge.raw]
        before = [_trace('scatter', [edge.x, y], _line(LIMIT, 'dash'), 'raw') for y in raw]
        panels.append((edge.name, [wanted, *before, found]))
    return _grid(panels, 'input')


def yields(study: Mapping[str, Any]) -> Figure:
    """Return yields against the magnitude of each deviation, with their intervals."""
    panels = []
    for curve in study['sensitivity']:
        x = np.array(curve['values'])
        low, rate, high = (100 * np.array(curve[name]) for name in ('low', 'yield', 'high'))
        band = _trace('scatter', [np.r_[x, x[::-1]], np.r_[high, low[::-1]]], _line(FAINT), '95 %')
        band |= {'fill': 'toself', 'fillcolor': FAINT, 'hoverinfo': 'skip'}
        line = _trace('scatter', [x, rate], _line(ACCENTS[0]), 'yield, %')
        panels.append((curve['deviation'].replace('_', ' '), [band, line]))
    grid = _grid(panels, 'magnitude')
    for panel in grid['panels']:
        panel['layout']['yaxis'] = _axis('yield, %') | {'range': [-2, 102]}
    return grid


def _grid(panels: Sequence[tuple[str, list[Figure]]], x_title: str) -> Figure:
    """Return panels of equal size, as many in a row as fit."""
    return {
        'panels': [
            {'title': title, 'data': traces, 'layout': {'xaxis': _axis(x_title)}}
            for title, traces in panels
        ]
    }


def _trace(kind: str, values: Sequence[Floats], line: Figure, name: str) -> Figure:
    axes = {axis: _thin(part) for axis, part in zip('xyz', values, strict=False)}
    return {'type': kind, 'mode': 'lines', 'name': name, 'line': line, **axes}


def _line(colour: str, dash: str = 'solid', width: float = 1.8) -> Figure:
    return {'color': colour, 'dash': dash, 'width': width}


def _axis(title: str) -> Figure:
    return {'title': {'text': title}}


def _thin(values: Floats) -> list[float | None]:
    """Return numbers to four digits; None where there is none."""
    return [float(f'{v:.{DIGITS}g}') if np.isfinite(v) else None for v in np.asarray(values)]


def _orderly(value: float) -> float:
    return value if np.isfinite(value) else float('inf')


def label(name: str) -> str:
    """Return a figure's name with its unit apart: `final_error_m` is `final error, m`."""
    words, _, unit = name.rpartition('_')
    return f'{words.replace("_", " ")}, {unit}'
