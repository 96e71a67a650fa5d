"""The result of a chaos run: one claim, that the schedule was survived, with everything that was seen of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from harness.campaign import Campaign
from harness.certificate import ClauseResult
from harness.chaos_order import ChaosOrder, schedule_words
from harness.claims import Claim, Level
from harness.evidence import Evidence
from harness.report.figures import plural
from harness.run import Run
from harness.verdict import Judgement, Verdict

CLAIM = Claim(
    id="CHAOS-01",
    sentence="Under the schedule of faults nothing acknowledged is lost, repeated or reordered, and service returns.",
    protocol=(
        "Two idempotent and two transactional producers, a transformer and readers of every kind run all the while. "
        "Each fault of the schedule strikes whoever has the role at that moment, and must be proven. After it, "
        "everything must be in sync again and every partition take records. The whole history of all clients is judged "
        "for every anomaly, and each window without an acknowledgement by what the faults around it allow."
    ),
    level=Level.CHAOS,
)
SEARCH = "search"
FACTS_MOST = 200
TITLES = {Verdict.PASS: "HELD", Verdict.FAIL: "NOT HELD", Verdict.INCONCLUSIVE: "INCONCLUSIVE"}
REHEARSED = {verdict: f"{title}, in a rehearsal, which certifies nothing" for verdict, title in TITLES.items()}


def replay(run: Run, order: ChaosOrder, campaign: Campaign) -> str:
    """Return the one command that carries out again what failed, or what was carried out; or searches once more."""
    if campaign.searched and not campaign.failed:
        return run.settings.command
    where = run.settings.command.removesuffix(order.words()).rstrip()
    return f"{where} {schedule_words(str(campaign.outcome.schedule))}"


def result(run: Run, order: ChaosOrder, campaign: Campaign, *, left_out: Mapping[str, str]) -> ClauseResult:
    """Return the claim's result: of the shortest schedule that failed, or of all that was carried out."""
    evidence = _evidence(campaign)
    evidence.fact(
        schedule=str(campaign.outcome.schedule),
        replay=replay(run, order, campaign),
        faults=[one.as_json() for one in campaign.outcome.struck][:FACTS_MOST],
        left_out=_by_reason(
            {**left_out, **{one.step.family: one.why for one in campaign.outcome.missed if one.is_unsupported}}
        ),
    )
    evidence.fact(**campaign.facts)
    if campaign.searched:
        evidence.fact(schedules_tried=campaign.searched)
    if campaign.first is not None:
        evidence.fact(first_failed_with=str(campaign.first))
    if campaign.shrunk is not None:
        evidence.fact(shrinking_tried=campaign.shrunk.tried, nothing_smaller_fails=campaign.shrunk.is_minimal)
    verdict, reason = concluded(campaign)
    return ClauseResult(
        claim=CLAIM,
        verdict=verdict,
        reason=reason,
        started_s=0.0,
        duration_s=run.clock.now_s(),
        evidence=evidence,
    )


def _by_reason(left_out: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the families that were left out, by what they need."""
    found: dict[str, list[str]] = {}
    for name, why in left_out.items():
        found.setdefault(why, []).append(name)
    return found


def unjudged(run: Run, why: str) -> ClauseResult:
    """Return the result of a run that did not come to an outcome."""
    return ClauseResult(
        claim=CLAIM,
        verdict=Verdict.INCONCLUSIVE,
        reason=why,
        started_s=0.0,
        duration_s=run.clock.now_s(),
        evidence=Evidence(),
    )


def _evidence(campaign: Campaign) -> Evidence:
    """Return the evidence of the outcome; a search that found nothing rests on all its schedules, not on the last."""
    if campaign.failed or not campaign.searched:
        return campaign.outcome.evidence
    return Evidence(judgements=[searched(campaign)])


def concluded(campaign: Campaign) -> tuple[Verdict, str]:
    """Return the verdict and its reason; empty for a PASS."""
    if campaign.failed or not campaign.searched:
        return campaign.outcome.verdict, campaign.outcome.reason
    judged = searched(campaign)
    return judged.verdict, "" if judged.verdict is Verdict.PASS else judged.reason


def searched(campaign: Campaign) -> Judgement:
    """Judge a search that found nothing; one that tried no fault, or could not judge a schedule, says nothing."""
    count, unclear = campaign.searched, campaign.unclear
    measured = {"schedules_tried": count, "not_judged": len(unclear)}
    if unclear:
        reason = f"{len(unclear)} of {count} schedules could not be judged, the first: {unclear[0]}"
    elif count < 2:
        reason = "no schedule with a fault was tried within the budget"
    else:
        reason = f"{count} schedules, and none of them fails"
    verdict = Verdict.INCONCLUSIVE if unclear or count < 2 else Verdict.PASS
    return Judgement(checker=SEARCH, verdict=verdict, reason=reason, measured=measured)


def summary(run: Run, order: ChaosOrder, campaign: Campaign | None, *, verdict: Verdict) -> tuple[str, ...]:
    """Say what came of it, for people: the verdict first, the one command that does it again last."""
    (done,) = run.results
    title = TITLES[verdict] if not run.settings.is_rehearsal or verdict is Verdict.FAIL else REHEARSED[done.verdict]
    lines = [f"\n{title}{f': {done.reason}' if done.reason else ''}"]
    if campaign is not None:
        lines += [f"  {line}" for line in _about(campaign)]
        lines.append(f"  again: {replay(run, order, campaign)}")
    return (*lines, f"  report: {run.settings.report_dir / 'report.html'}")


def _about(campaign: Campaign) -> Iterator[str]:
    outcome = campaign.outcome
    yield from (f"{name.replace('_', ' ')}: {value}" for name, value in campaign.facts.items())
    if campaign.searched:
        yield f"{plural(campaign.searched, 'schedule')} tried"
    if campaign.first is not None and campaign.first != outcome.schedule:
        yield f"failed first with: {campaign.first}"
    if campaign.failed:
        yield f"fails with: {outcome.schedule}{_smallest(campaign)}"
    elif not campaign.searched:
        spells = plural(len(outcome.spells), "spell")
        yield f"{plural(len(outcome.struck), 'fault')} in {spells}, {len(outcome.missed)} left out"


def _smallest(campaign: Campaign) -> str:
    shrunk = campaign.shrunk
    if shrunk is None:
        return ""
    how = "nothing smaller fails" if shrunk.is_minimal else "smaller ones were left untried"
    return f"  ({how}, {shrunk.tried} tried)"
