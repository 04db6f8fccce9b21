"""The coordinator: takes signed webhooks, keeps state, runs RAW workflows, answers queries."""
