"""Temporal workflows: contracts, processes, activities, worker, client, validation.

Workflow modules (`*_process`, `outbox_sweep`) import only temporalio, the standard library, `base` and contracts:
the SDK runs them in a sandbox that imports them again, and a database driver does not survive that.
"""
