"""The model of results.json, its reader and the report's folder."""
