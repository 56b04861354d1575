"""Hooks of MkDocs (mkdocs.yml): what the documentation as a site has beyond the pages of `docs/`."""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from pymdownx.slugs import slugify

ROOT = Path(__file__).resolve().parent.parent
# Neither an installed harness nor another package that is called `tests`.
sys.path.insert(0, str(ROOT))

from harness.report.html import report  # noqa: E402
from tests.fakes.run import make_run  # noqa: E402

SAMPLE = "sample-report/index.html"

_LINK_OUT = re.compile(r"\[([^]]+)\]\((?:\.\./)+[^)\s]+\)")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Name headings as GitHub does, and put the pages of a folder in its place in the navigation."""
    config.mdx_configs["toc"]["slugify"] = slugify(case="lower")
    config.nav = _without_folders(config.nav or [], Path(config.docs_dir))
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the sample: the report of a run made of recordings, in which some things were put wrong."""
    with tempfile.TemporaryDirectory() as folder:
        text = report.write(make_run(Path(folder)), Path(folder)).read_text(encoding="utf-8")
    files.append(File.generated(config, SAMPLE, content=text))
    return files


def on_page_markdown(markdown: str, /, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Leave out links to files of the repository, which the site does not have; their names stay.

    A page of a folder may lead to pages above it.
    """
    if "/" in page.file.src_uri:
        return markdown
    return _LINK_OUT.sub(r"`\1`", markdown)


def _without_folders(items: list[Any], docs: Path) -> list[Any]:
    """Return a navigation in which each `folder/` is replaced by its pages, without an index of them."""
    found: list[Any] = []
    for item in items:
        if isinstance(item, dict):
            found.append(
                {
                    title: _without_folders(below, docs) if isinstance(below, list) else below
                    for title, below in item.items()
                }
            )
        elif item.endswith("/"):
            pages = sorted((docs / item).glob("*.md"))
            found += [page.relative_to(docs).as_posix() for page in pages if page.name != "README.md"]
        else:
            found.append(item)
    return found
