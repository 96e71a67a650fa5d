"""Losing on purpose: records that one broker alone has acknowledged, and the judge who must miss them."""

from __future__ import annotations

from harness.checkers.disk_truth import Whereabouts
from harness.clients.traffic import Traffic
from harness.verdict import Inconclusive, Judgement, Verdict
from harness.waiting import TimedOut, wait_until

NAME = "negative-control"
ALONE_RECORDS = 100
ALONE_BUDGET_S = 30.0
LOSS = frozenset({"unseen", "lost-write", "vanished-read"})


def await_records(flow: Traffic, key: str) -> None:
    """Wait until the leader has acknowledged enough records that nobody else has."""
    enough = flow.acknowledged_by_partition()[key] + ALONE_RECORDS
    try:
        wait_until(
            lambda: flow.acknowledged_by_partition()[key] >= enough,
            what=f"{ALONE_RECORDS} records that the leader of {key} acknowledged alone",
            timeout_s=ALONE_BUDGET_S,
            every_s=0.05,
        )
    except TimedOut as late:
        raise Inconclusive(str(late)) from late


def finds_the_loss(judged: Judgement) -> Judgement:
    """Judge the judge: it has found lost records, and the disks confirm that they were lost after acknowledgement."""
    lost = [finding for finding in judged.findings if finding.anomaly in LOSS]
    said = [truth["whereabouts"] for finding in lost for truth in finding.evidence.get("disk", ())]  # type: ignore[attr-defined]
    gone = {Whereabouts.LOST_AFTER_ACKNOWLEDGEMENT.value, Whereabouts.LOST_AFTER_READ.value}
    confirmed = sum(where in gone for where in said)
    measured = {"findings": len(lost), "asked_of_the_disks": len(said), "confirmed_by_the_disks": confirmed}
    if confirmed:
        reason = f"{len(lost)} lost records were told, {confirmed} of them confirmed by the disks"
        return Judgement(checker=NAME, verdict=Verdict.PASS, reason=reason, measured=measured)
    reason = f"no lost record was found and confirmed ({judged.reason}); so nothing was shown"
    return Judgement(checker=NAME, verdict=Verdict.INCONCLUSIVE, reason=reason, measured=measured)
