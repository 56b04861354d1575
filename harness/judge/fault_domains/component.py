"""What the look at the component itself came to, in sentences."""

from __future__ import annotations

from harness.judge.argument import time_text
from harness.judge.fault_domains.exposed import DirectSample
from harness.judge.fault_domains.scene import FailureContext
from harness.judge.fault_domains.words import MOST, values_text
from harness.judge.state import target_text


def component(scene: FailureContext) -> list[str]:
    """Return a sentence for each look; where Prometheus differs, the layer scrape says so itself."""
    return [_sentence(each, declared=scene.declared is not None) for each in scene.looked[:MOST]] or [
        "The component itself was not asked."
    ]


def _sentence(each: DirectSample, *, declared: bool) -> str:
    name, at = target_text(each.target), time_text(each.look.began)
    if each.look.samples is None:
        return f"The component {name} itself could not be asked: {each.unusable}."
    if declared and each.confirms() and not each.agrees():
        exposed = values_text({labels: values[0] for labels, values in each.exposed.items()})
        return f"{name} itself exposed {exposed} at {at}; nothing of what Prometheus stored contradicts it."
    if each.unusable:
        return f"What {name} itself exposed at {at} cannot be compared: {each.unusable}."
    if each.agrees():
        exposed = values_text({labels: values[0] for labels, values in each.exposed.items()})
        return f"{name} itself exposed the same at {at} as Prometheus stored before and after it: {exposed}."
    return f"What {name} itself exposed at {at} was changing from scrape to scrape."
