"""The command line, `sightgraph`: one file a command group."""

from pipelines.cli.app import main

__all__ = ["main"]
