"""From two keys, and what the user drew, to where everything is at every time; and the pictures that networks see."""
