"""Version of the package, as files that it writes name it."""

__version__ = '0.1.0'
