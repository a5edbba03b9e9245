"""`python -m inbetween`."""

from inbetween.cli.main import main

main()
