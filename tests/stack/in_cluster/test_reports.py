"""A report comes through the API server's proxy as it is, or not at all; nothing of it lies elsewhere."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from harness.kubernetes.client import Cluster
from harness.kubernetes.errors import UnreachableError
from harness.stack.in_cluster import reports
from harness.stack.in_cluster.pod import pack
from harness.stack.in_cluster.reports import ReportError
from tests.kubernetes.conftest import ApiServer, Request
from tests.stack.in_cluster.conftest import SECRET

PROXY = "/api/v1/namespaces/chaos-harness/pods/shard-0:8080/proxy"


@pytest.fixture
def report(tmp_path: Path) -> Path:
    """Return a report, packed as a shard packs it."""
    folder = tmp_path / "report"
    (folder / "recordings/a").mkdir(parents=True)
    (folder / "results.json").write_text("{}")
    (folder / "recordings/a/entries.jsonl").write_bytes(b"x" * 3_000_000)
    (folder / "link").symlink_to("/etc/passwd")
    archive = tmp_path / "packed.tar.gz"
    pack(folder, archive)
    return archive


def archive_of(path: Path, *members: tarfile.TarInfo, content: bytes = b"") -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for member in members:
            archive.addfile(member, io.BytesIO(content))
    return path


def member(name: str, kind: bytes = tarfile.REGTYPE, size: int = 0) -> tarfile.TarInfo:
    found = tarfile.TarInfo(name)
    found.type, found.size = kind, size
    found.linkname = "/etc/passwd" if kind in (tarfile.SYMTYPE, tarfile.LNKTYPE) else ""
    return found


def test_a_report_is_fetched_and_its_pod_told_so(
    api: ApiServer, cluster: Cluster, report: Path, tmp_path: Path
) -> None:
    def answer(request: Request) -> None:
        content = report.read_bytes() if request.method == "GET" else b""
        request.answer(200, content, "application/gzip")

    api.route = answer
    reports.fetch(cluster, "shard-0", SECRET, tmp_path / "1")
    assert (tmp_path / "1/results.json").read_text() == "{}"
    assert (tmp_path / "1/recordings/a/entries.jsonl").stat().st_size == 3_000_000
    # A report has no links, and a pod's would name what is here.
    assert not (tmp_path / "1/link").exists()
    assert [(each.method, each.path) for each in api.requests] == [
        ("GET", f"{PROXY}/{SECRET}/report.tar.gz"),
        ("POST", f"{PROXY}/{SECRET}/done"),
    ]
    assert not [*tmp_path.glob("1.tar.gz*")]


@pytest.mark.parametrize("status", [404, 502, 503])
def test_another_answer_is_no_report(api: ApiServer, cluster: Cluster, tmp_path: Path, status: int) -> None:
    api.route = lambda request: request.answer(status, {"kind": "Status"})
    with pytest.raises(
        UnreachableError, match=f"cannot fetch the report of the pod shard-0: status {status}"
    ):
        reports.fetch(cluster, "shard-0", SECRET, tmp_path / "1")
    assert len(api.requests) == 1
    assert not [*tmp_path.glob("1*")]


def test_a_report_that_is_too_large_is_not_taken(
    api: ApiServer, cluster: Cluster, report: Path, tmp_path: Path
) -> None:
    api.route = lambda request: request.answer(200, report.read_bytes())
    with pytest.raises(ReportError, match="it has more than 100 bytes"):
        reports.download(cluster, "shard-0", "/x", tmp_path / "out", most=100)
    assert not (tmp_path / "out").exists()


def test_one_that_was_cut_short_is_no_report(report: Path, tmp_path: Path) -> None:
    short = tmp_path / "short.tar.gz"
    short.write_bytes(report.read_bytes()[:-200])
    with pytest.raises(ReportError, match="the report 1 was cut short"):
        reports.unpack(short, tmp_path / "1")


@pytest.mark.parametrize(
    "wrong",
    [
        member("../outside"),
        member("/absolute"),
        member("a/../../outside"),
        member("link", tarfile.SYMTYPE),
        member("hard", tarfile.LNKTYPE),
        member("device", tarfile.CHRTYPE),
        member("pipe", tarfile.FIFOTYPE),
    ],
    ids=lambda each: each.name,
)
def test_nothing_but_files_below_the_folder_is_unpacked(tmp_path: Path, wrong: tarfile.TarInfo) -> None:
    archive = archive_of(tmp_path / "x.tar.gz", wrong)
    with pytest.raises(ReportError, match="holds what no report has"):
        reports.unpack(archive, tmp_path / "below/1")
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["1", "below", "x.tar.gz"]


def test_what_grows_without_end_is_not_unpacked(tmp_path: Path) -> None:
    archive = archive_of(tmp_path / "x.tar.gz", member("zeros", size=100_000), content=b"\0" * 100_000)
    with pytest.raises(ReportError, match="too large to be unpacked"):
        reports.unpack(archive, tmp_path / "1", most=99_999)


def test_what_is_no_archive_is_no_report(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("<html>")
    with pytest.raises(ReportError, match="was cut short"):
        reports.unpack(tmp_path / "x", tmp_path / "1")
