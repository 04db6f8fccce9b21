"""Parts that can be exchanged, ready to use."""

from raw_runtime.drivers.approval import AutoApprovalHandler, ConsoleApprovalHandler

__all__ = ["AutoApprovalHandler", "ConsoleApprovalHandler"]
