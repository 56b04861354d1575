"""A picture as the page has it, parsed."""

from xml.etree import ElementTree

from harness.report.html import page

SVG = "{http://www.w3.org/2000/svg}"


def svg(drawing):
    """Return the root of a drawing's SVG; one that is not well-formed is an error."""
    template = page.environment().from_string('{% from "drawing.html" import drawing %}{{ drawing(it) }}')
    return ElementTree.fromstring(template.render(it=drawing).strip())
