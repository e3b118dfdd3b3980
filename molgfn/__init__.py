"""Generative flow networks that build molecules fragment by fragment."""

__version__ = "0.1.0"
