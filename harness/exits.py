"""How a command ends: with one sentence and a stable exit code, whatever happened inside."""

from __future__ import annotations

import sys
import traceback
from typing import Any

import click

from harness.errors import ExitCode, HarnessError


class EndsPlainly(click.Command):
    """A command whose errors are one sentence with the remedy, and whose exit codes are the stable ones."""

    def main(self, *args: Any, **extra: Any) -> Any:
        try:
            code = super().main(*args, **{**extra, "standalone_mode": False})
        except HarnessError as error:
            click.echo(f"harness: {error}", err=True)
            code = error.exit_code
        except click.ClickException as error:
            error.show()
            code = ExitCode.USAGE
        except (click.Abort, KeyboardInterrupt):
            click.echo("harness: interrupted", err=True)
            code = ExitCode.INCONCLUSIVE
        except Exception:  # or Python would end with 1, which means: not certified
            click.echo(f"harness: this is a fault of the harness itself:\n{traceback.format_exc()}", err=True)
            code = ExitCode.HARNESS
        sys.exit(int(code or 0))


class PlainGroup(EndsPlainly, click.Group):
    """A group of such commands."""
