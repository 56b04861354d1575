"""Writing a recording and reading it back."""

import gzip
import json
import math
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.base.errors import InfrastructureError, UsageError
from harness.recording.model import (
    AnyEntry,
    Expected,
    KubernetesEvent,
    LayoutDefinition,
    Mark,
    Note,
    Point,
    Reading,
    Recording,
    Samples,
    SeriesDefinition,
)
from harness.recording.reader import RecordingError, RecordingReader, Truncated, definitions, read
from harness.recording.writer import ENTRIES, MANIFEST, RecordingWriter
from tests.fakes.recordings import manifest

RECORDINGS = Path(__file__).parent.parent / "recordings"

ENTRIES_OF_EACH_TYPE: list[AnyEntry] = [
    Mark(time=1.5, step=0, name="started", detail={"of": ["anything"]}),
    SeriesDefinition(number=0, labels={"__name__": "up", "job": "manager"}),
    LayoutDefinition(number=0, series=[0]),
    Samples(layout=0, time=2.0, values=[1.0]),
    Reading(oracle="truth", key="{}", began=2.1, ended=2.2, vector=[Point(labels={"a": "b"}, value=3)]),
    Reading(oracle="truth", key="{}", began=2.3, ended=2.4, vector=None, error="lost"),
    Expected(id="0.0", step=0, spec={"metric": "up", "equals": 1}, jobs=["manager"]),
    KubernetesEvent(
        time=3,
        namespace="n",
        kind="Pod",
        object="p",
        component="c",
        event_type="Normal",
        reason="r",
        message="ü\n",
    ),
    Note(time=4, text="a note\nof two lines"),
]


def write(folder, entries):
    with RecordingWriter(folder, manifest()) as writer:
        for entry in entries:
            writer.write(entry)


def test_every_type_of_entry_comes_back(tmp_path):
    write(tmp_path, ENTRIES_OF_EACH_TYPE)
    reader = RecordingReader(tmp_path)
    assert list(reader.entries()) == ENTRIES_OF_EACH_TYPE
    assert reader.manifest == manifest()
    assert reader.truncated is None


names = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
numbers = st.floats(allow_nan=False)
times = st.floats(-1e11, 1e11)


@given(
    st.lists(
        st.one_of(
            st.builds(
                Mark,
                time=times,
                step=st.integers(0, 9),
                name=st.sampled_from(["started", "acknowledged", "settled", "ended"]),
                detail=st.dictionaries(names, names, max_size=2),
            ),
            st.builds(
                SeriesDefinition, number=st.integers(0), labels=st.dictionaries(names, names, max_size=3)
            ),
            st.builds(LayoutDefinition, number=st.integers(0), series=st.lists(st.integers(0), min_size=1)),
            st.builds(
                Samples,
                layout=st.integers(0),
                time=times,
                values=st.lists(numbers, max_size=4),
            ),
            st.builds(
                Reading,
                oracle=names,
                key=names,
                began=times,
                ended=times,
                vector=st.none()
                | st.lists(
                    st.builds(Point, labels=st.dictionaries(names, names, max_size=2), value=numbers),
                    max_size=2,
                ),
                error=st.none() | names,
            ),
            st.builds(Note, time=times, text=names, detail=st.dictionaries(names, st.integers(), max_size=2)),
        ),
        max_size=12,
        unique_by=lambda each: (each.step, each.name) if isinstance(each, Mark) else id(each),
    )
)
@settings(max_examples=60, deadline=None)
def test_what_is_written_is_read(entries):
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), entries)
        assert list(RecordingReader(Path(folder)).entries()) == entries


def test_not_a_number_and_infinity_come_back(tmp_path):
    write(tmp_path, [Samples(layout=0, time=1.0, values=[math.nan, math.inf, -math.inf, -0.0])])
    (again,) = RecordingReader(tmp_path).entries()
    assert isinstance(again, Samples)
    assert math.isnan(again.values[0])
    assert again.values[1:3] == [math.inf, -math.inf]
    assert math.copysign(1, again.values[3]) == -1


def test_the_same_entries_give_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        write(tmp_path / name, ENTRIES_OF_EACH_TYPE)
    assert (tmp_path / "a" / ENTRIES).read_bytes() == (tmp_path / "b" / ENTRIES).read_bytes()


