"""What every package may use: errors, bounded processes, progress lines, bundled files."""
