"""What `temporal workflow validate` checks; `workflows.temporal.validate` runs it in a process of its own."""
