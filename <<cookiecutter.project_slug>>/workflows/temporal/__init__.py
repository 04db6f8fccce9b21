"""Temporal workflows: contracts, the hiring process, activities, worker, client, validation.

Workflow modules (`hiring_process`, `outbox_sweep`) import only temporalio, the standard library and `contracts`:
the SDK runs them in a sandbox that imports them again, and a database driver does not survive that.
"""
