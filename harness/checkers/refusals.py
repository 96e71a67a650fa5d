"""refusals: acks=all must not be refused for lack of in-sync replicas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from harness.verdict import Judgement, Verdict

NAME = "refusals"
ENOUGH_ANSWERS = 100


def check(answers: Mapping[str, int], *, refused_s: Sequence[float]) -> Judgement:
    """Judge the probe's answers by name; too few acknowledgements show nothing."""
    acknowledged = answers.get("acknowledged", 0)
    measured = {"answers": dict(answers), "refused": len(refused_s)}
    if refused_s:
        reason = (
            f"acks=all was refused {len(refused_s)} times for lack of in-sync replicas, first at {refused_s[0]:.1f} s"
        )
        return Judgement(checker=NAME, verdict=Verdict.FAIL, reason=reason, measured=measured)
    if acknowledged < ENOUGH_ANSWERS:
        reason = f"the probe got {acknowledged} acknowledgements, {ENOUGH_ANSWERS} are needed"
        return Judgement(checker=NAME, verdict=Verdict.INCONCLUSIVE, reason=reason, measured=measured)
    return Judgement(
        checker=NAME, verdict=Verdict.PASS, reason=f"{acknowledged} acknowledged, none refused", measured=measured
    )
