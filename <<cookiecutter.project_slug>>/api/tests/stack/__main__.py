"""`python -m api.tests.stack TEST`, against the stack of docker-compose.yml, through its published ports."""

from __future__ import annotations

import argparse
import asyncio
import sys

from api.tests.stack import chaos, journey, rolling
from api.tests.stack.stack import Stack, StackError

_TESTS = {"journey": journey.run, "chaos": chaos.run, "rolling": rolling.run}


def main() -> int:
    """Run one; 0 all holds, 1 something does not, 2 wrong usage."""
    parser = argparse.ArgumentParser(prog="python -m api.tests.stack", description=__doc__)
    parser.add_argument("test", choices=sorted(_TESTS))
    parser.add_argument("--webhooks", type=int, default=200, help="how many are sent (default: 200)")
    parser.add_argument("--limit", type=float, default=300.0, help="seconds after which it gives up (default: 300)")
    arguments = parser.parse_args()
    return asyncio.run(_run(arguments))


async def _run(arguments: argparse.Namespace) -> int:
    try:
        async with asyncio.timeout(arguments.limit), Stack.from_settings() as stack:
            print(await _TESTS[arguments.test](stack, arguments.webhooks), flush=True)
    except TimeoutError:
        print(f"It had not ended after {arguments.limit:g} seconds.", file=sys.stderr)
        return 1
    except StackError as error:
        print(error, file=sys.stderr)
        return 1
    except ExceptionGroup as group:
        print(*group.exceptions, sep="\n", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
