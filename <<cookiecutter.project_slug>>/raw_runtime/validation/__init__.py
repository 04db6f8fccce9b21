"""Checks of RAW workflows that need not run them: structure, portability, purity."""

from raw_runtime.validation.result import Finding, ValidationResult
from raw_runtime.validation.validator import WorkflowValidator

__all__ = ["Finding", "ValidationResult", "WorkflowValidator"]
