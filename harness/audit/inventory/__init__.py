"""What was promised about metrics, by whom, and what there is: the truth table."""
