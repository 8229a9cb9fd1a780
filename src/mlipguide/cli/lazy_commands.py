"""A group of commands whose files are loaded when they are called: reading all of them doubles the start-up."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_command_from_info, get_group
from typer.models import CommandInfo

from mlipguide.cli.grouped_help import GroupedCommand
from mlipguide.cli.names import COMMANDS


class LazyCommands(TyperGroup):
    """All commands by their names."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands = _Loaded()

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002  # the signature is typer's
        """Write a line for each command."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


class _Loaded(MutableMapping[str, Any]):
    def __init__(self) -> None:
        self._loaded: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._loaded:
            if name not in COMMANDS:
                raise KeyError(name)
            self._loaded[name] = _load(name)
        return self._loaded[name]

    def __setitem__(self, name: str, command: Any) -> None:
        self._loaded[name] = command

    def __delitem__(self, name: str) -> None:
        del self._loaded[name]

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)


def _load(name: str) -> Any:
    module = import_module(f"mlipguide.cli.{name}")
    group: typer.Typer | None = getattr(module, "app", None)
    if group is None:
        info = CommandInfo(name, cls=GroupedCommand, callback=getattr(module, name))
        return get_command_from_info(info, pretty_exceptions_short=False, rich_markup_mode=None)
    group.rich_markup_mode = None  # rich's help costs more than the rest of the start-up together
    command = get_group(group)
    command.name = name
    return command
