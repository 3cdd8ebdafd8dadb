"""Boards calibrated, and trained in the loop."""

from typing import Any

from pages.page import REPORTED, Bar, Page, Section

SECTIONS = (
    Section(
        'Ten emulated boards of a preset, over TCP',
        'calibration',
        'python benchmark/calibration.py --json {json}',
    ),
)


def row(figures: dict[str, Any], preset: str, ending: str) -> dict[str, Any]:
    """Return the figures of the row of a preset whose name ends so."""
    rows: dict[str, dict[str, Any]] = figures[preset]['rows']
    (found,) = (values for name, values in rows.items() if name.endswith(ending))
    return found


def flights(preset: str, ending: str, bar: str, least: float) -> Bar:
    """Return the bar of a row's success rate."""
    return Bar(
        f'{preset}, {ending.removeprefix(", ")}: success', bar, 'calibration',
        lambda f: row(f, preset, ending)['success_rate'], '{:.0%}', lambda v: v >= least,
    )  # fmt: skip


BARS = (
    flights('typical', 'uncalibrated', REPORTED, 0),
    flights('typical', ', calibrated', '>= 99 %', 0.99),
    Bar(
        'typical, calibrated: median final error', '<= 0.5 cm', 'calibration',
        lambda f: row(f, 'typical', ', calibrated')['final_error_m']['median'] * 100,
        '{:.2f} cm', lambda v: v <= 0.5,
    ),
    flights('typical', 'trained in the loop', REPORTED, 0),
    flights('bad', 'uncalibrated', REPORTED, 0),
    flights('bad', ', calibrated', '>= 90 %', 0.9),
    flights('bad', 'trained in the loop', REPORTED, 0),
    Bar(
        'typical, boards without dead elements: edge RMSE, median', '<= 0.003', 'calibration',
        lambda f: f['typical']['whole']['trimmed']['edge_rmse_median'], '{:.5f}',
        lambda v: v <= 0.003,
    ),
    Bar(
        'the same: R^2 of edges, median', '>= 0.9995', 'calibration',
        lambda f: f['typical']['whole']['trimmed']['edge_r2_median'], '{:.5f}',
        lambda v: v >= 0.9995,
    ),
    Bar(
        'the same: output NRMSE', '<= 2 %', 'calibration',
        lambda f: f['typical']['whole']['trimmed']['output_nrmse'], '{:.2%}', lambda v: v <= 0.02,
    ),
    Bar(
        'calibration of [12, 16, 4] on the emulator, longest', '<= 60 s', 'calibration',
        lambda f: max(f[preset]['calibration_s']['max'] for preset in ('typical', 'bad')),
        '{:.0f} s', lambda v: v <= 60,
    ),
)  # fmt: skip

PAGE = Page('calibration', 'Calibration', SECTIONS, BARS)
