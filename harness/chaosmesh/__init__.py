"""What is particular to Chaos Mesh: experiments and phases, capabilities, metrics, known issues."""
