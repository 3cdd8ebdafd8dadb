"""Colours that all pictures share, and how they are written."""

import io
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from pkan_control.common.files import replace_file

INK, FAINT, GOOD, BAD = '#1b2a41', '#b8c2cf', '#1d8a6b', '#c8553d'


def make_figure(size: tuple[float, float], title: str) -> Figure:
    """Return an empty figure of a size in inches."""
    figure = Figure(figsize=size, facecolor='white', layout='constrained')
    figure.suptitle(title, fontsize=12, color=INK)
    return figure


def save(figure: Figure, path: Path) -> None:
    """Write a figure as PNG; the same figure gives the same file."""
    FigureCanvasAgg(figure)
    data = io.BytesIO()
    figure.savefig(data, format='png', dpi=130, metadata={'Software': None})
    replace_file(path, data.getvalue(), 'picture ')
