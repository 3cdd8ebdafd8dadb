"""Tables and progress on the terminal."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from pkan_control.boards.conformance.bench import Verdict
from pkan_control.boards.emulator.fault_plans import FrameFault
from pkan_control.boards.emulator.fault_proxy import FaultLine
from pkan_control.chips.calibration.calibration import Calibration
from pkan_control.evaluation.rollouts import requirements
from pkan_control.evaluation.rollouts.record import EpisodeRecord, summary

console = Console(highlight=False)


@dataclass(frozen=True)
class Column:
    """How a quantile of a task's figure is shown: its heading, and the factor to its unit."""

    figure: str
    quantile: str
    heading: str
    factor: float


QUANTILES = ('median', 'p95')
MM = {'tool_error_m': 'error', 'tool_rms_m': 'rms', 'block_error_m': 'block'}
COLUMNS = (
    Column('final_error_m', 'median', 'error\ncm', 100),
    Column('final_error_m', 'p95', 'p95\ncm', 100),
    Column('rms_error_m', 'median', 'rms\ncm', 100),
    Column('rms_error_m', 'p95', 'p95\ncm', 100),
    *(Column(f, q, f'{MM[f] if q != "p95" else q}\nmm', 1000) for f in MM for q in QUANTILES),
    Column('survived_s', 'median', 'survived\ns', 1),
    Column('energy_share', 'median', 'energy\n%', 100),
    Column('energy_share', 'p95', 'p95\n%', 100),
    Column('settling_time_s', 'median', 'settled\ns', 1),
)

# Rows of a calibration: text, field, unit, factor to the unit, digits.
FIDELITY = (
    ('edges, RMSE, median', 'edge_rmse_median', 'gain', 1, 5),
    ('edges, RMSE, p95', 'edge_rmse_p95', 'gain', 1, 5),
    ('edges, R^2, median', 'edge_r2_median', '', 1, 5),
    ('outputs, NRMSE, all inputs', 'output_nrmse', '%', 100, 2),
    ('outputs, RMSE, real inputs', 'output_rmse_real', '% of scale', 100, 2),
)


@contextmanager
def progress(text: str, total: int) -> Iterator[Any]:
    """Show a progress bar; yields a callback that takes the work done."""
    with _bars() as bars:
        task = bars.add_task(text, total=total)
        yield lambda done: bars.update(task, completed=done)


@contextmanager
def stages() -> Iterator[Callable[[str, int, int], None]]:
    """Show a progress bar for each stage; yields a callback (stage, done, total)."""
    with _bars() as bars:
        tasks: dict[str, TaskID] = {}

        def report(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=total)
            bars.update(tasks[stage], completed=done)

        yield report


