"""Parts of the Ray engine, without a cluster: groups of files, kept chunks, storage URLs, refused options."""

from __future__ import annotations

import inspect
import json
import pickle
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from slant.errors import Rejected, SlantError, UsageError
from slant.labels.targets import Targets
from slant.records import Score, Unit
from slant.scoring import local_run, ray_run
from slant.scoring.account import Account
from slant.scoring.ray_run import File, ReadDocument, grouped
from slant.scoring.run_options import ReadOptions, ScoreOptions
from slant.scoring.score import ScoreRequest, score_requests

pytest.importorskip("fsspec", reason="needs the [ray] install")
from slant.scoring.object_storage import is_storage, list_objects, replace_object
from slant.scoring.resume import AlreadyComplete, Kept, kept_folder

MADE = {"slant": "0", "model": "m1", "codebook": "c1"}
ASKED = [
    ScoreRequest(Unit("a", f"a-{n}", "paragraph", f"The council met {n} times.", 0, 9, n)) for n in range(3)
]
TARGETS = Targets.from_names(["council"])


def options(*paths: str, output: str = "s.jsonl", urls: bool = False, **changed: Any) -> ScoreOptions:
    return ScoreOptions(ReadOptions(paths, urls=urls, quiet=True), output, **changed)


def answers(asked: list[ScoreRequest]) -> list[Score]:
    return [Score(q.unit, biased=0.25, model="m1", codebook="c1") for q in asked]


def test_the_engines_do_not_import_each_other() -> None:
    for engine, other in ((local_run, "ray_run"), (ray_run, "local_run")):
        source = inspect.getsource(engine)
        assert not re.search(
            rf"from slant\.scoring\.{other} import|from slant\.scoring import .*\b{other}\b", source
        )


# ---- files and groups


def test_files_are_listed_once_in_order_with_those_that_are_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    for name in ("b.txt", "a.txt", ".hidden"):
        (tmp_path / "in" / name).write_text("Words.")
    found = list(ray_run._files(options("in/b.txt", "in", "none.txt")))
    assert [f.shown if isinstance(f, File) else f.reason for f in found] == [
        "in/b.txt",
        "in/a.txt",
        "missing",
    ]
    assert [(f.place, f.size, f.here) for f in found[:2] if isinstance(f, File)] == [
        (str(tmp_path / "in" / name), 6, True) for name in ("b.txt", "a.txt")
    ]


def test_own_files_are_not_read_and_articles_are_not_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.txt").write_text("Words.")
    (tmp_path / "in" / "s.jsonl").write_text('{"article_id": "y", "unit_id": "x"}\n')
    listed_before = json.dumps(Rejected("in/b.txt", "empty", "nothing in it.").to_dict())
    (tmp_path / "in" / "s.jsonl.rejected.jsonl").write_text(listed_before + "\n")
    found = ray_run._files(options("in", output="in/s.jsonl"))
    assert [f.shown for f in found if isinstance(f, File)] == ["in/a.txt"]
    for article in ('{"text": "An article."}', '{"path": "b", "text": "An article.", "reason": "none"}'):
        (tmp_path / "in" / "s.jsonl").write_text(article + "\n")
        with pytest.raises(UsageError, match="is read and would be overwritten"):
            list(ray_run._files(options("in", output="in/s.jsonl")))


def test_groups_are_limited_in_files_and_bytes() -> None:
    small = [File(str(n), str(n), 10) for n in range(130)]
    large = [File("x", "x", ray_run.GROUP_BYTES), Rejected("y", "missing", "gone"), File("z", "z")]
    assert [len(group) for group in grouped([*small, *large])] == [64, 64, 3, 2]
    assert list(grouped([])) == []


# ---- on a node


def read(*files: File | Rejected, **changed: Any) -> list[ReadDocument | Rejected]:
    return list(ray_run._read(files, options=options(**changed), targets=TARGETS))


def test_documents_keep_the_names_that_the_user_gave(tmp_path: Path) -> None:
    good, empty = tmp_path / "good.jsonl", tmp_path / "empty.txt"
    good.write_text(json.dumps({"text": "The council met."}) + "\n{no\n")
    empty.write_text("")
    files = [File(f"in/{path.name}", str(path)) for path in (good, empty)]
    document, broken, nothing = read(files[0], files[1])
    assert isinstance(document, ReadDocument)
    assert (document.path, len(document.requests)) == ("in/good.jsonl:1", 1)
    assert document.article_id
    assert document.requests[0].mentions
    assert [(r.path, r.reason) for r in (broken, nothing) if isinstance(r, Rejected)] == [
        ("in/good.jsonl:2", "bad_json"), ("in/empty.txt", "empty"),
    ]  # fmt: skip


