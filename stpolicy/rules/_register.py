"""The decorator that makes a rule of a function."""

from collections.abc import Callable, Iterator
from inspect import cleandoc

from stpolicy.model.finding import Candidate, Problem, Rule, Severity

Judge = Callable[[Candidate], Iterator[Problem]]


def rule(code: str, severity: Severity) -> Callable[[Judge], Rule]:
    """Stamps code and severity on a function; its docstring is what `stpolicy explain` prints."""

    def stamp(judge: Judge) -> Rule:
        return Rule(code, severity, cleandoc(judge.__doc__ or ""), judge)

    return stamp
