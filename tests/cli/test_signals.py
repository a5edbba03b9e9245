"""Signals that ask a command to stop."""

from __future__ import annotations

import signal

import pytest

from inbetween.cli.console import watched
from inbetween.cli.signals import Stop
from inbetween.errors import Interrupted, Stopped
from support.commands import Command

SIGNALS = signal.SIGINT, signal.SIGTERM, signal.SIGHUP


def test_the_second_signal_ends_what_does_not_hear_the_first() -> None:
    stop = Stop()
    with stop.listening(), pytest.raises(Interrupted):
        signal.raise_signal(signal.SIGTERM)
    stop = Stop()
    with stop.listening():
        stop.patient = True
        signal.raise_signal(signal.SIGTERM)
        with pytest.raises(Interrupted):
            signal.raise_signal(signal.SIGTERM)


def test_no_signal_disturbs_the_cleaning_up() -> None:
    stop = Stop()
    with stop.listening():
        stop.patient = True
        signal.raise_signal(signal.SIGTERM)
        with pytest.raises(Interrupted) as caught:
            stop.check()
        assert caught.value.exit_code == 143
        try:
            signal.raise_signal(signal.SIGINT)
        except Interrupted:
            pytest.fail("the cleaning up was disturbed")


@pytest.mark.parametrize("problem", [None, ValueError, Interrupted])
def test_handlers_are_given_back(problem: type[BaseException] | None) -> None:
    before = [signal.getsignal(number) for number in SIGNALS]
    try:
        with watched("none", True, False):
            assert [signal.getsignal(number) for number in SIGNALS] != before
            if problem is not None:
                raise problem
    except (ValueError, Stopped):
        assert problem is not None
    assert [signal.getsignal(number) for number in SIGNALS] == before


def test_a_command_leaves_no_handlers(inside: Command) -> None:
    before = [signal.getsignal(number) for number in SIGNALS]
    assert inside("run", "a.png", "b.png", "-o", "o.mp4").code == 1
    assert [signal.getsignal(number) for number in SIGNALS] == before


def test_an_ignored_signal_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Stop().listening():
            signal.raise_signal(signal.SIGHUP)
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)
