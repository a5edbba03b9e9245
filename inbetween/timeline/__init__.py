"""Counting and time: text into fractions, easing curves, output grids, and the speed curves of clips."""
