"""Robot controllers that run on analogue Kolmogorov-Arnold networks."""

__version__ = '0.1.0'