def _bars() -> Progress:
    columns = (
        TextColumn('{task.description}'),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    screen = Console(stderr=True)
    return Progress(*columns, console=screen, transient=True, disable=not screen.is_terminal)


def rollout_table(title: str, rows: Mapping[str, Mapping[str, Any]]) -> Table:
    """Return one row of figures for each controller, from their summaries.

    The figures of the task and the inference time are medians over the episodes.
    """
    table = empty_table(title, [])
    # Where times get long, names are wrapped instead of columns cut.
    table.collapse_padding = True
    table.add_column('controller')
    columns = [column for column in COLUMNS if column.figure in next(iter(rows.values()))]
    headings = ('success', *(column.heading for column in columns))
    for heading in (*headings, 'infer\nus', 'p99\nus', 'x real\ntime'):
        table.add_column(heading, justify='right', no_wrap=True)
    for name, figures in rows.items():
        table.add_row(name, *_cells(figures, columns))
    return table


def empty_table(title: str, left: list[str]) -> Table:
    """Return an empty table that fits into 80 columns."""
    table = Table(title=title, title_justify='left', box=SIMPLE_HEAD, pad_edge=False)
    for heading in left:
        table.add_column(heading, no_wrap=True)
    return table


def _cells(figures: Mapping[str, Any], columns: list[Column]) -> list[str]:
    inference = figures['inference_us']
    return [
        f'{figures["success_rate"]:.1%}',
        *(number(figures[c.figure][c.quantile], c.factor, 2) for c in columns),
        number(inference['median'], 1, 0),
        number(inference['p99'], 1, 0),
        number(figures['real_time_factor'], 1, 0),
    ]


def fact_table(title: str, values: dict[str, Any]) -> Table:
    """Return names and values, one to a row, to four digits; what is nested gets a row a part."""
    table = Table(title=title, title_justify='left', box=None, pad_edge=False, show_header=False)
    for name, value in _flat('', values):
        table.add_row(name, value)
    return table


def _flat(prefix: str, values: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in values.items():
        path = f'{prefix}{name}'
        if isinstance(value, dict):
            yield from _flat(f'{path}.', value)
        else:
            several = value if isinstance(value, list) else [value]
            yield path, ', '.join(map(_plain, several))


def _plain(value: Any) -> str:
    return f'{value:.4g}' if isinstance(value, float) else str(value)


def calibration_table(title: str, calibration: Calibration) -> Table:
    """Return the fidelity of a chip, raw and trimmed, one row a figure."""
    table = empty_table(title, ['fidelity'])
    for heading in ('raw', 'trimmed', 'unit'):
        table.add_column(heading, justify='right', no_wrap=True)
    raw, trimmed = calibration.raw, calibration.trimmed
    for name, field, unit, factor, digits in FIDELITY:
        cells = (number(getattr(each, field), factor, digits) for each in (raw, trimmed))
        table.add_row(name, *cells, unit)
    count = f'{len(calibration.faults)} dead or stuck, {calibration.untested} too weak to test'
    table.caption = f'{calibration.temperature_c:.1f} degC, {calibration.date}; elements: {count}'
    table.caption_justify = 'left'
    return table


def conformance_table(title: str, verdicts: Sequence[Verdict]) -> Table:
    """Return a row for each check of a board, with expected and actual behaviour of failures."""
    table = empty_table(title, ['check', 'section'])
    table.add_column('result', no_wrap=False)
    for verdict in verdicts:
        wrong = f'FAILED: expected {verdict.expected}, came {verdict.came}'
        result = 'passed' if verdict.passed else wrong
        table.add_row(verdict.check.name, verdict.check.section, result)
    return table


def verdict_table(suites: Mapping[str, Sequence[requirements.Verdict]]) -> Table:
    """Return a row for each requirement in each scenario."""
    table = empty_table('required', ['scenario', 'requirement', 'result'])
    table.add_column('found', no_wrap=False)
    for name, verdicts in suites.items():
        for verdict in verdicts:
            result = 'passed' if verdict.passed else 'FAILED'
            table.add_row(name, verdict.name, result, verdict.found)
    return table


def fault_table(lines: Mapping[str, FaultLine]) -> Table:
    """Return a column for each direction of a fault proxy: frames, and what happened to them."""
    table = empty_table('faults', ['frames'])
    for name in lines:
        table.add_column(name.replace('_', ' '), justify='right', no_wrap=True)
    table.add_row('all', *(str(line.frames) for line in lines.values()))
    table.add_row('lost in outages', *(str(line.lost) for line in lines.values()))
    for fault in FrameFault:
        table.add_row(fault.value, *(str(line.counts[fault]) for line in lines.values()))
    return table


def number(value: float | None, factor: float, digits: int) -> str:
    """Return a number scaled and rounded, or a dash where there is none."""
    return '-' if value is None else f'{value * factor:.{digits}f}'


def episode_table(title: str, records: list[EpisodeRecord]) -> Table:
    """Return one row for each episode over ROS, and one for all of them.

    The latency is the time from the state going out to its command coming in.
    """
    table = empty_table(title, ['episode'])
    shown = [c for c in COLUMNS if c.figure in records[0].score.figures and c.quantile == 'median']
    headings = ('success', *(column.heading for column in shown), 'control\nHz')
    for heading in (*headings, 'latency\np50, ms', 'p99\nms', 'x real\ntime'):
        table.add_column(heading, justify='right', no_wrap=True)
    for record in records:
        table.add_row(*_episode_cells(str(record.number + 1), [record], shown))
    table.add_section()
    table.add_row(*_episode_cells('all', records, shown))
    return table


def _episode_cells(name: str, records: list[EpisodeRecord], shown: list[Column]) -> list[str]:
    figures = summary(records)
    took = figures['inference_us']
    good = sum(record.score.success for record in records)
    return [
        name,
        ('yes' if good else 'no') if len(records) == 1 else f'{good}/{len(records)}',
        *(number(figures[c.figure][c.quantile], c.factor, 2) for c in shown),
        f'{records[0].rate_hz:.0f}',
        number(took['median'], 1e-3, 2),
        number(took['p99'], 1e-3, 2),
        number(figures['real_time_factor'], 1, 1),
    ]
