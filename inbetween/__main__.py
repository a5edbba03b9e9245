"""`python -m inbetween`, and the command `inbetween`."""

import os
import signal


def main() -> None:
    """The command line. Ctrl-C while it still loads ends it at once, for there is nothing yet to clean up."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, lambda *_: os._exit(130))
    from inbetween.cli.main import main

    main()


if __name__ == "__main__":
    main()
