"""How a function becomes a command: the options all have, environment variables, settings of files."""

import copy
import inspect
import traceback
import typing
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from stpolicy.errors import Misuse, StpolicyError

SHARED_WITH_SCRIPT = frozenset(
    {"url", "dir", "keyring", "signer", "threshold", "ca_file", "timeout", "max_size", "allow_http", "now"}
)
"""Options that `scripts/update_and_verify.sh` has too: `STPOLICY_<OPTION>` sets them for every command."""

LIST_DEFAULT = Path("policy.json")

_OPTION, _ARGUMENT = type(typer.Option()), type(typer.Argument())
_THE_LIST = ("list_path", "new")
"""Parameters that name the list a command is about."""

_COMMON = {
    "config": Annotated[
        Path | None,
        typer.Option("--config", metavar="FILE", help="Settings to use, before those of the system."),
    ],
    "quiet": Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but results and errors.")],
    "debug": Annotated[bool, typer.Option("--debug", help="Show a traceback when something fails.")],
}

COMMANDS: dict[str, frozenset[str]] = {}
"""The options of each command that is loaded, `keys new` as `keys-new`; each may have a table in settings."""


class _Every(Mapping[str, frozenset[str]]):
    """The options of every command: loads them all when it is first asked, which is when a table is read."""

    def __getitem__(self, name: str) -> frozenset[str]:
        return self._loaded()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._loaded())

    def __len__(self) -> int:
        return len(self._loaded())

    def _loaded(self) -> Mapping[str, frozenset[str]]:
        import_module("stpolicy.cli._commands")
        return COMMANDS


_EVERY = _Every()


class _NothingEmpty(TyperCommand):
    """A command that takes no empty value: "$OLD" that was never set would switch a check off unseen."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Misuse for `--option ''`, `--option=` and an empty argument; then Typer has its turn."""
        given, _, _ = self.make_parser(ctx).parse_args(args=list(args))
        for parameter in self.params:
            values = given.get(parameter.name or "")
            if "" in (values if isinstance(values, list | tuple) else [values]):
                name = parameter.opts[0] if parameter.param_type_name == "option" else parameter.metavar
                raise Misuse(f"{name} is empty", "give it a value, or leave it out")
        return super().parse_args(ctx, args)


def command(app: typer.Typer, name: str, *, group: str = "", example: str) -> Callable[..., Any]:
    """Registers a function as a command; its docstring is the help.

    Every command takes the common options; the function gets those that it names. One that names
    `typed` is told which of its options stood on the command line. A parameter whose type is a
    dataclass stands for an option for each field, which the function gets as one value.
    """
    full = f"{group}-{name}" if group else name

    def register(function: Callable[..., int]) -> Callable[..., int]:
        signature = inspect.signature(function)
        hints = typing.get_type_hints(function, include_extras=True)
        bundles = {key: hints[key] for key in signature.parameters if is_dataclass(hints[key])}
        own, defaults = _options(signature, hints, bundles)
        COMMANDS[full] = frozenset(_setting(key, hint) for key, hint in own.items())
        named = {key: _with_environment(full, key, hint) for key, hint in {**own, **_COMMON}.items()}

        def call(**values: Any) -> int:
            ctx = values.pop("ctx")
            common = {key: values.pop(key) for key in _COMMON}
            passed = {key: common[key] for key in _COMMON if key in signature.parameters}
            if "typed" in signature.parameters:
                passed["typed"] = frozenset(key for key in values if _source(ctx, key) == "COMMANDLINE")
            try:
                values = _settled(ctx, full, own, values, common["config"])
                for key, bundle in bundles.items():
                    values[key] = bundle(**{field.name: values.pop(field.name) for field in fields(bundle)})
                return function(**values, **passed)
            except Exception as raised:
                if common["debug"]:
                    traceback.print_exc()
                if isinstance(raised, BrokenPipeError):  # not our output: the door sees to that
                    raise StpolicyError("a program that we called ended too early") from raised
                raise

        parameters = [inspect.Parameter("ctx", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)]
        parameters += [
            inspect.Parameter(
                key,
                inspect.Parameter.KEYWORD_ONLY,
                annotation=hint,
                default=defaults[key] if key in own else _default(key),
            )
            for key, hint in named.items()
        ]
        call.__name__ = function.__name__
        call.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        call.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
        said = inspect.cleandoc(function.__doc__ or "") + examples(example)
        app.command(name, cls=_NothingEmpty, help=said)(call)
        return function

    return register


