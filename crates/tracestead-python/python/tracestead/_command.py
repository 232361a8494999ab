"""The ``tracestead`` command."""

from __future__ import annotations

import signal
import sys

from ._native import run_command


def main() -> int:
    """Runs the command with what was typed; returns its exit code."""
    # The command sees to Ctrl-C itself where it matters, and otherwise ends like any other program.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    return run_command(["tracestead", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
