"""Hand-written fakes that several rooms' tests share."""
