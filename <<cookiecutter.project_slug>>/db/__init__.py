"""The system's state: models, sessions, repositories and migrations, on SQLite and PostgreSQL alike."""
