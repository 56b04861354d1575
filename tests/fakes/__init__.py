"""Hand-written fakes that several packages' tests share."""
