"""Motion: where everything is at every time, from what was matched in two keys and from what the user drew."""
