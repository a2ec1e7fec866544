"""The server of the labeling page: its locks, and what the page asks it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from labeled import ITEMS, TEXT, answer, mark, project
from slant.labeling.state import State

pytest.importorskip("starlette", reason="needs the [label] install")
pytest.importorskip("krippendorff", reason="needs the [label] install")
testclient = pytest.importorskip(
    "starlette.testclient", reason="needs httpx2, which is in slant[dev]", exc_type=RuntimeError
)

from slant.labeling.server import make_app  # noqa: E402  (after importorskip)

BASE = "http://127.0.0.1:8000"


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    with project(tmp_path, second_share=1.0) as made:
        yield made


@pytest.fixture
def client(state: State) -> Any:
    app = make_app(state, token="secret", coder="ida")
    return testclient.TestClient(app, base_url=BASE)


def post(client: Any, path: str, body: dict[str, Any], **more: Any) -> Any:
    return client.post(f"/secret/api/{path}", json=body, **more)


def test_only_the_own_address_with_the_token_is_answered(client: Any) -> None:
    page = client.get("/secret/")
    assert page.status_code == 200
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert page.headers["referrer-policy"] == "same-origin"
    assert "https://" not in page.text
    for name in ("report.css", "label.css", "label.js", "spans.js", "lists.js"):
        found = client.get(f"/secret/{name}")
        assert found.status_code == 200
        assert "innerHTML" not in found.text
        assert found.headers["x-content-type-options"] == "nosniff"
    assert client.get("/").status_code == 404
    assert client.get("/wrong/api/project").status_code == 404
    assert client.get("/secret/api/project", headers={"host": "evil.example:8000"}).status_code == 403


def test_requests_that_a_form_of_another_site_could_send_are_refused(client: Any, state: State) -> None:
    body = '{"unit_id": "a1-0000", "coder": "ida", "answer": {}, "skip": true}'
    plain = client.post("/secret/api/answer", content=body, headers={"content-type": "text/plain"})
    assert plain.status_code == 415
    assert (
        post(client, "undo", {"coder": "ida"}, headers={"origin": "http://evil.example"}).status_code == 403
    )
    assert post(client, "undo", {"coder": "ida"}, headers={"origin": BASE}).status_code == 200
    large = client.post(
        "/secret/api/answer", content=b"[" * 3_000_000, headers={"content-type": "application/json"}
    )
    assert large.status_code == 413
    for wrong in (b"[1]", b"{", b"\xff", b"[" * 200_000):
        found = client.post("/secret/api/answer", content=wrong, headers={"content-type": "application/json"})
        assert found.status_code == 400
    assert state.coded() == []


def test_the_page_learns_neither_outlet_nor_model(client: Any) -> None:
    found = client.get("/secret/api/unit?coder=ida").json()
    assert set(found["unit"]) == {
        "unit_id",
        "place",
        "kind",
        "text",
        "title",
        "before",
        "parent",
        "voices",
        "questions",
    }
    book = client.get("/secret/api/project").json()
    assert [label["label"] for label in book["tasks"]["stance"]["labels"]] == [
        "against",
        "neutral",
        "favor",
        "unrelated",
    ]
    assert book["tasks"]["stance"]["labels"][0]["definition"]
    assert book["coder"] == "ida"


def test_a_unit_is_labeled_and_the_next_one_follows(client: Any, state: State) -> None:
    first = client.get("/secret/api/unit?coder=ida").json()
    assert first["unit"]["unit_id"] == "a1-0000"
    assert first["unit"]["questions"][0] == {"task": "stance", "target": "board", "name": "the Harbour Board"}
    body = {"unit_id": "a1-0000", "coder": "ida", "answer": {"stance": {"board": "against"}}}
    assert post(client, "answer", body).json()["status"] == "draft"
    early = post(client, "answer", body | {"finish": True})
    assert (early.status_code, early.json()["error"]["detail"]) == (422, "1 question has no answer yet")
    body["answer"] |= {
        "loaded": [{"start": 5, "end": 11, "label": "exaggeration_minimisation", "voice": "outlet"}]
    }
    done = post(client, "answer", body | {"finish": True}).json()
    assert (done["status"], done["progress"]["done"]) == ("done", 1)
    assert client.get("/secret/api/unit?coder=ida").json()["unit"]["unit_id"] == "a1-0001"
    assert post(client, "undo", {"coder": "ida"}).json() == {"unit_id": "a1-0000"}
    again = client.get("/secret/api/unit?coder=ida").json()
    assert (again["unit"]["unit_id"], again["status"]) == ("a1-0000", "draft")
    assert again["answer"]["stance"] == {"board": "against"}
    assert state.coded()[0].coder == "ida"


def test_nobody_may_label_as_the_adjudicator(client: Any) -> None:
    for name in ("adjudicated", "", "x" * 61):
        body = {"unit_id": "a1-0000", "coder": name, "answer": {}}
        assert post(client, "answer", body).status_code == 422


def test_disagreements_are_shown_and_decided(client: Any, state: State) -> None:
    gutted, old = mark(TEXT, "gutted"), mark(TEXT, "old", "doubt")
    state.save("a1-0001", "ida", answer(ITEMS[1], loaded=(gutted,), note="scare quotes"), finish=True)
    state.save("a1-0001", "ole", answer(ITEMS[1], loaded=(gutted, old), frames=("political",)), finish=True)
    for coder in ("ida", "ole"):
        state.save("a1-0000", coder, answer(ITEMS[0]), finish=True)
    (row,) = client.get("/secret/api/differences").json()
    assert (row["unit_id"], row["decided"], row["coders"]) == ("a1-0001", False, ["ida", "ole"])
    assert row["differ"] == [["loaded", None], ["frames", None]]
    shown = client.get("/secret/api/unit?unit=a1-0001&adjudicate=1").json()
    assert set(shown["readings"]) == {"ida", "ole"}
    assert shown["answer"]["stance"] == {"board": "neutral", "crews": "neutral"}  # what both say is filled in
    assert shown["answer"]["frames"] is None
    assert [m["start"] for m in shown["answer"]["loaded"]] == [gutted.start]
    final = shown["answer"] | {"frames": ["political"]}
    body = {"unit_id": "a1-0001", "adjudicate": True, "answer": final, "finish": True}
    assert post(client, "answer", body).json()["status"] == "done"
    assert client.get("/secret/api/differences").json()[0]["decided"]
    assert {one.coder for one in state.coded(unit_id="a1-0001")} == {"ida", "ole", "adjudicated"}
    assert state.coders() == ["ida", "ole"]


def test_coders_do_not_see_each_other(client: Any, state: State) -> None:
    state.save("a1-0000", "ida", answer(ITEMS[0]), finish=True)
    found = client.get("/secret/api/unit?coder=ole").json()
    assert found["unit"]["unit_id"] == "a1-0000"
    assert "readings" not in found
    assert found["answer"]["stance"] == {}


def test_agreement_says_how_many_articles_are_behind_it(client: Any, state: State) -> None:
    assert client.get("/secret/api/agreement").json()["rows"] == []
    for coder, label in (("ida", "against"), ("ole", "favor")):
        state.save("a1-0000", coder, answer(ITEMS[0], stance={"board": label}), finish=True)
        state.save("a1-0001", coder, answer(ITEMS[1]), finish=True)
    found = client.get("/secret/api/agreement").json()
    assert (found["units"], found["coders"]) == (2, ["ida", "ole"])
    stance = next(row for row in found["rows"] if row["what"] == "stance")
    assert (stance["n"], stance["documents"]) == (3, 1)
    assert stance["low"] is None  # one article gives no interval


def test_the_units_of_a_coder_are_listed(client: Any, state: State) -> None:
    state.save("a2-0003", "ida", replace(answer(ITEMS[2]), flagged=True, note="odd"), finish=True)
    (row,) = client.get("/secret/api/units?coder=ida").json()
    assert (row["place"], row["status"], row["flagged"], row["note"]) == (2, "done", True, "odd")
