"""The demo's clock, as lines of an environment file: `python -m workflows.temporal.dev.clock`.

The containers of `make demo STACK=compose` get it, so that days last seconds there too.
"""

from __future__ import annotations

from workflows.temporal.dev.plays import clock


def main() -> None:
    """Print a line for each variable; nothing where there is no process yet."""
    for name, value in clock().items():
        print(f"{name}={value}")


if __name__ == "__main__":
    main()
