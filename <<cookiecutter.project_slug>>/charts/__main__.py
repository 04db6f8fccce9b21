"""`python -m charts`: what is made from the Helm chart, and what can be checked without a cluster."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from charts import manifests, new_secrets, references, rendering, values
from charts.project import ChartError, profiles


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command."""
    parser = argparse.ArgumentParser(prog="python -m charts", description="The Helm chart, and the manifests of k8s/.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    write = commands.add_parser("write", help="make k8s/ anew from the chart (needs Helm)")
    write.add_argument("--values", type=Path, metavar="FILE", help="values over the defaults, such as a profile's")
    commands.add_parser("drift", help="exit 1 unless k8s/ is what the chart gives (needs Helm)")
    commands.add_parser("lint", help="lint and render the chart with each profile, then drift (needs Helm)")
    commands.add_parser("values", help="exit 1 unless the values keep to their schema")
    commands.add_parser("check", help="exit 1 unless the manifests fit together: every name leads somewhere")
    commands.add_parser("files", help="print the files of k8s/ whose kinds are Kubernetes' own, for other checkers")
    fresh = commands.add_parser("secrets", help="print k8s/secret.example.yml with fresh passwords and keys")
    fresh.add_argument("--name", help="what the chart's objects are named after (default: the system)")
    fresh.add_argument("--namespace", help="default: the system's name")
    return parser


def run(arguments: argparse.Namespace) -> int:
    """Do what was asked; return the exit code.

    Raises:
        ChartError: it cannot be done.
    """
    if arguments.command == "secrets":
        print(new_secrets.fresh(name=arguments.name, namespace=arguments.namespace), end="")
        return 0
    if arguments.command == "write":
        gone = manifests.write(arguments.values)
        print(f"k8s/ is what the chart gives{'; gone: ' + ', '.join(gone) if gone else ''}.")
        return 0
    if arguments.command == "files":
        print("\n".join(references.plain_files()))
        return 0
    if arguments.command == "lint":
        return lint()
    if arguments.command == "values":
        return tell(values.faults(), "The values keep to their schema. Only Helm can render the templates.")
    if arguments.command == "drift":
        return tell(manifests.drift(), "k8s/ is what the chart gives.")
    return tell(references.faults(), "Every name leads somewhere.")


def tell(faults: Sequence[str], good: str) -> int:
    """Print what was found, or that all is good; return the exit code."""
    print("\n".join(faults) or good)
    return 1 if faults else 0


def lint() -> int:
    """Check the chart with the values of each profile, and that k8s/ is what it gives; return the exit code."""
    for profile in (None, *profiles()):
        rendering.lint(profile)
        print(f"{profile.name if profile else 'values.yaml'}: {len(rendering.render(profile))} templates give objects")
    return tell(manifests.drift(), "k8s/ is what the chart gives.")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; 0 done, 1 not done or something found, 2 wrong usage."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    try:
        return run(make_parser().parse_args(argv))
    except ChartError as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
