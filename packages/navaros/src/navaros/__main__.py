"""The command line: `python -m navaros`."""

import sys

from navaros.cli import main

if __name__ == "__main__":
    sys.exit(main())
