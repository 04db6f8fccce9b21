"""Why a model gave no answer, in one sentence that holds nothing of what was sent or came back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic_ai.exceptions import (
    ContentFilterError,
    ModelAPIError,
    ModelAuthenticationError,
    ModelConnectionError,
    ModelContextWindowExceededError,
    ModelHTTPError,
    ModelNotFoundError,
    ModelQuotaExceededError,
    ModelRateLimitError,
    ModelRequestTimeout,
    ModelServerError,
    ModelTimeoutError,
    ModelUnavailableError,
    OutputTokenLimitExceeded,
    RunTimedOut,
    UnexpectedModelBehavior,
    UsageLimitExceeded,
    UserError,
)

if TYPE_CHECKING:
    from configuration.llm import LlmSettings


def too_slow(settings: LlmSettings) -> str:
    """Say that the time is up."""
    return f"it did not answer within {settings.llm_timeout_seconds:g} s (LLM_TIMEOUT_SECONDS)"


def explained(error: Exception, settings: LlmSettings) -> str:
    """Return the sentence for what pydantic-ai raised."""
    if isinstance(error, RunTimedOut | ModelRequestTimeout):
        return too_slow(settings)
    if isinstance(error, UsageLimitExceeded):
        return _over(str(error), settings)
    if isinstance(error, OutputTokenLimitExceeded):
        return f"its answer was cut off at {settings.llm_max_output_tokens} tokens (LLM_MAX_OUTPUT_TOKENS)"
    if isinstance(error, ContentFilterError):
        return "its provider filters the content"
    if isinstance(error, ModelAPIError):
        return _refused(error)
    if isinstance(error, UnexpectedModelBehavior):
        return f"what it answered does not fit what was asked for, {_times(settings.llm_retries + 1)}"
    if isinstance(error, UserError):
        return "it cannot be asked in this way: try another LLM_OUTPUT"
    return f"the connection failed ({type(error).__name__})"


def _refused(error: ModelAPIError) -> str:
    status = f" ({error.status_code})" if isinstance(error, ModelHTTPError) else ""
    if isinstance(error, ModelAuthenticationError):
        return f"its key is refused{status}: check LLM_API_KEY"
    if isinstance(error, ModelNotFoundError):
        return f"the server does not know the model or the address{status}: check LLM_MODEL and LLM_BASE_URL"
    if isinstance(error, ModelQuotaExceededError):
        return f"the account's quota is used up{status}: see to its billing"
    if isinstance(error, ModelContextWindowExceededError):
        return f"the text is too long for the model{status}: lower LLM_MAX_INPUT_TOKENS, or take another LLM_MODEL"
    if isinstance(error, ModelRateLimitError):
        wait = f", and wants a pause of {error.retry_after:g} s" if error.retry_after is not None else ""
        return f"it is asked too often{status}{wait}"
    if isinstance(error, ModelUnavailableError | ModelServerError):
        return f"the server has a fault of its own{status}"
    if isinstance(error, ModelTimeoutError):
        return "the server does not answer: check LLM_BASE_URL and the network"
    if isinstance(error, ModelConnectionError):
        return "the server cannot be reached, or it broke off the connection: check LLM_BASE_URL and the network"
    return f"the server refused the request{status}: check LLM_MODEL and LLM_OUTPUT"


def _over(message: str, settings: LlmSettings) -> str:
    if "cost_limit" in message:
        return f"it cost more than {settings.llm_max_cost_usd} USD (LLM_MAX_COST_USD)"
    if "input_tokens" in message:
        return f"it took in more than {settings.llm_max_input_tokens} tokens (LLM_MAX_INPUT_TOKENS)"
    if "output_tokens" in message:
        return f"it gave more than {settings.llm_max_output_tokens} tokens (LLM_MAX_OUTPUT_TOKENS)"
    return "it was asked too many times for one answer"


def _times(count: int) -> str:
    return "after one try" if count == 1 else f"after {count} tries (LLM_RETRIES)"
