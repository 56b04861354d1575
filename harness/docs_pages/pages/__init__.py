"""The generated pages, one module a kind of page.

Every module of this package has a function `pages(sources)` that yields its pages, or
`pages_about(sources, made)` for what is about all others; `harness.docs_pages.page.all_pages` finds them.
"""
