"""What the system reads and writes, one module a subject. Each function works in the caller's transaction.

Times default to now; tests pass their own. `DatabaseUnavailableError` comes out of the session, not of these functions.
"""
