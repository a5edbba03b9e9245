"""Pictures drawn of matches and motion: those that steer networks, and those that people look at."""
