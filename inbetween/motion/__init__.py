"""From matches, and from what the user drew, to where everything is at every time."""
