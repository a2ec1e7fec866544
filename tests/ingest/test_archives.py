"""Archives and compressed files: members have a path in the archive, and unsafe or damaged ones are rejected."""

from __future__ import annotations

import gzip
import io
import os
import stat
import struct
import tarfile
import tracemalloc
import zipfile
import zlib
from pathlib import Path

import pyarrow
import pytest
from pyarrow import parquet

from containers import SAID, page, tarred, zipped, zstd
from slant.errors import Rejected
from slant.ingest.decoding import Limits
from slant.ingest.inputs import read_articles
from slant.records import Article

TEXT = "Ferry returns\n\nThe ferry sails again on Monday.\n"
ROWS = b'{"text": "One."}\n{"text": "Two."}\n'


def outcome(path: Path | str, **options: object) -> list[tuple[str, str]]:
    """`(path below the folder, text or reason)` of every result."""
    found = list(read_articles([str(path)], **options))  # type: ignore[arg-type]
    root = os.path.dirname(str(path))
    return [
        (one.path.removeprefix(root + "/"), one.text if isinstance(one, Article) else one.reason)
        for one in found
    ]


def table(text: str) -> bytes:
    file = io.BytesIO()
    parquet.write_table(pyarrow.table({"text": [text]}), file)
    return file.getvalue()


EVERY_KIND = {
    "a.txt": TEXT.encode(),
    "b/b.md": b"# Mill\n\nWords.\n",
    "b/c.jsonl": ROWS,
    "d.json": b'[{"text": "One."}]',
    "e.csv": b"title,text\nMill,Words.\n",
    "f.parquet": table("Words."),
    "g.html": page().encode(),
    "h.jsonl.gz": gzip.compress(ROWS),
}
READ = ["a.txt", "b/b.md", "b/c.jsonl:1", "b/c.jsonl:2", "d.json#1", "e.csv:2", "f.parquet#1", "g.html",
        "h.jsonl.gz:1", "h.jsonl.gz:2"]  # fmt: skip
PACKINGS = {
    "a.zip": zipped(EVERY_KIND),
    "a.tar": tarred(EVERY_KIND),
    "a.tar.gz": gzip.compress(tarred(EVERY_KIND)),
    "a.tgz": gzip.compress(tarred(EVERY_KIND)),
    "a.tar.zst": zstd(tarred(EVERY_KIND)),
    "without_ending": gzip.compress(tarred(EVERY_KIND)),
}


