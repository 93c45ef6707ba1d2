"""Amberpost: an e-mail archive that keeps bytes exactly and can prove it."""

__version__ = "0.1.0"
