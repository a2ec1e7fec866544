"""`slant score --engine ray` from and to S3, with pyarrow alone; the S3 server is moto, on this machine.

`moto_server` is taken from the PATH, as moto and slant need not share an environment: `pipx install 'moto[server]'`.
"""

from __future__ import annotations

import _thread
import io
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fsspec", reason="needs the [ray] install")
from slant.errors import Rejected, SlantError
from slant.scoring import object_storage
from slant.scoring.object_storage import fetched, list_objects, replace_object
from slant.scoring.resume import Kept, kept_folder

pytestmark = pytest.mark.slow
BOUND = 240  # seconds; a run takes about 15 on an idle machine
# Groups of one file, so that each article is a chunk. STOPPED: Ctrl-C after the first row.
RUN = "import slant.scoring.ray_run as f; f.GROUP_FILES = 1; from slant.cli import main; main()"
STOPPED = f"""
import slant.scoring.ray_run as f
def stopping(rows, **_):
    yield next(iter(rows))
    raise KeyboardInterrupt
f.with_progress = stopping
{RUN}
"""
LOCAL = "from slant.cli import main; main()"
TARGETS = """version = 1
[[target]]
id = "council"
name = "council"
aliases = ["council"]
[[target]]
id = "mayor"
name = "mayor"
aliases = ["mayor"]
"""
ARTICLES = {
    "a 1.txt": "Council meets\n\nThe council met on Monday. The mayor called the council greedy thieves.\n",
    "bä#2?.txt": "Ferry closes\n\nNobody asked by this paper wants the ferry closed, the mayor said.\n",
    "sub/c%20.jsonl": '{"title": "Bridge", "text": "The mayor praised the council for the bridge."}\n{no json\n',
    "empty.txt": "",
}


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """HOST:PORT of an S3 server with a bucket `probe`."""
    command = os.environ.get("SLANT_MOTO_SERVER") or shutil.which("moto_server")
    if not command:
        pytest.skip(
            "needs moto_server on the PATH, or named by SLANT_MOTO_SERVER: pip install 'moto[server]'"
        )
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen([command, "-H", "127.0.0.1", "-p", str(port)], stderr=subprocess.DEVNULL)
    try:
        began = time.monotonic()
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                assert process.poll() is None
                assert time.monotonic() - began < 60
                time.sleep(0.1)
        system = client(f"127.0.0.1:{port}")
        system.create_dir("probe")
        try:
            put(system, "probe/x", "x")
        except OSError as error:
            pytest.skip(f"this moto does not end an upload as S3 does (5.2.1; 5.2.5 does): {error}")
        yield f"127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def bucket(server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """pyarrow's file system with a bucket `news`, whose folder `in` holds ARTICLES."""
    account = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "us-east-1"}
    for name, value in {**account, "AWS_ENDPOINT_URL": f"http://{server}"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("RAY_ADDRESS", "local")  # not a cluster that runs on this machine by chance
    object_storage._arrow.cache_clear()
    system = client(server)
    system.create_dir("news")
    for name, text in ARTICLES.items():
        put(system, f"news/in/{name}", text)
    yield system
    object_storage._arrow.cache_clear()
    system.delete_dir("news")


def client(server: str) -> Any:
    from pyarrow.fs import S3FileSystem

    return S3FileSystem(
        access_key="key",
        secret_key="secret",
        endpoint_override=f"http://{server}",
        region="us-east-1",
        allow_bucket_creation=True,
        allow_bucket_deletion=True,
    )


def put(system: Any, name: str, text: str) -> None:
    with system.open_output_stream(name) as file:
        file.write(text.encode())


def names(system: Any, folder: str) -> list[str]:
    from pyarrow.fs import FileSelector

    return sorted(f.path for f in system.get_file_info(FileSelector(folder, recursive=True)) if f.is_file)


def content(system: Any, name: str) -> bytes:
    with system.open_input_file(name) as file:
        return bytes(file.read())


def enforced(server: str, *, after: str) -> None:
    """Let the server refuse all requests, after a number of them. after: that number; "inf" is never."""
    url, headers = f"http://{server}/moto-api/reset-auth", {"Content-Type": "text/plain"}
    urllib.request.urlopen(urllib.request.Request(url, after.encode(), headers), timeout=10).close()


# ---- the storage


def test_special_characters_in_names_are_kept(bucket: Any) -> None:
    expected = sorted(f"s3://news/in/{name}" for name in ARTICLES)
    for folder in ("s3://news/in/", "s3://news/in", "s3://news", "s3://news/in/**"):
        assert [f[0] for f in list_objects(folder) if not isinstance(f, Rejected)] == expected
    assert [f for f in list_objects("s3://news/in/a ?.*")] == [
        ("s3://news/in/a 1.txt", len(ARTICLES["a 1.txt"]))
    ]
    for name, text in ARTICLES.items():
        with fetched(f"s3://news/in/{name}") as local:
            assert Path(local).read_text() == text
    replace_object("s3://news/out/ü #%20?.jsonl", io.BytesIO(b"long"))
    replace_object("s3://news/out/ü #%20?.jsonl", io.BytesIO(b"new"))
    assert content(bucket, "news/out/ü #%20?.jsonl") == b"new"
    for _ in range(2):
        replace_object("s3://news/out/ü #%20?.jsonl", None)
    assert names(bucket, "news/out") == []


def test_an_interrupted_upload_is_completed(bucket: Any) -> None:
    class Interrupting(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell() == 1 << 20:
                _thread.interrupt_main()
                time.sleep(0.3)
            return super().read(size)

    with pytest.raises(KeyboardInterrupt):
        replace_object("s3://news/s.jsonl", Interrupting(bytes(3 << 20)))
    assert len(content(bucket, "news/s.jsonl")) == 3 << 20


def test_missing_and_forbidden_objects_have_different_reasons(bucket: Any, server: str) -> None:
    bucket.create_dir("news/nothing")
    for url in ("s3://news/nothing/", "s3://news/none", "s3://none/in", "s3://news/none/*.txt"):
        (missing,) = list_objects(url)
        assert isinstance(missing, Rejected)
        assert missing.reason == "missing"
    with pytest.raises(SlantError, match="'none' not found"):
        replace_object("s3://none/s.jsonl", io.BytesIO(b"x"))
    with pytest.raises(SlantError, match="'none' not found"):
        Kept.begin("s3://none/s.jsonl", {}, resume=False)
    enforced(server, after="0")
    try:
        for url in ("s3://news/in/", "s3://news", "s3://news/in/a 1.txt", "s3://news/in/*"):
            (refused,) = list_objects(url)
            assert isinstance(refused, Rejected)
            assert refused.reason == "unreadable", url
        with pytest.raises(SlantError, match=r"ACCESS_DENIED.*Check the bucket, the credentials"):
            replace_object("s3://news/s.jsonl", io.BytesIO(b"x"))
        with pytest.raises(SlantError, match=r"ACCESS_DENIED.*Check the bucket, the credentials"):
            Kept.begin("s3://news/s.jsonl", {}, resume=False)
    finally:
        enforced(server, after="inf")


def test_chunks_are_kept_beside_the_output(bucket: Any) -> None:
    output = "s3://news/out [1]/s.jsonl"
    kept = Kept.begin(output, {"model": "m1"}, resume=False)
    assert kept.chunks() == 0
    assert kept.get_or_score([], lambda: []) == []
    again = Kept.begin(output, {"model": "m1"}, resume=True)
    assert again.chunks() == 1
    assert again.get_or_score([], lambda: pytest.fail("scored again")) == []
    again.remove()
    assert names(bucket, "news/out [1]") == []


# ---- whole runs


def score(code: str, *arguments: str, cwd: Path) -> tuple[int, str]:
    command = [sys.executable, "-c", code, "score", *arguments, "--targets", "t.toml", "--quiet"]
    env = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        command, cwd=cwd, env=env, stderr=subprocess.PIPE, text=True, timeout=BOUND, check=False
    )
    return done.returncode, done.stderr


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A local folder with the articles and a targets file."""
    pytest.importorskip("ray.data", reason="needs the [ray] install")
    for name, text in ARTICLES.items():
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / name).write_text(text)
    (tmp_path / "t.toml").write_text(TARGETS)
    return tmp_path


def rejected(lines: bytes) -> list[tuple[str, str]]:
    rows = [json.loads(line) for line in lines.splitlines()]
    return [(row["path"].removeprefix("s3://news/"), row["reason"]) for row in rows]


def test_an_interrupted_run_is_resumed_with_the_bytes_of_the_local_engine(bucket: Any, here: Path) -> None:
    code, said = score(LOCAL, "in", "-o", "s.jsonl", cwd=here)
    assert code == 3, said
    ray = ("s3://news/in/", "-o", "s3://news/out/s.jsonl", "--engine", "ray")
    code, said = score(STOPPED, *ray, cwd=here)
    assert "run the same command with --resume to continue" in said
    assert any(name.endswith(".jsonl") for name in names(bucket, kept_folder("news/out/s.jsonl")))
    assert "news/out/s.jsonl" not in names(bucket, "news/out")
    code, said = score(RUN, *ray, cwd=here)
    assert (code, "Add --resume to continue" in said) == (2, True), said
    code, said = score(RUN, *ray, "--resume", cwd=here)
    assert code == 3, said

    assert content(bucket, "news/out/s.jsonl") == (here / "s.jsonl").read_bytes()
    assert content(bucket, "news/out/s.jsonl").count(b"\n") == 6
    found = rejected(content(bucket, "news/out/s.jsonl.rejected.jsonl"))
    assert found == rejected((here / "s.jsonl.rejected.jsonl").read_bytes())
    assert [reason for _, reason in found] == ["empty", "bad_json"]
    assert names(bucket, "news/out") == ["news/out/s.jsonl", "news/out/s.jsonl.rejected.jsonl"]


def test_an_output_in_the_input_folder_is_replaced_and_not_read(bucket: Any, here: Path) -> None:
    import pyarrow.parquet

    code, said = score(LOCAL, "in", "-o", "s.parquet", cwd=here)
    assert code == 3, said
    for _ in range(2):
        code, said = score(RUN, "s3://news", "-o", "s3://news/in/s.parquet", "--engine", "ray", cwd=here)
        assert code == 3, said
        table = pyarrow.parquet.read_table(io.BytesIO(content(bucket, "news/in/s.parquet")))
        assert table.equals(pyarrow.parquet.read_table(here / "s.parquet"))
    put(bucket, "news/in/s.parquet.rejected.jsonl", '{"text": "Somebody\'s article."}\n')
    code, said = score(RUN, "s3://news", "-o", "s3://news/in/s.parquet", "--engine", "ray", cwd=here)
    assert (code, "is read and would be overwritten" in said) == (2, True), said
