"""The command line: the commands, their options and help, and progress, notes and errors on the terminal."""
