"""The pod network's configuration and the commands that connect nodes."""

from __future__ import annotations

import json

from harness.stack import cni

ONE = cni.NodeNetwork("one", "10.89.0.2", "10.244.0.0/24")
TWO = cni.NodeNetwork("two", "10.89.0.3", "10.244.1.0/24")


def test_a_node_uses_its_own_pod_addresses() -> None:
    plugins = {plugin["type"]: plugin for plugin in json.loads(cni.conflist(TWO.pods))["plugins"]}
    assert plugins["bridge"]["ipam"]["ranges"] == [[{"subnet": "10.244.1.0/24"}]]
    assert plugins["portmap"]["capabilities"] == {"portMappings": True}


def test_there_is_one_default_route() -> None:
    """With `isDefaultGateway` and a default route in `ipam` the plugin adds it twice and fails."""
    bridge = json.loads(cni.conflist(ONE.pods))["plugins"][0]
    assert bridge["isGateway"] is True
    assert "isDefaultGateway" not in bridge
    assert bridge["ipam"]["routes"] == [{"dst": "0.0.0.0/0"}]


def test_pods_keep_their_address_between_nodes() -> None:
    assert json.loads(cni.conflist(ONE.pods))["plugins"][0]["ipMasq"] is False
    assert "--source 10.244.0.0/24 ! --destination 10.244.0.0/16 --jump MASQUERADE" in cni.commands(
        ONE, [TWO]
    )


def test_each_other_node_gets_a_route() -> None:
    script = cni.commands(ONE, [TWO])
    assert "ip route replace 10.244.1.0/24 via 10.89.0.3" in script
    assert "10.89.0.2" not in script


def test_the_configuration_appears_last_and_whole() -> None:
    lines = cni.commands(ONE, []).splitlines()
    assert lines[0] == "set -e"
    assert lines[-1] == f"mv {cni.CONFLIST}.new {cni.CONFLIST}"


def test_a_bridge_with_another_address_is_removed() -> None:
    assert "grep -q ' 10.244.1.1/'" in cni.commands(TWO, [ONE])


def test_addresses_are_read_from_the_nodes() -> None:
    node = {
        "metadata": {"name": "one"},
        "spec": {"podCIDR": "10.244.0.0/24"},
        "status": {
            "addresses": [
                {"type": "Hostname", "address": "one"},
                {"type": "InternalIP", "address": "fc00::2"},
                {"type": "InternalIP", "address": "10.89.0.2"},
            ]
        },
    }
    assert cni.networks([node]) == [ONE]
