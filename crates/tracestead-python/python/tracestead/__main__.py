"""``python -m tracestead`` is the ``tracestead`` command."""

import sys

from ._command import main

sys.exit(main())