def test_ready_made_units_are_in_order_with_rejected_lines(tmp_path: Path) -> None:
    path = tmp_path / "u.jsonl"
    path.write_text('{"no": 1}\n{"text": "The council met."}\n{"text": "The council met."}\n{no\n')
    found = read(File("u.jsonl", str(path)), units=True)
    assert [r.reason if isinstance(r, Rejected) else r.article_id for r in found] == [
        "no_text",
        "",
        "",
        "bad_json",
    ]
    (missing,) = read(File("none", str(tmp_path / "none"), here=False), units=True)
    assert isinstance(missing, Rejected)


def test_a_file_that_a_node_lacks_ends_the_run(tmp_path: Path) -> None:
    with pytest.raises(SlantError, match="has no such file, but the machine that started the run has"):
        read(File("in/a.txt", str(tmp_path / "a.txt")))


def test_a_rejection_survives_pickling() -> None:
    sent = Rejected("a.txt", "empty", "nothing in it.")
    arrived = pickle.loads(pickle.dumps(sent))
    assert (type(arrived), arrived.to_dict(), str(arrived)) == (Rejected, sent.to_dict(), str(sent))


def test_chunks_hold_whole_documents(monkeypatch: pytest.MonkeyPatch) -> None:
    import pyarrow

    monkeypatch.setattr(ray_run, "CHUNK_UNITS", 4)
    documents = [ReadDocument(f"{n}", f"{n}", tuple(ASKED)) for n in range(3)]
    group = pyarrow.table({"chunk": [pickle.dumps(documents)]})
    found = [pickle.loads(t.column("chunk")[0].as_py()) for t in ray_run._chunks(group, lambda items: items)]
    assert found == [documents[:2], documents[2:]]


# ---- chunks that are kept


