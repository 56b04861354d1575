"""What was observed while a scenario ran, in the order in which it was observed; nothing interpreted."""
