"""What scenario files in Python import."""
