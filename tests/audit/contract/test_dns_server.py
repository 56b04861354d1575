"""The catalogue against what Chaos Mesh's DNS server exposes: CoreDNS v1.7.0 with client_golang v1.11.1."""

import pytest

from harness.audit.contract.compare import Circumstances, always, compare
from harness.audit.contract.exposed import Exposed, Recorded
from harness.chaosmesh.catalogue import catalogue
from harness.chaosmesh.release import Release
from harness.prometheus.exposition import parse
from harness.results.contract_problem import ProblemKind

JOB = "chaos-dns-server"
GC = "A summary of the pause duration of garbage collection cycles."
TEXT = f"""\
# HELP coredns_build_info A metric with a constant '1' value labeled by version, revision, and goversion \
from which CoreDNS was built.
# TYPE coredns_build_info gauge
coredns_build_info{{goversion="go1.26.8",revision="",version="1.7.0"}} 1
# HELP coredns_dns_requests_total Counter of DNS requests made per zone, protocol and family.
# TYPE coredns_dns_requests_total counter
coredns_dns_requests_total{{family="1",proto="udp",server="dns://:5353",type="A",zone="."}} 1
# HELP coredns_dns_responses_total Counter of response status codes.
# TYPE coredns_dns_responses_total counter
coredns_dns_responses_total{{rcode="NOERROR",server="dns://:5353",zone="."}} 1
# HELP coredns_panics_total A metrics that counts the number of panics.
# TYPE coredns_panics_total counter
coredns_panics_total 0
# HELP coredns_plugin_enabled A metric that indicates whether a plugin is enabled on per server and zone \
basis.
# TYPE coredns_plugin_enabled gauge
coredns_plugin_enabled{{name="k8s_dns_chaos",server="dns://:5353",zone="."}} 1
# HELP go_gc_duration_seconds {GC}
# TYPE go_gc_duration_seconds summary
go_gc_duration_seconds{{quantile="0"}} 0.1
go_gc_duration_seconds_sum 0.1
go_gc_duration_seconds_count 6
# HELP go_goroutines Number of goroutines that currently exist.
# TYPE go_goroutines gauge
go_goroutines 18
# HELP go_info Information about the Go environment.
# TYPE go_info gauge
go_info{{version="go1.26.8"}} 1
# HELP go_threads Number of OS threads created.
# TYPE go_threads gauge
go_threads 9
# HELP process_cpu_seconds_total Total user and system CPU time spent in seconds.
# TYPE process_cpu_seconds_total counter
process_cpu_seconds_total 0.1
# HELP process_max_fds Maximum number of open file descriptors.
# TYPE process_max_fds gauge
process_max_fds 1000
# HELP process_open_fds Number of open file descriptors.
# TYPE process_open_fds gauge
process_open_fds 9
# HELP process_resident_memory_bytes Resident memory size in bytes.
# TYPE process_resident_memory_bytes gauge
process_resident_memory_bytes 1
# HELP process_start_time_seconds Start time of the process since unix epoch in seconds.
# TYPE process_start_time_seconds gauge
process_start_time_seconds 1
# HELP process_virtual_memory_bytes Virtual memory size in bytes.
# TYPE process_virtual_memory_bytes gauge
process_virtual_memory_bytes 1
# HELP process_virtual_memory_max_bytes Maximum amount of virtual memory available in bytes.
# TYPE process_virtual_memory_max_bytes gauge
process_virtual_memory_max_bytes 1
"""
GIVEN = Circumstances(Release.of("v2.8.4"), {"dns-server": None})


def problems(text=TEXT):
    target = Exposed(JOB, "one", parse(text, "text/plain; version=0.0.4"))
    return [each for each in compare(catalogue(), [target], Recorded(), GIVEN) if each.job == JOB]


def test_its_older_libraries_are_no_difference():
    assert problems() == []


def test_what_newer_libraries_expose_is_not_awaited():
    there = {metric.name for metric in always(catalogue(), GIVEN) if JOB in metric.components}
    assert "process_open_fds" in there
    assert not {"process_network_receive_bytes_total", "process_network_transmit_bytes_total"} & there


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        (GC, GC.replace("pause", "wall-time pause (stop-the-world)"), ProblemKind.HELP),
        ('type="A",', "", ProblemKind.LABEL_MISSING),
        ('family="1"', 'family="1",view=""', ProblemKind.LABEL_ADDED),
        ("go_threads", "coredns_threads", ProblemKind.NOT_SEEN),
    ],
)
def test_what_differs_from_it_is(old, new, kind):
    assert [each.kind for each in problems(TEXT.replace(old, new))] == [kind]