def _options(
    signature: inspect.Signature, hints: Mapping[str, Any], bundles: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The options of a command by name, bundles taken apart where they stand: annotations, and defaults."""
    own: dict[str, Any] = {}
    defaults: dict[str, Any] = {}
    for key, parameter in signature.parameters.items():
        if key in bundles:
            own |= typing.get_type_hints(bundles[key], include_extras=True)
            defaults |= {field.name: field.default for field in fields(bundles[key])}
        elif key not in (*_COMMON, "typed"):
            own[key], defaults[key] = hints[key], parameter.default
    return own, defaults


def _default(key: str) -> Any:
    return None if key == "config" else False


def examples(example: str) -> str:
    """The end of a help text."""
    lines = "\n".join(f"  {line}" for line in inspect.cleandoc(example).splitlines())
    return f"\n\n\b\nExample:\n{lines}"


def _with_environment(command: str, key: str, hint: Any) -> Any:
    """The annotation with the option's environment variables, and without naming them in the help.

    Whether a file can be read is for the command to find out: that it cannot is no misuse.
    """
    base, *extras = typing.get_args(hint)
    for position, extra in enumerate(extras):
        if isinstance(extra, _ARGUMENT):
            extras[position] = argument = copy.copy(extra)
            argument.readable = False
        if isinstance(extra, _OPTION):
            option = copy.copy(extra)
            option.readable = False
            name = option_name(option, key)
            variables = [f"STPOLICY_{command}_{name}".upper().replace("-", "_")]
            if name.replace("-", "_") in SHARED_WITH_SCRIPT:
                variables.append(f"STPOLICY_{name}".upper().replace("-", "_"))
            option.envvar = variables
            option.show_envvar = False
            extras[position] = option
    return Annotated[(base, *extras)]


def option_name(option: Any, key: str) -> str:
    """The long name of an option, without dashes. In an annotation Typer holds the first one as a default."""
    declared = (option.default, *(option.param_decls or ()))
    longest = [text.split("/")[0] for text in declared if isinstance(text, str) and text.startswith("--")]
    return longest[0].removeprefix("--") if longest else key.replace("_", "-")


def _settled(
    ctx: typer.Context, command: str, hints: Mapping[str, Any], values: dict[str, Any], chosen: Path | None
) -> dict[str, Any]:
    """The values with settings from files where neither flag nor environment gave one."""
    from stpolicy import config

    explicit = {key for key in values if _source(ctx, key) != "DEFAULT"}
    layers = config.trusted(_EVERY, chosen)
    if the_list := [key for key in hints if key in _THE_LIST]:
        path = values[the_list[0]] if the_list[0] in explicit else None
        named = (layer.value(command, "list") for layer in layers)
        path = Path(path or next(filter(None, named), LIST_DEFAULT))
        if found := _beside(path.parent, values.get("previous") or values.get("old") or ""):
            layers.append(config.harmless(_EVERY, *found, path.parent))
    for key in hints.keys() - explicit:
        setting = _setting(key, hints[key])
        for layer in layers:
            value = layer.value(command, setting)
            if value is not None:
                fitting = _fitting(
                    value, hints[key], setting, strict=setting in layer.tables.get(command, {})
                )
                values[key] = values[key] if fitting is None else fitting
                break
    return values


def _source(ctx: typer.Context, key: str) -> str:
    """Where a value comes from: DEFAULT, ENVIRONMENT or COMMANDLINE."""
    return getattr(ctx.get_parameter_source(key), "name", "DEFAULT")


def _beside(folder: Path, previous: str) -> tuple[str, bytes] | None:
    """The settings beside the list; of the revision that the list is compared with, where there is one."""
    from stpolicy import config, git

    path = folder / config.BESIDE
    if not git.is_revision(previous):
        return (str(path), config.content(path)) if path.is_file() else None
    revision = previous.removeprefix("git:").partition(":")[0]
    git.resolve(revision, folder)
    try:
        return git.read(f"git:{revision}", path)
    except StpolicyError:
        return None  # that revision had none


def _setting(key: str, hint: Any) -> str:
    """The key in a file of settings that stands for a parameter."""
    if key in _THE_LIST:
        return "list"
    option = next((extra for extra in typing.get_args(hint)[1:] if isinstance(extra, _OPTION)), None)
    return option_name(option, key) if option else key


def _fitting(value: Any, hint: Any, setting: str, *, strict: bool) -> Any:
    """A setting as the type that the command's option has; None for a format that it has not got.

    `strict` for one in the command's own table: that must fit.
    """
    inner, *extras = typing.get_args(hint)
    kinds = (inner, *typing.get_args(inner))
    for kind in kinds:
        if isinstance(kind, type) and issubclass(kind, StrEnum):
            if value not in set(kind):
                if not strict:
                    return None
                raise Misuse(f"the setting {setting} is {value!r}", f"choose one of: {', '.join(kind)}")
            return kind(value)
    for extra in extras:
        low, high = getattr(extra, "min", None), getattr(extra, "max", None)
        if (low is not None and value < low) or (high is not None and value > high):
            raise Misuse(f"the setting {setting} is {value}, which --{setting} does not allow")
    return str(value) if isinstance(value, Path) and Path not in kinds else value
