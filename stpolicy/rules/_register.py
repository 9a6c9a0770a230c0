"""The decorator that makes a rule of a function."""

from collections.abc import Callable, Iterator
from inspect import cleandoc

from stpolicy.model.finding import Problem, Rule, S, Severity


def rule(
    code: str, severity: Severity, *, inconclusive: bool = False
) -> Callable[[Callable[[S], Iterator[Problem]]], Rule[S]]:
    """Stamps code and severity on a function; its docstring is what `stpolicy explain` prints."""

    def stamp(judge: Callable[[S], Iterator[Problem]]) -> Rule[S]:
        return Rule(code, severity, cleandoc(judge.__doc__ or ""), judge, inconclusive)

    return stamp