def test_what_was_written_is_readable_before_the_writer_is_closed(tmp_path):
    writer = RecordingWriter(tmp_path, manifest())
    for count, entry in enumerate(ENTRIES_OF_EACH_TYPE, start=1):
        writer.write(entry)
        reader = RecordingReader(tmp_path)
        assert list(reader.entries()) == ENTRIES_OF_EACH_TYPE[:count]
        assert reader.truncated == Truncated(entries=count, lost=0)
    writer.close()
    reader = RecordingReader(tmp_path)
    assert len(list(reader.entries())) == len(ENTRIES_OF_EACH_TYPE)
    assert reader.truncated is None


def test_cut_off_anywhere_it_gives_a_prefix_and_says_so(tmp_path):
    write(tmp_path, ENTRIES_OF_EACH_TYPE)
    path = tmp_path / ENTRIES
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        reader = RecordingReader(tmp_path)
        found = list(reader.entries())
        assert found == ENTRIES_OF_EACH_TYPE[: len(found)]
        assert reader.truncated is not None
        assert reader.truncated.entries == len(found)


def test_read_gives_the_index_and_the_note(tmp_path):
    write(tmp_path, ENTRIES_OF_EACH_TYPE)
    recording, truncated = read(tmp_path)
    assert truncated is None
    assert isinstance(recording, Recording)
    assert [mark.name for mark in recording.marks] == ["started"]
    path = tmp_path / ENTRIES
    path.write_bytes(path.read_bytes()[:-3])
    _, truncated = read(tmp_path)
    assert str(truncated) == "the recording was cut off after 9 entries"


def test_a_damaged_line_is_named_by_its_number(tmp_path):
    write(tmp_path, ENTRIES_OF_EACH_TYPE)
    path = tmp_path / ENTRIES
    lines = gzip.decompress(path.read_bytes()).split(b"\n")
    lines[2] = b'{"type":"layout","number":0,"series":[0'
    path.write_bytes(gzip.compress(b"\n".join(lines)))
    with pytest.raises(RecordingError, match="line 3, is damaged"):
        list(RecordingReader(tmp_path).entries())


def test_a_second_mark_of_a_step_is_damage(tmp_path):
    write(tmp_path, [Mark(time=at, step=1, name="ended") for at in (1.0, 2.0)])
    with pytest.raises(RecordingError, match="step 1 has a second mark `ended`"):
        list(RecordingReader(tmp_path).entries())


def test_a_damaged_last_line_of_a_finished_recording_is_not_taken_for_a_cut(tmp_path):
    write(tmp_path, ENTRIES_OF_EACH_TYPE)
    path = tmp_path / ENTRIES
    text = gzip.decompress(path.read_bytes())
    path.write_bytes(gzip.compress(text[:-5]))
    with pytest.raises(RecordingError, match="damaged after line 8: the last line has no end"):
        list(RecordingReader(tmp_path).entries())


def test_damaged_bytes_are_an_error(tmp_path):
    write(tmp_path, ENTRIES_OF_EACH_TYPE)
    path = tmp_path / ENTRIES
    data = bytearray(path.read_bytes())
    data[-6] ^= 0xFF
    path.write_bytes(bytes(data))
    with pytest.raises(RecordingError, match="is damaged after line"):
        list(RecordingReader(tmp_path).entries())


def test_anything_after_the_end_is_an_error(tmp_path):
    write(tmp_path, ENTRIES_OF_EACH_TYPE)
    path = tmp_path / ENTRIES
    path.write_bytes(path.read_bytes() + b"more")
    with pytest.raises(RecordingError, match="data after its end"):
        list(RecordingReader(tmp_path).entries())


def test_an_unknown_entry_is_an_error(tmp_path):
    write(tmp_path, [])
    (tmp_path / ENTRIES).write_bytes(gzip.compress(b'{"type":"surprise"}\n'))
    with pytest.raises(RecordingError, match=r"line 1, is damaged.*surprise"):
        list(RecordingReader(tmp_path).entries())


