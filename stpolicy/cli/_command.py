"""How a function becomes a command: the options all have, environment variables, settings of files."""

import copy
import inspect
import typing
from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from stpolicy.errors import Misuse

SHARED_WITH_SCRIPT = frozenset({"keyring", "signer", "threshold", "ca_file", "max_size", "allow_http"})
"""Options that `scripts/update_and_verify.sh` has too: `STPOLICY_<OPTION>` sets them for every command."""

LIST_DEFAULT = Path("policy.json")

_COMMON = {
    "config": Annotated[
        Path | None,
        typer.Option("--config", metavar="FILE", help="Settings to use, before those of the system."),
    ],
    "quiet": Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but results and errors.")],
    "debug": Annotated[bool, typer.Option("--debug", help="Show a traceback when something fails.")],
}

COMMANDS: list[str] = []
"""Names of the commands, `keys new` as `keys-new`; each may have a table in the settings."""


def command(app: typer.Typer, name: str, *, group: str = "", example: str) -> Callable[..., Any]:
    """Registers a function as a command; its docstring is the help.

    Every command takes the common options; the function gets those that it names.
    """
    full = f"{group}-{name}" if group else name
    COMMANDS.append(full)

    def register(function: Callable[..., int]) -> Callable[..., int]:
        signature = inspect.signature(function)
        hints = typing.get_type_hints(function, include_extras=True)
        own = {key: hints[key] for key in signature.parameters if key not in _COMMON}
        named = {key: _with_environment(full, key, hint) for key, hint in {**own, **_COMMON}.items()}

        def call(**values: Any) -> int:
            ctx = values.pop("ctx")
            common = {key: values.pop(key) for key in _COMMON}
            values = _settled(ctx, full, own, values, common["config"])
            return function(**values, **{key: common[key] for key in _COMMON if key in signature.parameters})

        parameters = [inspect.Parameter("ctx", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)]
        parameters += [
            inspect.Parameter(
                key,
                inspect.Parameter.KEYWORD_ONLY,
                annotation=hint,
                default=signature.parameters[key].default if key in own else _default(key),
            )
            for key, hint in named.items()
        ]
        call.__name__ = function.__name__
        call.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        call.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
        app.command(name, help=inspect.cleandoc(function.__doc__ or "") + _examples(example))(call)
        return function

    return register


def _default(key: str) -> Any:
    return None if key == "config" else False


def _examples(example: str) -> str:
    lines = "\n".join(f"  {line}" for line in inspect.cleandoc(example).splitlines())
    return f"\n\n\b\nExample:\n{lines}"


def _with_environment(command: str, key: str, hint: Any) -> Any:
    """The annotation with the option's environment variables, and without naming them in the help."""
    base, *extras = typing.get_args(hint)
    for position, extra in enumerate(extras):
        if isinstance(extra, type(typer.Option())):
            option = copy.copy(extra)
            name = option_name(option.param_decls or (), key)
            variables = [f"STPOLICY_{command}_{name}".upper().replace("-", "_")]
            if key in SHARED_WITH_SCRIPT:
                variables.append(f"STPOLICY_{key}".upper())
            option.envvar = variables
            option.show_envvar = False
            extras[position] = option
    return Annotated[(base, *extras)]


def option_name(declarations: typing.Iterable[str], key: str) -> str:
    """The long name of an option, without dashes."""
    longest = [text.split("/")[0] for text in declarations if text.startswith("--")]
    return longest[0].removeprefix("--") if longest else key.replace("_", "-")


def _settled(
    ctx: typer.Context, command: str, hints: Mapping[str, Any], values: dict[str, Any], chosen: Path | None
) -> dict[str, Any]:
    """The values with settings from files where neither flag nor environment gave one."""
    from stpolicy import config

    explicit = {
        key for key in values if getattr(ctx.get_parameter_source(key), "name", "DEFAULT") != "DEFAULT"
    }
    path = values.get("list_path") if "list_path" in explicit else None
    previous = values.get("previous") or ""
    layers = config.layers(COMMANDS, chosen=chosen, beside=_beside(path, previous))
    for key, hint in hints.items():
        if key in explicit:
            continue
        setting = "list" if key == "list_path" else key.replace("_", "-")
        for layer in layers:
            value = layer.value(command, setting)
            if value is not None:
                values[key] = _fitting(value, hint, setting)
                break
    return values


def _beside(path: Path | None, previous: str) -> tuple[str, bytes] | None:
    """The settings beside the list; of the revision that the list is compared with, where there is one."""
    from stpolicy import config, git
    from stpolicy.errors import StpolicyError

    where = (path or LIST_DEFAULT).parent
    if not git.is_revision(previous):
        return config.beside(where)
    revision = previous.removeprefix("git:").partition(":")[0]
    git.resolve(revision, where)
    try:
        return git.read(f"git:{revision}", where / config.BESIDE)
    except StpolicyError:
        return None  # that revision had none


def _fitting(value: Any, hint: Any, setting: str) -> Any:
    """A setting as the type that the command's option has."""
    inner = typing.get_args(hint)[0]
    kinds = (inner, *typing.get_args(inner))
    for kind in kinds:
        if isinstance(kind, type) and issubclass(kind, StrEnum):
            try:
                return kind(value)
            except ValueError:
                choices = ", ".join(kind)
                raise Misuse(f"the setting {setting} is {value!r}; choose one of: {choices}") from None
    return Path(value) if Path in kinds else value
