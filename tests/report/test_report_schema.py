"""The schema accepts every certificate that the harness writes, and refuses what is broken or contradicts itself."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

import harness
from harness.certificate_reader import read_certificate
from harness.errors import UsageError
from tests.report.sample import Variant, sample

SCHEMA = json.loads((Path(harness.__file__).parent / "certificate.schema.json").read_text(encoding="utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA)
Json = dict[str, Any]


@pytest.fixture(scope="module")
def failing() -> Json:
    made: Json = json.loads(json.dumps(sample(Variant.FAIL, points_per_series=4).as_json()))
    return made


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("variant", Variant)
def test_real_certificates_are_accepted_and_read_back_unchanged(variant: Variant) -> None:
    data = json.loads(json.dumps(sample(variant, points_per_series=4).as_json()))
    assert [error.message for error in VALIDATOR.iter_errors(data)] == []
    assert read_certificate(data).as_json() == data


def clause(data: Json) -> Json:
    """Return the first clause with everything in it."""
    found: Json = next(one for one in data["clauses"] if one["windows"] and one["series"])
    return found


BREAKS: dict[str, Callable[[Json], object]] = {
    "another schema": lambda data: data.update(schema="greenfield-certificate/1"),
    "no run": lambda data: data.pop("run"),
    "an unknown key": lambda data: data.update(signed_by="me"),
    "an unknown key in a clause": lambda data: clause(data).update(note="?"),
    "a verdict that does not exist": lambda data: clause(data).update(verdict="SKIPPED"),
    "a claim id without a family": lambda data: clause(data).update(id="3"),
    "a time that is text": lambda data: clause(data)["events"][0].update(time_s="now"),
    "a window without an end": lambda data: clause(data)["windows"][0].pop("end_s"),
    "a point with three figures": lambda data: clause(data)["series"][0]["points"].append([1, 2, 3]),
    "a finding without evidence": lambda data: clause(data)["judgements"][0]["findings"].append({"anomaly": "x"}),
    "a local time": lambda data: data["run"].update(started_at="2026-01-14T09:30:00+01:00"),
    "a seed that is text": lambda data: data["run"].update(seed="7"),
    "a digest that is a tag": lambda data: data["subject"]["images"][0].update(digest="latest"),
    "no cluster": lambda data: data["subject"].pop("cluster_uid"),
    "an invented, empty version": lambda data: data["subject"].update(kafka_version=""),
    "a judgement of what was not tried": lambda data: clause(data)["judgements"][0].update(verdict="UNSUPPORTED"),
    "a negative count": lambda data: data["summary"].update({"pass": -1}),
    "a pass over a failed clause": lambda data: data.update(verdict="PASS", exit_code=0),
    "an exit code of another verdict": lambda data: data.update(exit_code=0),
    "a failure that no clause has": lambda data: data.update(clauses=[]),
    "a pass of nothing": lambda data: data.update(verdict="PASS", exit_code=0, clauses=[]),
}


@pytest.mark.parametrize("break_it", BREAKS.values(), ids=BREAKS.keys())
def test_broken_certificates_are_refused(failing: Json, break_it: Callable[[Json], object]) -> None:
    data = copy.deepcopy(failing)
    break_it(data)
    assert not VALIDATOR.is_valid(data)


def test_a_pass_with_claims_that_did_not_run_is_refused() -> None:
    data = json.loads(json.dumps(sample(Variant.PASS, points_per_series=4).as_json()))
    data["not_run"] = [{"id": "LOAD-09", "sentence": "It holds."}]
    assert not VALIDATOR.is_valid(data)


def test_a_pass_of_nothing_but_what_cannot_be_tried_is_refused() -> None:
    data = json.loads(json.dumps(sample(Variant.PASS, points_per_series=4).as_json()))
    for one in data["clauses"]:
        one.update(verdict="UNSUPPORTED", reason="there is no netem")
    assert not VALIDATOR.is_valid(data)
    assert VALIDATOR.is_valid({**data, "verdict": "INCONCLUSIVE", "exit_code": 2})


def test_the_reader_refuses_what_contradicts_itself(failing: Json) -> None:
    with pytest.raises(UsageError, match="says 'PASS', but its clauses say FAIL"):
        read_certificate({**failing, "verdict": "PASS"})


def test_the_reader_names_what_is_missing(failing: Json) -> None:
    with pytest.raises(UsageError, match="cannot be read, KeyError: 'clauses'"):
        read_certificate({key: value for key, value in failing.items() if key != "clauses"})


def test_the_reader_refuses_another_schema(failing: Json) -> None:
    with pytest.raises(UsageError, match="got a certificate of schema 'other/1', expected 'greenfield-certificate/2'"):
        read_certificate({**failing, "schema": "other/1"})
