"""Signals that ask a command to stop."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from inbetween.errors import Interrupted
from inbetween.faults import no_threads, refuses_threads

SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")
"""The signals of Ctrl-C, of a polite kill, and of a terminal that was closed, which Windows does not have."""


class Stop:
    """Whether a signal has asked the command to stop.

    While it is `patient`, a signal only makes the next `check` raise, so that work ends in good order. A second
    signal, or one at any other time, raises at once. After `check` has raised, no signal disturbs the cleaning up.
    """

    def __init__(self) -> None:
        self.signum = 0
        """The number of the signal that asked to stop; 0 for none."""
        self.patient = False
        """Whether a first signal waits for the next `check`."""
        self._ending = False

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Handle the signals while this lasts; the earlier handlers are restored afterwards."""
        before = {}
        for signum in (getattr(signal, name) for name in SIGNALS if hasattr(signal, name)):
            # `nohup`, and shells that start commands with `&`, have set some signals to be ignored.
            if signal.getsignal(signum) is not signal.SIG_IGN:
                before[signum] = signal.signal(signum, self._asked)
        try:
            yield
        finally:
            for signum, handler in before.items():
                signal.signal(signum, handler)

    def check(self) -> None:
        """Return, unless the command was asked to stop.

        Raises:
            Interrupted: the command was asked to stop.
        """
        if self.signum:
            self._ending = True
            raise Interrupted(self.signum)

    def _asked(self, signum: int, frame: FrameType | None) -> None:
        if signum == signal.SIGINT and refuses_threads():
            raise no_threads()
        again, self.signum = self.signum != 0, signum
        if (again or not self.patient) and not self._ending:
            raise Interrupted(signum)
