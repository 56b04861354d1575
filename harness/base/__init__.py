"""What every room may use: errors, bounded processes, progress lines, bundled files."""
