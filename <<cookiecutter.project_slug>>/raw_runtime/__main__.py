"""`python -m raw_runtime`: the `raw` command where its console script is not installed."""

import sys

from raw_runtime.cli import main

if __name__ == "__main__":
    sys.exit(main())
