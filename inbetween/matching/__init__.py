"""Matching two keys: points, lines and people that are in both."""
