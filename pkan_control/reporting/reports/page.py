"""A report as one self-contained HTML file."""

import json
import re
from collections.abc import Mapping, Sequence
from html import escape
from importlib.resources import files
from typing import Any

import numpy as np

from pkan_control.evaluation.rollouts.record import EpisodeRecord, summary
from pkan_control.reporting.reports import figures
from pkan_control.reporting.reports.evidence import Edge, Evidence

SHOWN = 5
EDGES = (
    '<p>Wide and grey: as programmed. Green: on the chip. Dashed: before it was calibrated.</p>'
)


def page(evidence: Evidence) -> str:
    """Return the page."""
    plots: dict[str, Any] = {}
    parts = [section('summary', 'Summary', _summary(evidence), plots)]
    drawn = {
        'trajectories': ('Trajectories', figures.trajectories(evidence)),
        'errors': ('Errors of all episodes', figures.distribution(evidence)),
        'time': ('Over time', figures.time_series(evidence)),
        'edges': ('Edges, programmed and on the chip', _grid_of(evidence)),
    }
    for name, (title, figure) in drawn.items():
        if figure:
            text = EDGES if name == 'edges' else ''
            parts.append(section(name, title, text, plots, figure))
    if evidence.fidelity or evidence.edges:
        text = _fidelity(evidence.fidelity) if evidence.fidelity else _of_edges(evidence.edges)
        parts.append(section('fidelity', 'Fidelity', text, plots))
    for number, study in enumerate(evidence.yields, start=1):
        text, curves = _yield(study), figures.yields(study)
        parts.append(section(f'yield{number}', 'Yield', text, plots, curves))
    if evidence.power_w:
        parts.append(section('power', 'Power', _power(evidence.power_w), plots))
    return _whole(evidence, ''.join(parts), plots)


def _grid_of(evidence: Evidence) -> Any:
    return figures.edges(evidence.edges) if evidence.edges else None


def section(name: str, title: str, text: str, plots: dict[str, Any], figure: Any = None) -> str:
    """Return a section; its figure is put among the plots that the page draws."""
    plot = ''
    if figure is not None:
        plots[name] = figure
        plot = f'<div class="plot" id="plot-{name}"></div>'
    return f'<section id="{name}"><h2>{escape(title)}</h2>{text}{plot}</section>\n'


def table(head: Sequence[str], rows: Sequence[Sequence[str]], name: str) -> str:
    """Return a table; its first column names the rows."""
    cells = ''.join(f'<th scope="col">{escape(text)}</th>' for text in head)
    body = ''.join(
        f'<tr><th scope="row">{escape(row[0])}</th>'
        + ''.join(f'<td>{escape(text)}</td>' for text in row[1:])
        + '</tr>'
        for row in rows
    )
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(name)}"><table>'
        f'<thead><tr>{cells}</tr></thead><tbody>{body}</tbody></table></div>'
    )


def _summary(evidence: Evidence) -> str:
    names = list(next(iter(evidence.rows.values()))[0].score.figures)
    head = ['', 'success']
    for name in names:
        label = figures.label(name)
        head += [f'{label}, median', 'p95']
    rows = []
    for row, records in evidence.rows.items():
        found = summary(records)
        cells = [row, f'{found["success_rate"]:.1%}']
        for name in names:
            cells += [_number(found[name]['median']), _number(found[name]['p95'])]
        rows.append(cells)
    first, records = next(iter(evidence.rows.items()))
    return (
        f'<p class="lead">{escape(_sentence(first, records))}</p>'
        + table(head, rows, 'figures of all controllers')
        + f'<p>The worst episodes: {escape(_worst(records))}.</p>'
    )


def _sentence(row: str, records: Sequence[EpisodeRecord]) -> str:
    done = sum(record.score.success for record in records)
    name = figures.error_name(records)
    median = _number(summary(records)[name]['median'])
    return (
        f'{row} succeeded in {done} of {len(records)} episodes; {figures.label(name)}: {median}.'
    )


