"""However a look at a mail server ends before its end, the domain does not pass for it."""

from itertools import product

import pytest

from stpolicy.model.observation import Fault, Step
from tests.observations import alone, ended, judged, second, shows

_STEPS = [step for step in Step if step is not Step.REQUEST]
_FAULTS = [(fault, 0) for fault in Fault if fault is not Fault.REPLY]
_REPLIES = [(Fault.REPLY, code) for code in (354, 421, 554)]


@pytest.mark.parametrize(("step", "how"), list(product(_STEPS, [*_FAULTS, *_REPLIES])))
def test_a_look_that_ends_early_never_passes(step: Step, how: tuple[Fault, int]) -> None:
    fault, code = how
    session = ended(step, fault, "x", code)
    assert judged(alone(session)).result["status"] not in (0, 1)
    for observed in (shows(session), second(session)):
        passes = judged(observed).result["status"] in (0, 1)
        looked = fault not in (Fault.NOT_GLOBAL, Fault.NO_TIME)
        not_reached = looked and not session.reached
        assert passes is not_reached, "beside a good one only who is not reached counts for nothing"
