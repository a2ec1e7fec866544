"""/v1/score and /v1/split: the rows of the commands, one result per item, in the schemas that /openapi.json states."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

pytest.importorskip("uvicorn", reason="needs the [serve] install")
from jsonschema import Draft202012Validator

import slant
from served_scores import Served, serving
from slant.assets import asset
from slant.schemas import printed
from slant.serving.openapi import FILE, openapi

SAID = "The council praised the ferry."
STORY = {
    "title": "Council meets",
    "outlet": "Courier",
    "published": "the ides of March",
    "text": "The council met on Monday.\n\nNobody objects to it, they say.",
    "comments": [{"text": "Liars!", "replies": [{"text": "No, they are not."}]}],
}


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with serving() as running:
        yield running


def valid(content: Any, name: str) -> bool:
    document = {**openapi(), "$ref": f"#/components/schemas/{name}"}
    Draft202012Validator(document).validate(content)
    return True


def test_scores_are_the_rows_of_the_scorer(served: Served) -> None:
    items = [SAID, {"text": "No.", "parent_text": SAID}, {"text": "Why?", "targets": ["boats"]}, STORY]
    body = {"items": items, "targets": ["council", "mayor"]}
    assert valid(body, "Score")
    answer = served.post("/v1/score", body)
    assert answer.status == 200
    assert valid(answer.json, "Scored")
    results = answer.json["results"]
    assert [result["item"] for result in results] == [0, 1, 2, 3]
    rows = [{**row, "source": None} for result in results for row in result["scores"]]
    scorer = served.service.scorer
    expected = [
        json.loads(json.dumps(row.to_dict())) for row in scorer.score(items, targets=["council", "mayor"])
    ]
    assert rows == [{**row, "source": None} for row in expected]
    assert [len(result["scores"]) for result in results] == [1, 1, 1, 5]
    assert answer.json["model"] == scorer.predictor.fingerprint


def test_without_targets_those_of_the_server_are_scored(served: Served) -> None:
    (result,) = served.post("/v1/score", {"items": [SAID]}).json["results"]
    assert {stance["target"] for stance in result["scores"][0]["stance"]} == {"council", "ferry"}


def test_units_are_those_of_the_splitter(served: Served) -> None:
    answer = served.post("/v1/split", {"items": [STORY]})
    assert valid(answer.json, "Units")
    (result,) = answer.json["results"]
    assert [unit["kind"] for unit in result["units"]] == [
        "title",
        "paragraph",
        "paragraph",
        "comment",
        "comment",
    ]
    assert [note["reason"] for note in result["notes"]] == [n.reason for n in _article().notes] != []
    hidden = {"items": [{"text": "Advertisement\n\nThe council met on Monday evening."}]}
    few, all_units = (
        served.post("/v1/split", {**hidden, "all": a}).json["results"][0]["units"] for a in (False, True)
    )
    assert len(few) < len(all_units)


def _article() -> Any:
    from slant.ingest.article_rows import article_from_row

    return article_from_row(STORY, "items[0]")


def test_an_item_that_cannot_be_read_costs_itself(served: Served) -> None:
    items = [SAID, "  ", {"text": None}, {"text": "x", "kind": "poem"}, SAID]
    results = served.post("/v1/score", {"items": items}).json["results"]
    assert [(len(r["scores"]), r["rejected"] and r["rejected"]["reason"]) for r in results] == [
        (1, None), (0, "no_text"), (0, "empty"), (0, "bad_kind"), (1, None),
    ]  # fmt: skip
    split = served.post("/v1/split", {"items": [{"text": ""}, STORY]}).json["results"]
    assert split[0]["rejected"]
    assert split[1]["units"]


def test_other_languages_get_no_labels_unless_asked(served: Served) -> None:
    german = {
        "items": ["Der Stadtrat hat uns alle belogen, und keiner tut etwas dagegen."],
        "targets": ["Stadtrat"],
    }
    row = served.post("/v1/score", german).json["results"][0]["scores"][0]
    assert (row["flags"], row["stance"]) == (["language:de"], [])
    row = served.post("/v1/score", {**german, "any_language": True}).json["results"][0]["scores"][0]
    assert row["stance"]


def test_answers_do_not_depend_on_other_requests(served: Served) -> None:
    bodies = [{"items": [f"The council closed mill {i}.", STORY][: 1 + i % 2]} for i in range(24)]
    alone = [served.post("/v1/score", body).json for body in bodies]
    with ThreadPoolExecutor(12) as pool:
        together = list(pool.map(lambda body: served.post("/v1/score", body).json, bodies * 2))
    assert together == alone * 2


def test_health_and_other_addresses(served: Served) -> None:
    health = served.ask("GET", "/health")
    assert valid(health.json, "Health")
    gone = served.ask("GET", "/v2/score")
    assert (gone.status, gone.reason) == (404, "no_such_page")
    wrong = served.ask("GET", "/v1/score")
    assert (wrong.status, wrong.reason, wrong.headers["allow"]) == (405, "wrong_method", "POST")
    assert valid(gone.json, "Error")


def test_a_request_keeps_its_id_and_its_text_is_not_logged(served: Served) -> None:
    answer = served.post("/v1/score", {"items": [SAID]}, X_Request_Id="run-7.a")
    assert answer.headers["x-request-id"] == "run-7.a"
    assert any(re.fullmatch(r"POST /v1/score 200 \d+ ms run-7\.a", line) for line in served.log)
    assert "ferry" not in "".join(served.log)
    made = served.post("/v1/score", {"items": []}, X_Request_Id="a b<script>")
    assert re.fullmatch("[0-9a-f]{32}", made.headers["x-request-id"])
    assert made.json["error"]["request_id"] == made.headers["x-request-id"]


def test_the_description_is_valid_and_its_file_is_current(served: Served) -> None:
    pytest.importorskip("openapi_spec_validator", reason="needs the [dev] install").validate(openapi())
    assert served.ask("GET", "/openapi.json").json == openapi()
    assert (asset("schemas") / FILE).read_text("utf-8") == printed(openapi()), (
        "run: python -m slant.serving.openapi data/schemas"
    )
    refused = {
        status for path in openapi()["paths"].values() for o in path.values() for status in o["responses"]
    }
    assert {"413", "415", "422", "429", "503"} <= refused


# ---- one fault among many


def test_a_fault_in_one_job_leaves_the_others_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    from slant.serving import worker
    from slant.serving.worker import Worker
    from stub_score import stub_predictor

    scorer = slant.Scorer(stub_predictor(), slant.Targets.from_names(["ferry"]))
    real = worker.score

    def failing(requests: Any, **given: Any) -> Any:
        def checked() -> Any:
            for request in requests:
                assert "bad" not in request.unit.text, "planted"
                yield request

        return real(checked(), **given)

    monkeypatch.setattr(worker, "score", failing)
    from slant.scoring.python_api import RequestBuilder

    builder = RequestBuilder(scorer.targets, None)
    running = Worker(scorer.predictor, waiting=10)
    texts = ["The ferry sails.", "bad", "The ferry is late."]
    futures = [running.submit(lambda t=t: (t, list(builder.of_item(t, "x")))) for t in texts]
    assert [futures[0].result(20)[1][0].unit.text, futures[2].result(20)[1][0].unit.text] == texts[::2]
    with pytest.raises(AssertionError, match="planted"):
        futures[1].result(20)
    running.stop()
    running.join(10)


def test_a_worker_that_is_stopped_between_two_jobs_ends() -> None:
    from slant.serving.worker import Worker
    from stub_score import stub_predictor

    class Late(Worker):
        """Is stopped when it looks for a second job."""

        def _next(self, *, wait: bool) -> Any:
            if not wait and not self.stopping:
                self.stop()
            return super()._next(wait=wait)

    running = Late(stub_predictor(), waiting=10)
    assert running.submit(lambda: ("a", [])).result(20) == ("a", [])
    running.join(10)
    assert not running._thread.is_alive()
