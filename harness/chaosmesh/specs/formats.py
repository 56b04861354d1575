"""What the texts and numbers of a spec have to look like where the API types alone do not say it.

Chaos Mesh checks these in its webhook, when an object is applied (api/v1alpha1/*_webhook.go), and a few only
in the controllers or the daemon.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from harness.base.durations import GO
from harness.scenario.positions import DocumentPath

_RATE = re.compile(r"\s*\d+\s*(?:[kmgt]?bit|[kmgt]?bps)\s*", re.IGNORECASE)
_SIZE = re.compile(r"\d+(?:\.\d+)?\s*(?:[kmgtp]i?)?[bc]?", re.IGNORECASE)
_NUMBER = re.compile(r"\d+(?:\.\d*)?|\.\d+")
_CODES = re.compile(r"([1-5]\d\d)(?:-([1-5]\d\d))?")
_CRON_PLACE = re.compile(
    r"(?:\*|\?|[0-9a-z]+(?:-[0-9a-z]+)?)(?:/[1-9]\d*)?(?:,(?:\*|\?|[0-9a-z]+(?:-[0-9a-z]+)?)(?:/[1-9]\d*)?)*",
    re.IGNORECASE,
)
_CRON_ZONE = re.compile(r"(?:CRON_)?TZ=\S+\s+")
_CRON_NAMES = ("@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly")
_CRON_RANGES = ((0, 59), (0, 59), (0, 23), (1, 31), (1, 12), (0, 6))
_PORTS = range(1, 1 << 16)
_PERCENT = range(101)


def _duration(value: Any) -> str | None:
    good = value in ("", "0") or GO.fullmatch(value)
    return None if good else "a duration such as 90s, 15m or 1h30m"


def _offset(value: Any) -> str | None:
    unsigned = re.sub(r"^[+-]", "", value)
    good = unsigned == "0" or GO.fullmatch(unsigned)
    return None if good else "a duration such as -10m or 1h30m"


def _rate(value: Any) -> str | None:
    return None if _RATE.fullmatch(value) else "a rate such as 1mbps or 500kbit"


def _percentage(value: Any) -> str | None:
    good = isinstance(value, str) and _NUMBER.fullmatch(value) and float(value) <= _PERCENT[-1]
    return None if good or value == "" else "a percentage from 0 to 100 without its sign, such as 25 or 12.5"


def _needed_percentage(value: Any) -> str | None:
    return _percentage(value or "none")


def _percent(value: Any) -> str | None:
    if isinstance(value, str):
        return _percentage(value)
    return None if value in _PERCENT else "a percentage from 0 to 100"


def _size(value: Any) -> str | None:
    if value.endswith("%"):
        good = value[:-1].isdecimal() and int(value[:-1][:4]) in _PERCENT
    else:
        good = value == "" or _SIZE.fullmatch(value) is not None
    return None if good else "a size such as 256MB, 1GiB or 25%"


def _port(value: Any) -> str | None:
    if isinstance(value, str):
        good = value == "" or (value.isdecimal() and int(value[:6]) in _PORTS)
    else:
        good = value in _PORTS
    return None if good else "a port from 1 to 65535"


def _code(value: Any) -> str | None:
    codes = _CODES.fullmatch(str(value))
    return None if codes else "a status code such as 200, or a range such as 200-399"


def _cron(value: Any) -> str | None:
    told = "a cron expression such as `*/5 * * * *`, or `@every 30s`"
    text = _CRON_ZONE.sub("", value.strip(), count=1)
    if text.startswith("@every "):
        return None if GO.fullmatch(text.removeprefix("@every ").strip()) else told
    if text.startswith("@"):
        return None if text in _CRON_NAMES else told
    places = text.split()
    if len(places) not in (5, 6):
        return f"{told}; it has 5 fields, or 6 with seconds"
    for place, (least, most) in zip(reversed(places), reversed(_CRON_RANGES), strict=False):
        if not _CRON_PLACE.fullmatch(place):
            return told
        numbers = [int(each) for each in re.findall(r"(?<![/\d])\d+", place)]
        if not all(least <= number <= most for number in numbers):
            return f"{told}; `{place}` goes beyond {least} to {most}"
    return None


def _workers(value: Any) -> str | None:
    return None if value > 0 else "greater than 0"


_Says = Callable[[Any], str | None]
_STRINGS: Mapping[str, _Says] = {
    "deadline": _duration,
    "delay": _duration,
    "duration": _duration,
    "jitter": _duration,
    "latency": _duration,
    "time-offset": _offset,
    "timeOffset": _offset,
    "rate": _rate,
    "corrupt": _needed_percentage,
    "correlation": _percentage,
    "duplicate": _needed_percentage,
    "loss": _needed_percentage,
    "percent": _percentage,
    "reorder": _needed_percentage,
    "size": _size,
    "port": _port,
    "statusCode": _code,
    "schedule": _cron,
}
_NUMBERS: Mapping[str, _Says] = {"percent": _percent, "port": _port, "workers": _workers}


def wanted(at: DocumentPath, value: Any) -> str | None:
    """Return what a field should be, if its value is not that; None where nothing is known of its form.

    Args:
        at: where in a spec it is; fields of a name mean the same in every kind.
        value: a text or a number.
    """
    name = next((str(each) for each in reversed(at) if isinstance(each, str)), "")
    if not at or at[-1] != name:
        return None
    if "templates" in at and isinstance(value, str) and value.isalpha():
        # The webhook lets everything into a workflow; what then goes wrong can be what a scenario is about,
        # and a plain word in place of a number is meant.
        return None
    says = (_STRINGS if isinstance(value, str) else _NUMBERS).get(name)
    return says(value) if says else None


def wanted_of_mode(mode: Any, value: Any) -> str | None:
    """Return what `value` beside a `mode` should be, if it is not that (PodSelector.Validate)."""
    number = int(value[:9]) if isinstance(value, str) and value.isdecimal() else 0
    if mode == "fixed":
        return None if number > 0 else "a number of pods greater than 0, as `mode` is fixed"
    if mode in ("fixed-percent", "random-max-percent"):
        return None if 0 < number <= _PERCENT[-1] else f"a percentage from 1 to 100, as `mode` is {mode}"
    return None
