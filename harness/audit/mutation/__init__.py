"""Whether expectations can fail: recordings are judged again with samples that were made wrong on purpose."""
