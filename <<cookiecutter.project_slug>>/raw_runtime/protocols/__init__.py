"""What the runtime asks of parts that can be exchanged."""