@pytest.mark.parametrize("name", PACKINGS)
def test_all_kinds_of_documents_are_read_from_all_archives(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(PACKINGS[name])
    found = outcome(tmp_path / name)
    assert [where for where, _ in found] == [f"{name}!{inner}" for inner in READ]
    assert [text for _, text in found][:4] == [TEXT, "# Mill\n\nWords.\n", "One.", "Two."]


@pytest.mark.parametrize("name", PACKINGS)
def test_archives_are_read_from_standard_input(name: str) -> None:
    found = outcome("-", stdin=io.BytesIO(PACKINGS[name]))
    assert [where for where, _ in found] == [f"-!{inner}" for inner in READ]


@pytest.mark.parametrize(
    ("name", "data", "where"),
    [
        ("a.txt.gz", gzip.compress(TEXT.encode()), "a.txt.gz"),
        ("a.txt.zst", zstd(TEXT.encode()), "a.txt.zst"),
        ("a.csv.gz", gzip.compress(b"text\n" + TEXT.split("\n")[2].encode()), "a.csv.gz:2"),
        ("a.tsv.zst", zstd(b"text\ttitle\na\tb\n"), "a.tsv.zst:2"),
        ("two.jsonl.gz", gzip.compress(ROWS[:17]) + gzip.compress(ROWS[17:]), "two.jsonl.gz:1"),
        ("a.parquet.gz", gzip.compress(table("Words.")), "a.parquet.gz#1"),
    ],
)
def test_a_compressed_file_is_read_by_its_kind(tmp_path: Path, name: str, data: bytes, where: str) -> None:
    (tmp_path / name).write_bytes(data)
    found = list(read_articles([str(tmp_path)]))
    assert all(isinstance(one, Article) for one in found)
    assert os.path.basename(found[0].path) == where


def test_unsafe_members_of_a_zip_are_rejected_and_the_rest_is_read(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("link.txt")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    locked = zipped({"locked.txt": "x"}).replace(
        b"\x00\x00\x08\x00", b"\x01\x00\x08\x00"
    )  # its flag: encrypted
    members = [
        ("../up.txt", TEXT), ("/top.txt", TEXT), ("c:/windows.txt", TEXT), ("a\\..\\b.txt", TEXT), (link, "/etc/passwd"),
        ("n" * 2000, TEXT), ("inner.zip", zipped({"x.txt": TEXT})), ("twice.txt.gz", gzip.compress(gzip.compress(b"x"))),
        ("photo.jpg", b"\xff\xd8\xff\xe0" + bytes(20)), ("__MACOSX/a.txt", "x"), ("a/.hidden", "x"), ("odd\x1b[2J.txt", TEXT),
    ]  # fmt: skip
    (tmp_path / "a.zip").write_bytes(zipped(members))
    (tmp_path / "b.zip").write_bytes(locked)
    assert outcome(tmp_path / "a.zip") == [
        ("a.zip!../up.txt", "unsafe_path"), ("a.zip!/top.txt", "unsafe_path"), ("a.zip!c:/windows.txt", "unsafe_path"),
        ("a.zip!a\\..\\b.txt", "unsafe_path"), ("a.zip!link.txt", "not_a_file"), (f"a.zip!{'n' * 80}…", "long_name"),
        ("a.zip!inner.zip", "nested_archive"), ("a.zip!twice.txt.gz", "nested_archive"), ("a.zip!photo.jpg", "image"),
        ("a.zip!odd\ufffd[2J.txt", TEXT),
    ]  # fmt: skip
    assert outcome(tmp_path / "b.zip") == [("b.zip!locked.txt", "encrypted")]


def odd(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def test_unsafe_members_of_a_tar_are_rejected_and_the_rest_is_read(tmp_path: Path) -> None:
    members = [
        odd("soft.txt", tarfile.SYMTYPE, "/etc/passwd"), odd("hard.txt", tarfile.LNKTYPE, "a.txt"),
        odd("disk", tarfile.BLKTYPE), odd("pipe", tarfile.FIFOTYPE), odd("folder", tarfile.DIRTYPE),
        odd("../../up.txt", tarfile.REGTYPE), odd("e" * 3000, tarfile.REGTYPE),
    ]  # fmt: skip
    data = tarred({"a.txt": TEXT.encode(), "in.tar": tarred({})}, members)
    (tmp_path / "a.tar.gz").write_bytes(gzip.compress(data))
    assert outcome(tmp_path / "a.tar.gz") == [
        ("a.tar.gz!soft.txt", "not_a_file"), ("a.tar.gz!hard.txt", "not_a_file"), ("a.tar.gz!disk", "not_a_file"),
        ("a.tar.gz!pipe", "not_a_file"), ("a.tar.gz!../../up.txt", "unsafe_path"), (f"a.tar.gz!{'e' * 80}…", "long_name"),
        ("a.tar.gz!a.txt", TEXT), ("a.tar.gz!in.tar", "binary"),
    ]  # fmt: skip


def test_sparse_files_in_a_tar_are_rejected(tmp_path: Path) -> None:
    info = tarfile.TarInfo("holes.jsonl")
    info.pax_headers = {"GNU.sparse.major": "0", "GNU.sparse.minor": "1", "GNU.sparse.size": str(10**15),
                        "GNU.sparse.map": f"0,0,{10**15},0", "GNU.sparse.name": "holes.jsonl"}  # fmt: skip
    (tmp_path / "a.tar").write_bytes(tarred({"a.txt": TEXT.encode()}, [info]))
    assert outcome(tmp_path / "a.tar") == [("a.tar!holes.jsonl", "not_a_file"), ("a.tar!a.txt", TEXT)]


SMALL = Limits(document=200_000, line=200_000, slack=1_000_000)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["a.jsonl.gz", "a.jsonl.zst", "a.txt.gz", "a.csv.zst", "a.tar.gz"])
def test_a_decompression_bomb_is_stopped_early_in_little_memory(tmp_path: Path, name: str) -> None:
    content = b'{"text": "a"}\n' + b" " * 30_000_000 if "jsonl" in name else b"text\na\n" + b" " * 30_000_000
    if ".tar" in name:
        content = tarred({"a.jsonl": content, "b.txt": TEXT.encode()})
    (tmp_path / name).write_bytes(zstd(content) if name.endswith("zst") else gzip.compress(content))
    tracemalloc.start()
    found = outcome(tmp_path / name, limits=SMALL)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found[-1] in [(name, "bomb"), (name, "too_large")]
    assert ("too_large" in found[-1]) == (name == "a.txt.gz"), "a single text has a limit of its own"
    assert peak < 5_000_000


@pytest.mark.slow
def test_a_bomb_in_a_zip_is_rejected_despite_a_false_header_and_the_rest_is_read(tmp_path: Path) -> None:
    honest = zipped({"bomb.csv": b"text\na\n" + b" " * 30_000_000, "z.txt": TEXT})
    size = struct.pack("<I", 30_000_007)
    (tmp_path / "a.zip").write_bytes(honest)
    (tmp_path / "b.zip").write_bytes(honest.replace(size, struct.pack("<I", 40)))  # it claims 40 bytes
    assert outcome(tmp_path / "a.zip", limits=SMALL)[-2:] == [
        ("a.zip!bomb.csv", "bomb"),
        ("a.zip!z.txt", TEXT),
    ]
    lied = outcome(tmp_path / "b.zip", limits=SMALL)
    assert lied[-1] == ("b.zip!z.txt", TEXT)
    assert lied[-2] == ("b.zip!bomb.csv", "bad_archive")


@pytest.mark.slow
def test_members_that_share_bytes_count_against_the_budget_of_the_archive(tmp_path: Path) -> None:
    """Many directory entries point at the same compressed bytes, as in the bombs of D. Fifield (2019)."""
    packed = zlib.compressobj(9, zlib.DEFLATED, -15)
    body = packed.compress(b"a " * 400_000) + packed.flush()
    crc = zlib.crc32(b"a " * 400_000)
    head = struct.pack("<4s5H3I2H", b"PK\3\4", 20, 0, 8, 0, 33, crc, len(body), 800_000, 5, 0) + b"a.csv"
    entry = (
        struct.pack(
            "<4s6H3I5H2I", b"PK\1\2", 20, 20, 0, 8, 0, 33, crc, len(body), 800_000, 5, 0, 0, 0, 0, 0, 0
        )
        + b"a.csv"
    )
    end = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 300, 300, 300 * len(entry), len(head + body), 0)
    (tmp_path / "a.zip").write_bytes(head + body + entry * 300 + end)
    found = outcome(tmp_path / "a.zip", limits=SMALL)
    refused = sum(reason == "bad_archive" for _, reason in found)
    if refused:  # Python 3.11.8, 3.12.2 and later refuse all members but one themselves
        assert (refused, len(found)) == (299, 300)
    else:
        assert found[-1] == ("a.zip", "bomb")
        assert len(found) < 50


def test_the_total_output_is_limited(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(ROWS * 1000))
    assert outcome(tmp_path / "a.jsonl.gz", limits=Limits(unpacked=20_000))[-1] == ("a.jsonl.gz", "bomb")


def test_streams_that_cannot_seek_are_copied_up_to_a_limit() -> None:
    data = gzip.compress(table("Words."))
    assert outcome("-", stdin=io.BytesIO(data)) == [("-#1", "Words.")]
    assert outcome("-", stdin=io.BytesIO(data), limits=Limits(spooled=100)) == [("-", "too_large")]


@pytest.mark.parametrize("pack", [gzip.compress, zstd])
@pytest.mark.parametrize("cut", [0.5, 0.9, 0.999])
def test_a_truncated_compressed_file_yields_its_rows_and_a_rejection(
    tmp_path: Path, pack: object, cut: float
) -> None:
    rows = "".join(f'{{"text": "Row {i * 7919 % 1000} of {i}."}}\n' for i in range(20_000)).encode()
    data = pack(rows)  # type: ignore[operator]
    (tmp_path / "a.jsonl.x").write_bytes(data[: int(len(data) * cut)])
    found = outcome(tmp_path / "a.jsonl.x")
    assert found[-1] == ("a.jsonl.x", "torn")
    assert all(text == f"Row {i * 7919 % 1000} of {i}." for i, (_, text) in enumerate(found[:-1]))
    assert len(found) > 20_000 * (cut - 0.3), "zstd yields whole blocks of 128 kB"


@pytest.mark.parametrize("name", ["a.zip", "a.tar"])
def test_a_truncated_archive_yields_its_complete_members_and_a_rejection(tmp_path: Path, name: str) -> None:
    members = {f"{i}.txt": os.urandom(400).hex().encode() for i in range(5)}
    data = zipped(members) if name == "a.zip" else tarred(members)
    (tmp_path / name).write_bytes(data[: 3 * 1024 + 700] if name == "a.tar" else data[:-30])
    found = outcome(tmp_path / name)
    assert found[-1] == (name, "bad_archive")
    assert len(found) == (1 if name == "a.zip" else 4)


def test_a_tar_without_end_mark_is_rejected(tmp_path: Path) -> None:
    (tmp_path / "a.tar").write_bytes(tarred({"a.txt": TEXT.encode()})[:1024])
    assert outcome(tmp_path / "a.tar") == [("a.tar!a.txt", TEXT), ("a.tar", "bad_archive")]


def test_a_damaged_member_of_a_zip_is_rejected_and_the_next_is_read(tmp_path: Path) -> None:
    data = bytearray(zipped({"a.txt": SAID * 20, "b.txt": TEXT}))
    data[60] ^= 0xFF
    (tmp_path / "a.zip").write_bytes(data)
    assert outcome(tmp_path / "a.zip") == [("a.zip!a.txt", "bad_archive"), ("a.zip!b.txt", TEXT)]


def test_a_member_without_a_name_is_read(tmp_path: Path) -> None:
    # Found by fuzzing.
    (tmp_path / "a.zip").write_bytes(zipped({"@": TEXT, "b.txt": TEXT}).replace(b"@", b"\0"))
    assert outcome(tmp_path / "a.zip") == [("a.zip!", TEXT), ("a.zip!b.txt", TEXT)]


def test_office_documents_and_empty_archives_are_rejected(tmp_path: Path) -> None:
    (tmp_path / "a.docx").write_bytes(zipped({"word/document.xml": "<w/>"}))
    (tmp_path / "b.zip").write_bytes(zipped({"[Content_Types].xml": "<w/>"}))
    (tmp_path / "c.zip").write_bytes(zipped({}))
    (tmp_path / "d.tar.gz").write_bytes(gzip.compress(tarred({})))
    (tmp_path / "e.7z").write_bytes(b"7z\xbc\xaf\x27\x1c")
    found = list(read_articles([str(tmp_path)]))
    assert [one.reason for one in found if isinstance(one, Rejected)] == [
        "empty", "archive", "empty", "binary", "archive",
    ]  # fmt: skip


def test_links_in_a_folder_are_followed_only_within_it(tmp_path: Path) -> None:
    secret, folder = tmp_path / "secret", tmp_path / "in"
    secret.mkdir()
    (folder / "sub").mkdir(parents=True)
    (secret / "key.txt").write_text("Mine.")
    (folder / "a.txt").write_text(TEXT)
    (folder / "b.txt").symlink_to("a.txt")
    (folder / "c.txt").symlink_to(secret / "key.txt")
    (folder / "d").symlink_to(secret)
    (folder / "e").symlink_to("sub")
    (folder / "sub" / "f.txt").symlink_to("../../secret/key.txt")
    out = [
        ("c.txt", "link_outside"),
        ("d", "link_outside"),
        ("e/f.txt", "link_outside"),
        ("sub/f.txt", "link_outside"),
    ]
    assert [(w.removeprefix("in/"), t) for w, t in outcome(folder)] == [
        ("a.txt", TEXT),
        ("b.txt", TEXT),
        *out,
    ]
    matched = list(read_articles([f"{folder}/**/*.txt"]))
    assert {os.path.basename(one.path) for one in matched if isinstance(one, Rejected)} >= {"c.txt", "f.txt"}
    assert all("Mine." not in getattr(one, "text", "") for one in matched)


def test_a_link_given_as_path_is_followed(tmp_path: Path) -> None:
    (tmp_path / "key.txt").write_text(TEXT)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "c.txt").symlink_to(tmp_path / "key.txt")
    (tmp_path / "folder").symlink_to(tmp_path / "in2")
    (tmp_path / "in2").mkdir()
    (tmp_path / "in2" / "a.txt").write_text(TEXT)
    found = list(read_articles([str(tmp_path / "in" / "c.txt"), str(tmp_path / "folder")]))
    assert [getattr(one, "text", None) for one in found] == [TEXT, TEXT]
