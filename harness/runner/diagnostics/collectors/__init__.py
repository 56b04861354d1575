"""One file a kind of evidence.

A module has a function `collect(scene)` that yields files as (name, text); the first line of its docstring
says what they are. It raises what it likes: that is noted, and what it yielded before is kept.
"""
