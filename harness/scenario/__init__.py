"""The scenario language: model, loading, templates. Knows no cluster."""
