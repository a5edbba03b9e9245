"""From two keys to what is found in both: points, lines and people."""
