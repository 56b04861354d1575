"""A cluster that is there already, named by `--context`: what is in it is used, and little is installed."""