def _worst(records: Sequence[EpisodeRecord]) -> str:
    name = figures.error_name(records)
    return ', '.join(
        f'{record.number} ({_number(record.score.figures[name])})'
        for record in figures.ranked(records)[:SHOWN]
    )


def _fidelity(fidelity: Mapping[str, Mapping[str, float]]) -> str:
    names = list(fidelity['raw'])
    rows = [
        [name.replace('_', ' '), *(_number(fidelity[when][name]) for when in ('raw', 'trimmed'))]
        for name in names
    ]
    return table(['', 'raw', 'calibrated'], rows, 'fidelity')


def _of_edges(edges: Sequence[Edge]) -> str:
    """Return the fidelity of the edges that are drawn: that of all takes a calibration."""
    rmse = np.array([np.sqrt(np.mean((edge.found - edge.wanted) ** 2)) for edge in edges])
    size = np.array([edge.wanted.std() for edge in edges])
    rows = [
        ['edge rmse, median', _number(float(np.median(rmse)))],
        ['edge rmse, largest', _number(float(rmse.max()))],
        ['edge r2, median', f'{np.median(1 - (rmse / size) ** 2):.5f}'],
    ]
    text = f'Of the {len(edges)} edges above, uncalibrated; pkan calibrate measures all.'
    return f'<p>{text}</p>' + table(['', 'raw'], rows, 'fidelity')


def _yield(study: Mapping[str, Any]) -> str:
    found = study['yield']
    rates = f'{found["rate"]:.1%} ({found["low"]:.1%} to {found["high"]:.1%})'
    least = f'{found["criterion"]:.0%} of {study["episodes"]} episodes or more'
    text = f'{rates} of {study["chips"]} chips succeed in {least}.'
    rows = [
        [limit['deviation'].replace('_', ' '), _limit(limit)]
        for limit in study.get('specification', [])
    ]
    target = study.get('target', 0.99)
    return f'<p class="lead">{escape(text)}</p>' + table(
        ['', f'may be, for {target:.0%} yield'], rows, 'specification'
    )


def _limit(limit: Mapping[str, Any]) -> str:
    if limit['limit'] is None:
        return 'not even 0'
    return ('more than ' if limit['beyond'] else '') + _number(limit['limit'])


def _power(power_w: Mapping[str, float]) -> str:
    rows = [[name.upper(), f'{1e3 * watts:.3g}'] for name, watts in power_w.items()]
    text = 'Estimated for a dedicated CMOS chip, over the figures of merit of published parts.'
    return f'<p>{text}</p>' + table(['', 'mW'], rows, 'power')


def _number(value: float | None) -> str:
    return 'never' if value is None or abs(value) == float('inf') else f'{value:.3g}'


def _whole(evidence: Evidence, body: str, plots: Mapping[str, Any]) -> str:
    about = evidence.about
    title = f'{about["task"]}, {about["scenario"]}'
    facts = [
        f'{name} {value}' for name, value in about.items() if name not in ('task', 'scenario')
    ]
    sections = [part.split('"', 2)[1] for part in body.split('<section ')[1:]]
    links = ''.join(f'<a href="#{name}">{name}</a>' for name in sections)
    parts = {
        'TITLE': escape(title),
        'FACTS': escape(' · '.join(facts)),
        'LINKS': links,
        'BODY': body,
        'PLOTS': json.dumps(plots, allow_nan=False, separators=(',', ':')).replace('</', '<\\/'),
        'STYLE': _asset('report.css'),
        'SCRIPT': _asset('report.js'),
        'PLOTLY': _plotly(),
    }
    return re.sub(r'{{([A-Z]+)}}', lambda match: parts[match[1]], _asset('report.html'))


def _asset(name: str) -> str:
    return (files('pkan_control.reporting.reports') / 'assets' / name).read_text()


def _plotly() -> str:
    return (files('plotly') / 'package_data' / 'plotly.min.js').read_text()
