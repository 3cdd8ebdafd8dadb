"""The pages of results, one file to a subject; each names its commands and its bars."""

from pages import (
    arm,
    bridge,
    calibration,
    drone,
    first_flight,
    paper,
    physics,
    ros,
    structure,
    studies,
    vehicle,
)  # fmt: skip
from pages.page import Page

PAGES: tuple[Page, ...] = (
    first_flight.PAGE,
    bridge.PAGE,
    calibration.PAGE,
    drone.PAGE,
    physics.PAGE,
    studies.PAGE,
    vehicle.PAGE,
    ros.PAGE,
    paper.PAGE,
    arm.PAGE,
    structure.PAGE,
)
