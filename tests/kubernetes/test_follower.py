import threading
from typing import Any

import pytest

from harness.kubernetes import follower
from harness.kubernetes.client import Cluster
from harness.kubernetes.errors import NotFoundError, UnreachableError
from harness.kubernetes.follower import Follower

SECONDS = 20.0


def named(name):
    return {"metadata": {"name": name}}


class Api(Cluster):
    """Answers each list and each watch as it is scripted; the last watch lasts until somebody ends it."""

    def __init__(self, *turns):
        self.turns = list(turns)
        self.asked = []
        self.open = threading.Event()
        self.ended = threading.Event()

    def list_versioned(self, kind, namespace, *, field_selector=None, **_):
        self.asked.append((kind, namespace, field_selector))
        found, self.changes = self.turns.pop(0) if self.turns else ([], None)
        if isinstance(found, Exception):
            raise found
        return found, str(len(self.asked))

    def watch(
        self, kind, namespace, resource_version, seconds, name=None, *, field_selector=None, opened=None, **_
    ):
        assert (kind, namespace, field_selector) == self.asked[-1]
        assert resource_version == str(len(self.asked)), "a watch goes on from its list"
        assert opened is not None
        opened(self.ended.set)
        yield from self.changes or ()
        if not self.turns:
            self.open.set()
            assert self.ended.wait(SECONDS), "nobody ended the watch"


@pytest.fixture(autouse=True)
def _at_once(monkeypatch):
    monkeypatch.setattr(follower, "_PAUSE_SECONDS", 0.0)


def follow(api, *, add=None, **options):
    """Follow until the last watch is open, and then stop; return what was given."""
    given: list[Any] = []
    following = Follower(api, "Event", options.pop("namespace", "n"), add or given.append, **options)
    following.start()
    assert api.open.wait(SECONDS)
    following.stop()
    assert api.ended.wait(SECONDS)
    return [each["metadata"]["name"] for each in given]


def test_all_that_is_there_and_all_that_comes_is_given():
    api = Api(([named("a")], [("ADDED", named("b")), ("MODIFIED", named("a"))]))
    assert follow(api) == ["a", "b", "a"]


def test_what_is_deleted_is_not_given():
    assert follow(Api(([], [("DELETED", named("a")), ("ADDED", named("b"))]))) == ["b"]


def test_after_a_watch_has_ended_all_is_listed_again():
    api = Api(([named("a")], [("ADDED", named("b"))]), ([named("a"), named("b"), named("missed")], []))
    assert follow(api) == ["a", "b", "a", "b", "missed"]


@pytest.mark.parametrize("error", [UnreachableError("no answer"), NotFoundError("no such kind")])
def test_what_the_api_server_refuses_is_tried_again(error):
    assert follow(Api((error, None), ([named("a")], []))) == ["a"]


def test_an_error_while_an_object_is_added_is_made_up_for_by_the_next_list():
    given = []

    def add(found):
        given.append(found)
        if len(given) == 1:
            raise UnreachableError("cannot get its namespace")

    follow(Api(([named("a")], []), ([named("a")], [])), add=add)
    assert given == [named("a"), named("a")]


def test_the_selector_goes_with_lists_and_watches():
    api = Api(([], []))
    follow(api, namespace=None, field_selector="type=Warning")
    assert set(api.asked) == {("Event", None, "type=Warning")}


def test_stopped_before_the_watch_is_open_it_ends_it():
    api = Api(([], []))
    following = Follower(api, "Event", "n", lambda found: None)
    following.stop()
    following._opened(api.ended.set)
    assert api.ended.is_set()
