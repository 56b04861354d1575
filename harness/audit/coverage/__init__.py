"""Which transitions of which metrics are proven by expectations, against all that the catalogue knows."""
