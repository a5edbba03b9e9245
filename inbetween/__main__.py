"""`python -m inbetween`, and the command `inbetween`."""

import os
import signal
import sys


def main() -> None:
    """The command line. Ctrl-C while it still loads ends it at once, for there is nothing yet to clean up."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _interrupted)
    try:
        from inbetween.cli.main import main
    except Exception as problem:
        sys.exit(_not_loaded(problem))
    main()


def _interrupted(*_: object) -> None:
    from inbetween.faults import no_threads, refuses_threads

    if refuses_threads():
        raise no_threads()
    os._exit(130)


def _not_loaded(problem: Exception) -> str:
    """What to write where the command cannot be loaded: too few open files, too little memory, a missing package.

    Raises:
        Exception: the problem, where it is a bug.
    """
    from inbetween.errors import InbetweenError
    from inbetween.faults import fault

    known = problem if isinstance(problem, InbetweenError) else fault(problem)
    if known is None:
        raise problem
    return f"error: {known.message}\nhint: {known.hint}"


if __name__ == "__main__":
    main()
