"""Episodes as a film, drawn without a display."""

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from pkan_control.common.errors import UserError
from pkan_control.evaluation.rollouts.record import EpisodeRecord
from pkan_control.reporting.pictures.style import INK
from pkan_control.sim.bullet.film import film
from pkan_control.tasks.task import PositionTask

# Frames are drawn larger than they are shown, which smooths their edges.
SIZE, DRAWN, FRAMES_S = (960, 540), (1280, 720), 25
# What every player takes, small enough to send around.
CODEC: Final = 'libx264'
PIXELS, QUALITY = 'yuv420p', '20'
TEXT_SIZE, MARGIN = 20, 18

Report = Callable[[int], None]


def frames_of(records: Sequence[EpisodeRecord]) -> int:
    """Return how many frames a film of these episodes has."""
    return sum(int(len(record.commands) / record.rate_hz * FRAMES_S) + 1 for record in records)


def draw_film(
    path: Path, task: PositionTask, records: Sequence[EpisodeRecord], title: str, report: Report
) -> None:
    """Write an MP4 of episodes, one after the other; report how many frames are done."""
    partial = path.with_name(path.name + '.partial')
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with av.open(str(partial), 'w', format='mp4') as container:
            stream = container.add_stream(CODEC, rate=Fraction(FRAMES_S))
            stream.width, stream.height, stream.pix_fmt = *SIZE, PIXELS
            stream.options = {'crf': QUALITY}
            for done, picture in enumerate(_pictures(task, records, title), start=1):
                container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format='rgb24')))
                report(done)
            container.mux(stream.encode())
        partial.replace(path)
    except OSError as error:
        raise UserError(f'cannot write {path}: {error.strerror}') from None
    finally:
        partial.unlink(missing_ok=True)


def _pictures(
    task: PositionTask, records: Sequence[EpisodeRecord], title: str
) -> Iterator[NDArray[Any]]:
    for record in records:
        distance = np.linalg.norm(task.position(record.states) - record.goals[:, :3], axis=1)
        scene = film(task.law, record.states, record.goals, record.rate_hz, FRAMES_S, DRAWN)
        for time_s, drawn in scene:
            step = round(time_s * record.rate_hz)
            left = f'{title}\nepisode {record.number + 1}'
            yield _lettered(drawn, left, f'{time_s:.2f} s\n{distance[step] * 100:.1f} cm')


def _lettered(drawn: NDArray[np.uint8], left: str, right: str) -> NDArray[Any]:
    """Return a picture in its final size, with text in its upper corners."""
    image = Image.fromarray(drawn).resize(SIZE, Image.Resampling.LANCZOS)
    pen, font = ImageDraw.Draw(image), ImageFont.load_default(TEXT_SIZE)
    pen.multiline_text((MARGIN, MARGIN), left, fill=INK, font=font)
    place = (SIZE[0] - MARGIN, MARGIN)
    pen.multiline_text(place, right, fill=INK, font=font, anchor='ra', align='right')
    return np.asarray(image)
