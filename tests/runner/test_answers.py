from harness.prometheus.prometheus import QueryResult as Said
from harness.runner.answers import answer_of


def kept(**said):
    return answer_of("x", 5.0, 6.0, Said(**said))


def test_a_vector_is_kept_with_its_labels_and_values():
    kept_one = kept(
        result_type="vector",
        result=[{"metric": {"a": "b"}, "value": [5, "+Inf"]}],
        warnings=["w"],
        infos=["i"],
    )
    assert (kept_one.expression, kept_one.time, kept_one.asked) == ("x", 5.0, 6.0)
    (point,) = kept_one.vector
    assert (point.labels, point.value) == ({"a": "b"}, float("inf"))
    assert (kept_one.warnings, kept_one.infos, kept_one.error) == (["w"], ["i"], None)


def test_native_histograms_are_counted_and_are_no_points():
    result = [{"metric": {}, "histogram": [5, {"count": "1"}]}, {"metric": {"a": "b"}, "value": [5, "2"]}]
    kept_one = kept(result_type="vector", result=result)
    assert kept_one.histograms == 1
    assert [point.value for point in kept_one.vector] == [2.0]


def test_what_is_no_vector_has_none():
    assert kept(result_type="scalar", result=[5, "1"]).vector is None
    assert kept(result_type="matrix", result=[{"metric": {}, "values": [[5, "1"]]}]).vector is None
    refused = kept(error_type="bad_data", error="parse error")
    assert (refused.vector, refused.error_type, refused.error) == (None, "bad_data", "parse error")
