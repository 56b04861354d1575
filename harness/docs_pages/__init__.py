"""What helps people to write scenarios and to read about them: generated pages, new scenario files."""
