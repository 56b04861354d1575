"""Texts and numbers whose form the API types leave open, in every kind that has them."""

import pytest

from harness.chaosmesh.specs import check

ONE = {"mode": "one", "selector": {"namespaces": ["a"]}}
POD = ONE | {"action": "pod-failure"}
STRESS = ONE | {"stressors": {"cpu": {"workers": 1}}}


def said(kind, spec, **how):
    return [message for _, message, _ in check(kind, spec, **how)]


def schedule(text):
    return {"schedule": text, "type": "PodChaos", "podChaos": POD}


def memory(**fields):
    return ONE | {"stressors": {"memory": {"workers": 1} | fields}}


def loss(text):
    return ONE | {"action": "loss", "loss": {"loss": text}}


def bandwidth(rate):
    return ONE | {"action": "bandwidth", "bandwidth": {"rate": rate, "limit": 1, "buffer": 1}}


def task(deadline):
    return {"entry": "a", "templates": [{"name": "a", "templateType": "Serial", "deadline": deadline}]}


def http(**fields):
    return ONE | {"target": "Request", "port": 80} | fields


def io(**fields):
    return ONE | {"action": "latency", "volumePath": "/a", "delay": "1s"} | fields


@pytest.mark.parametrize(
    ("kind", "spec", "wanted"),
    [
        ("PodChaos", POD | {"duration": "10sek"}, "`spec.duration` of PodChaos is a duration"),
        ("PodChaos", POD | {"duration": "10"}, "`spec.duration` of PodChaos is a duration"),
        ("PodChaos", POD | {"duration": "-10s"}, "`spec.duration` of PodChaos is a duration"),
        ("Schedule", schedule("@every 1m") | {"podChaos": POD | {"duration": "1 m"}}, "a duration"),
        ("BlockChaos", ONE | {"action": "delay", "volumeName": "a", "delay": {"jitter": "x"}}, "a duration"),
        ("IOChaos", io(delay="fast"), "`spec.delay` of IOChaos is a duration"),
        ("IOChaos", io(percent=101), "`spec.percent` of IOChaos is a percentage from 0 to 100"),
        ("HTTPChaos", http(port=0), "`spec.port` of HTTPChaos is a port from 1 to 65535"),
        ("HTTPChaos", http(port=70000), "`spec.port` of HTTPChaos is a port from 1 to 65535"),
        ("HTTPChaos", http(delay="fast"), "`spec.delay` of HTTPChaos is a duration"),
        ("JVMChaos", ONE | {"action": "gc", "port": -1}, "`spec.port` of JVMChaos is a port"),
        ("TimeChaos", ONE | {"timeOffset": "--1m"}, "`spec.timeOffset` of TimeChaos is a duration"),
        ("NetworkChaos", loss("25%"), "`spec.loss.loss` of NetworkChaos is a percentage"),
        ("NetworkChaos", loss("150"), "`spec.loss.loss` of NetworkChaos is a percentage"),
        ("NetworkChaos", loss(""), "`spec.loss.loss` of NetworkChaos is a percentage"),
        ("NetworkChaos", bandwidth("1mb"), "`spec.bandwidth.rate` of NetworkChaos is a rate"),
        ("StressChaos", memory(size="256QB"), "`spec.stressors.memory.size` of StressChaos is a size"),
        ("StressChaos", memory(size="101%"), "`spec.stressors.memory.size` of StressChaos is a size"),
        (
            "StressChaos",
            memory(workers=0),
            "`spec.stressors.memory.workers` of StressChaos is greater than 0",
        ),
        ("Schedule", schedule("*/5 * *"), "it has 5 fields, or 6 with seconds"),
        ("Schedule", schedule("* 24 * * *"), "`24` goes beyond 0 to 23"),
        ("Schedule", schedule("@every 5sek"), "`spec.schedule` of Schedule is a cron expression"),
        ("Schedule", schedule("@often"), "`spec.schedule` of Schedule is a cron expression"),
        ("Workflow", task("10sek"), "`spec.templates[0].deadline` of Workflow is a duration"),
        ("PodChaos", POD | {"mode": "fixed"}, "a number of pods greater than 0, as `mode` is fixed"),
        ("PodChaos", POD | {"mode": "fixed", "value": "some"}, "a number of pods greater than 0"),
        ("PodChaos", POD | {"mode": "fixed-percent", "value": "101"}, "a percentage from 1 to 100"),
    ],
)
def test_what_chaos_mesh_would_refuse_is_found_before(kind, spec, wanted):
    (message,) = said(kind, spec)
    assert wanted in message
    assert said(kind, spec, formats=False) == []


@pytest.mark.parametrize(
    ("kind", "spec"),
    [
        *(("PodChaos", POD | {"duration": text}) for text in ("90s", "1h30m", "1.5s", "100ms", "${d}", "")),
        *(("TimeChaos", ONE | {"timeOffset": text}) for text in ("-10m", "+1h", "0", "1m30s")),
        *(("NetworkChaos", loss(text)) for text in ("0", "100", "12.5", ".5")),
        *(("NetworkChaos", bandwidth(text)) for text in ("1mbps", "500kbit", "1 Gbps", "8bit")),
        *(("StressChaos", memory(size=text)) for text in ("256MB", "1GiB", "256Mi", "25%", "1.5 gb", "4096")),
        *(("HTTPChaos", http(port=port)) for port in (1, 65535)),
        *(
            ("Schedule", schedule(text))
            for text in (
                *("* * * * *", "*/5 * * * *", "0/10 * * * * MON-FRI", "1,2-5 0 1 jan ?"),
                *("@hourly", "@every 1h30m", "TZ=Europe/Berlin 0 6 * * *"),
            )
        ),
        *(("Workflow", task(text)) for text in ("10s", "never")),
        ("PodChaos", POD | {"mode": "fixed", "value": "${parameters.number}"}),
        ("PodChaos", POD | {"mode": "${parameters.mode}"}),
        ("PodChaos", POD | {"mode": "random-max-percent", "value": "100"}),
        ("StressChaos", STRESS),
    ],
)
def test_what_chaos_mesh_takes(kind, spec):
    assert said(kind, spec) == []


def test_a_patch_is_checked_too():
    (message,) = said("PodChaos", {"duration": "5x"}, partial=True)
    assert message.startswith("`spec.duration` of PodChaos is a duration")
