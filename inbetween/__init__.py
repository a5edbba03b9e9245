"""Makes the pictures between two pictures."""

__version__ = "0.1.0"
