"""The kinds of parts, one module each: what it takes from the command, and the plan it makes of that."""
