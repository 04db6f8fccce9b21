"""The one seam where a language model plugs in, shared by every RAW workflow.

A workflow asks `llm.answer(...)` and passes the heuristic that answers when no model does. The answer
says who gave it. LLM_MODEL names the model; a provider of your own wins over it. In run.py write
`from tools import llm`.
"""

from tools.llm.errors import LlmError
from tools.llm.provider import Provider, Request
from tools.llm.registry import Registry, registry
from tools.llm.tool import HEURISTIC, Answer, answer

__all__ = ["HEURISTIC", "Answer", "LlmError", "Provider", "Registry", "Request", "answer", "registry"]