SERIES = [SeriesDefinition(number=number, labels={"__name__": f"m{number}"}) for number in (0, 1)]


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ([Samples(layout=7, time=1, values=[1])], "line 1, .* samples of layout 7, which was not defined"),
        ([LayoutDefinition(number=0, series=[7])], "line 1, .* names series 7, which was not defined before"),
        ([*SERIES, LayoutDefinition(number=0, series=[0, 0])], "line 3, .* names a series twice"),
        ([*SERIES, *2 * [LayoutDefinition(number=0, series=[0])]], "line 4, .*layout 0 is defined twice"),
        ([*SERIES, SERIES[0]], "line 3, is damaged: series 0 is defined twice"),
        ([*SERIES, SeriesDefinition(number=2, labels={"__name__": "m0"})], "series 2 is defined twice"),
        (
            [*SERIES, LayoutDefinition(number=0, series=[0, 1]), Samples(layout=0, time=1, values=[1])],
            "line 4, is damaged: 1 values of a layout of 2 series",
        ),
    ],
)
def test_an_entry_that_does_not_fit_those_before_it_is_damage(tmp_path, entries, message):
    write(tmp_path, entries)
    with pytest.raises(RecordingError, match=message):
        read(tmp_path)


@pytest.mark.parametrize("time", ["NaN", "Infinity"])
def test_a_scrape_has_a_time(tmp_path, time):
    write(tmp_path, [])
    line = f'{{"type":"samples","layout":0,"time":"{time}","values":[1]}}\n'
    (tmp_path / ENTRIES).write_bytes(gzip.compress(line.encode()))
    with pytest.raises(RecordingError, match=r"line 1, is damaged: samples\.time: Input should be a finite"):
        list(RecordingReader(tmp_path).entries())


def test_another_format_is_refused_whatever_else_it_holds(tmp_path):
    write(tmp_path, [])
    (tmp_path / MANIFEST).write_text(json.dumps({"format": 99, "new": True}))
    with pytest.raises(RecordingError, match="has format 99; this version reads format 2"):
        RecordingReader(tmp_path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "cannot read"),
        ("[]", "has format None"),
        ('{"format": 2}', r"cannot read .*scenario: Field required"),
    ],
)
def test_an_unreadable_manifest_is_an_error(tmp_path, text, message):
    write(tmp_path, [])
    (tmp_path / MANIFEST).write_text(text)
    with pytest.raises(RecordingError, match=message):
        RecordingReader(tmp_path)


@pytest.mark.parametrize("name", [MANIFEST, ENTRIES])
def test_a_missing_file_is_a_usage_error(tmp_path, name):
    write(tmp_path, [])
    (tmp_path / name).unlink()
    with pytest.raises(UsageError, match=f"holds no recording: {name} is missing"):
        RecordingReader(tmp_path)


def test_a_full_disk_is_an_infrastructure_error_that_names_the_folder(tmp_path):
    (tmp_path / ENTRIES).symlink_to("/dev/full")
    writer = RecordingWriter(tmp_path, manifest())
    with pytest.raises(InfrastructureError, match="No space left on device") as error:
        writer.write(ENTRIES_OF_EACH_TYPE[0])
    assert str(tmp_path) in str(error.value)
    # It stays so, and closing hides nothing and adds nothing.
    with pytest.raises(InfrastructureError):
        writer.write(ENTRIES_OF_EACH_TYPE[1])
    writer.close()


def test_what_went_wrong_first_is_what_is_raised(tmp_path):
    (tmp_path / ENTRIES).symlink_to("/dev/full")
    with pytest.raises(ZeroDivisionError), RecordingWriter(tmp_path, manifest()):
        raise ZeroDivisionError


def test_a_folder_that_cannot_be_made_is_an_infrastructure_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InfrastructureError, match=r"cannot write the recording .*: Not a directory"):
        RecordingWriter(tmp_path / "file" / "folder", manifest())


def test_the_series_alone_are_read_without_their_samples(tmp_path):
    recordings = sorted(path.parent for path in RECORDINGS.rglob("entries.jsonl.gz"))
    assert recordings
    for path in recordings:
        recording, _ = read(path)
        assert [*definitions(path)] == [series.labels for series in recording.series.values()]
    with pytest.raises(RecordingError):
        next(definitions(tmp_path))
