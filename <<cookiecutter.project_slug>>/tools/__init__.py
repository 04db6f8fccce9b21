"""Integrations that RAW workflows and processes share, one package each."""
