"""``--help`` with its options in groups, as plain text: rich's help costs more than the rest of the start-up."""

from __future__ import annotations

from typing import Any

from typer.core import TyperCommand

from mlipguide.records.requests.option import Panel

ARGUMENTS, OTHERS = "Arguments", "Options"


class GroupedCommand(TyperCommand):
    """A command whose options stand under the names of their panels, in the order of the panels."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write every group."""
        groups: dict[str, list[tuple[str, str]]] = {name: [] for name in (ARGUMENTS, *Panel, OTHERS)}
        for parameter in self.get_params(ctx):
            row = parameter.get_help_record(ctx)
            if row is None:
                continue
            panel = getattr(parameter, "rich_help_panel", None) or OTHERS
            groups.setdefault(ARGUMENTS if parameter.param_type_name == "argument" else panel, []).append(row)
        for name, rows in groups.items():
            if rows:
                with formatter.section(name):
                    formatter.write_dl(rows)