@pytest.fixture(params=["folder", "memory"])
def output(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Output as a path, and as a URL of object storage (fsspec's memory file system)."""
    if request.param == "folder":
        yield str(tmp_path / "s.jsonl")
        return
    yield f"memory://bucket/{tmp_path.name}/s.jsonl"
    import fsspec

    fsspec.filesystem("memory").store.clear()


def refuse() -> list[Score]:
    raise AssertionError("scored again")


def test_a_chunk_is_scored_once_and_found_by_its_requests(output: str) -> None:
    kept = Kept.begin(output, MADE, resume=False)
    assert kept.get_or_score(ASKED, lambda: answers(ASKED)) == answers(ASKED)
    assert kept.chunks() == 1
    again = Kept.begin(output, MADE, resume=True).get_or_score(ASKED, refuse)
    assert [row.to_dict() for row in again] == [row.to_dict() for row in answers(ASKED)]
    with pytest.raises(AssertionError, match="scored again"):
        kept.get_or_score(ASKED[:2], refuse)
    kept.remove()
    assert Kept.begin(output, MADE, resume=False).get_or_score(ASKED, lambda: []) == []


def test_an_interrupted_run_is_resumed_with_resume_and_the_same_model_only(output: str) -> None:
    Kept.begin(output, MADE, resume=False)
    with pytest.raises(UsageError, match=r"an earlier run with --engine ray was interrupted.*Add --resume"):
        Kept.begin(output, MADE, resume=False)
    with pytest.raises(UsageError, match="model: m1 then, m2 now"):
        Kept.begin(output, {**MADE, "model": "m2"}, resume=True)
    Kept.begin(output, MADE, resume=True)


def test_a_complete_output_is_not_resumed(output: str) -> None:
    import io

    where = output if is_storage(output) else f"file://{output}"
    replace_object(where, io.BytesIO(b"{}\n"))
    with pytest.raises(AlreadyComplete, match="nothing to resume"):
        Kept.begin(output, MADE, resume=True)


def test_kept_chunks_are_hidden_beside_the_output() -> None:
    assert kept_folder("a/s.jsonl") == "a/.s.jsonl.unfinished-ray"
    assert kept_folder("s3://b/s.jsonl") == "s3://b/.s.jsonl.unfinished-ray"


# ---- storage


def test_object_storage_is_listed_read_and_written() -> None:
    import fsspec

    system = fsspec.filesystem("memory")
    try:
        for name in ("in/b.txt", "in/sub/a.txt", "in/.hidden", "in/.git/x", "other/c.txt"):
            system.pipe_file(f"/bucket/{name}", b"The council met.")
        names = [f[0] for f in list_objects("memory://bucket/in") if not isinstance(f, Rejected)]
        assert names == ["memory://bucket/in/b.txt", "memory://bucket/in/sub/a.txt"]
        assert [f[1] for f in list_objects("memory://bucket/*/*.txt") if not isinstance(f, Rejected)] == [
            16,
            16,
        ]
        (nothing,) = list_objects("memory://bucket/none")
        assert isinstance(nothing, Rejected)
        assert nothing.reason == "missing"

        (document,) = read(File(names[0], names[0]))
        assert isinstance(document, ReadDocument)
        assert document.path == names[0]
        (gone,) = read(File("memory://bucket/gone", "memory://bucket/gone"))
        assert isinstance(gone, Rejected)
        assert gone.reason == "unreadable"
    finally:
        system.store.clear()


def test_an_unknown_scheme_is_refused() -> None:
    with pytest.raises(UsageError, match="nosuch://x: cannot be opened"):
        list(list_objects("nosuch://x"))
    assert [is_storage(p) for p in ("s3://b/x", "https://example.org/x", "C:/x", "a.txt")] == [
        True,
        False,
        False,
        False,
    ]


# ---- refusals


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"urls": True}, "--urls works with --engine local"),
        ({"paths": ("-",)}, "not standard input. Save the input to a file"),
        ({"output": "-", "resume": True}, "standard output cannot be continued"),
        ({"runtime": "onnx"}, "--runtime, --device and --threads work"),
        ({"threads": 2}, "an actor on a cluster has one core"),
        ({"device": "cuda"}, "--device and --threads work with --engine local"),
        ({"paths": ("s3://b/in?endpoint_override=h:1&scheme=http",)}, "no options. Set AWS_ENDPOINT_URL="),
        ({"output": "s3://key:secret@b/s.jsonl"}, "^s3://…: a URL may hold a bucket"),
    ],
)
def test_unsupported_options_are_refused(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        ray_run._refuse(options(*changed.pop("paths", ("in",)), **changed))


def test_an_interrupted_local_run_is_not_continued_on_a_cluster(tmp_path: Path) -> None:
    (tmp_path / ".s.jsonl.unfinished").write_text("")
    with pytest.raises(UsageError, match="--engine local was interrupted"):
        ray_run._refuse(options(output=str(tmp_path / "s.jsonl")))


def test_object_storage_needs_engine_ray() -> None:
    with pytest.raises(
        UsageError, match=r"s3://b/s\.jsonl: object storage is read and written with --engine ray"
    ):
        local_run.write_scores(options("in", output="s3://b/s.jsonl", engine="local"), Account())


def test_without_ray_the_message_names_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(UsageError, match=r"pip install 'slant\[ray\]'"), ray_run.started():
        pass


def test_a_cluster_that_does_not_answer_is_reported_at_once() -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        ray_run._check_address(address)
    with pytest.raises(SlantError, match=f"RAY_ADDRESS is {address}, and nothing answers there"):
        ray_run._check_address(address)
    for elsewhere in ("", "auto", "local", "ray://host:10001"):
        ray_run._check_address(elsewhere)


def test_requests_of_a_document_are_those_of_the_local_engine(tmp_path: Path) -> None:
    """This engine reads documents one by one, the local engine in one stream."""
    text = "Council meets\n\nThe council met on Monday, they said.\n\nComments\n\nAnn: Liars!\n"
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text(f"{text}\n{name}\n")
    units = local_run.read_units(ReadOptions((str(tmp_path),), quiet=True), Account(), output="s.jsonl")
    local = list(score_requests(units, TARGETS))
    dealt = read(*(File(n, n) for n in map(str, (tmp_path / "a.txt", tmp_path / "b.txt"))))
    assert [q for d in dealt if isinstance(d, ReadDocument) for q in d.requests] == local
    assert len(local) > 4
