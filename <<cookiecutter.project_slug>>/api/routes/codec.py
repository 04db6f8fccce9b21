"""Temporal's remote codec: the web UI and the `temporal` command let payloads be decrypted here."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.security import HTTPAuthorizationCredentials
from google.protobuf.json_format import MessageToJson, ParseDict, ParseError
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send
from temporalio.api.common.v1 import Payloads

from api.bodies import JSON, media_type
from api.context import context_of
from api.problems import Problem, invalid, responses
from api.security import Needs, bearer
from db.repositories.api_keys import Principal
from workflows.temporal.codec import CodecError, EncryptionCodec

router = APIRouter(prefix="/codec", tags=["codec"])

_HEADERS = ("Authorization", "Authorization-Extras", "Content-Type", "X-Namespace")
_CACHE_SECONDS = 600
_needs_admin = Needs("admin")


async def _may(request: Request, given: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]) -> Principal:
    """Return who calls: a key as bearer token, or, from a browser that was asked at `/codec`, as a password."""
    return await _needs_admin(request, _password(request) or given)


Caller = Annotated[Principal, Depends(_may)]

_PAYLOADS: dict[str, Any] = {
    "type": "object",
    "description": "Temporal's Payloads, in the JSON form of protocol buffers: bytes are in base64.",
    "properties": {
        "payloads": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "metadata": {"type": "object", "additionalProperties": {"type": "string", "format": "byte"}},
                    "data": {"type": "string", "format": "byte"},
                },
            },
        }
    },
}
PLAIN = {"payloads": [{"metadata": {"encoding": "anNvbi9wbGFpbg=="}, "data": "eyJlbnRpdHlfaWQiOiI0MiJ9"}]}
ENCRYPTED = {
    "payloads": [
        {
            "metadata": {
                "encoding": "YmluYXJ5L2VuY3J5cHRlZA==",
                "encryption-cipher": "QUVTLTI1Ni1HQ00=",
                "encryption-key-id": "YTQ3ZmRjYmE0NDNiOGJmMQ==",
            },
            "data": "c2l4dHkgYnl0ZXMgb2Ygbm9uY2UsIGNpcGhlcnRleHQgYW5kIHRhZw==",
        }
    ]
}


def _openapi(given: dict[str, Any]) -> dict[str, Any]:
    return {
        "requestBody": {"required": True, "content": {JSON: {"schema": _PAYLOADS, "example": given}}},
        "parameters": [
            {
                "name": "X-Namespace",
                "in": "header",
                "required": False,
                "description": "The namespace that the payloads are from; the keys are the same for all.",
                "schema": {"type": "string"},
                "example": "default",
            }
        ],
    }


def _answers(answered: dict[str, Any]) -> dict[int | str, dict[str, Any]]:
    good = {
        "description": "The payloads, in their order.",
        "content": {JSON: {"schema": _PAYLOADS, "example": answered}},
    }
    return {200: good, **responses(401, 403, 404, 413, 415, 422)}


@router.post("/encode", response_class=Response, responses=_answers(ENCRYPTED), openapi_extra=_openapi(PLAIN))
async def encode(request: Request, _: Caller) -> Response:
    """Encrypt payloads under the current key."""
    return _answer(await _codec(request).encode((await _payloads(request)).payloads))


@router.post("/decode", response_class=Response, responses=_answers(PLAIN), openapi_extra=_openapi(ENCRYPTED))
async def decode(request: Request, _: Caller) -> Response:
    """Decrypt payloads; those that are not encrypted come back as they are."""
    try:
        return _answer(await _codec(request).decode((await _payloads(request)).payloads))
    except CodecError as error:
        raise Problem(422, "undecodable", str(error)) from None


@router.get("", include_in_schema=False)
async def sign_in(request: Request) -> Response:
    """Ask a browser for a key, which it then sends for the web UI, too; the user's name does not matter."""
    if (given := _password(request)) is None:
        challenge = {"WWW-Authenticate": 'Basic realm="API key as password", charset="UTF-8"'}
        raise Problem(401, "unauthorized", "Give an API key with the scope admin as the password.", headers=challenge)
    await _needs_admin(request, given)
    return PlainTextResponse(
        "Signed in. In Temporal's web UI, under the glasses icon, set the codec server to this address "
        "and include cross-origin credentials.\n"
    )


def _codec(request: Request) -> EncryptionCodec:
    codec = context_of(request).codec
    if codec is None:
        raise Problem(404, "not-found", "Nothing is encrypted here: TEMPORAL_CODEC_KEYS is not set.")
    return codec


async def _payloads(request: Request) -> Payloads:
    media_type(request, (JSON,))
    body = await request.body()
    try:
        document = json.loads(body)
        if not isinstance(document, dict):
            raise TypeError
        return ParseDict(document, Payloads(), ignore_unknown_fields=True)
    except (ParseError, ValueError, TypeError, AttributeError, RecursionError):
        # The parser's words repeat what was sent.
        message = 'The body is not {"payloads": [{"metadata": {…}, "data": …}]} with bytes in base64.'
        raise invalid([{"field": "", "message": message}]) from None


def _answer(payloads: list[Any]) -> Response:
    return Response(MessageToJson(Payloads(payloads=payloads), indent=None), media_type=JSON)


def _password(request: Request) -> HTTPAuthorizationCredentials | None:
    """Return the password of HTTP Basic as the key that it is; None without one."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        _, colon, password = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return None
    return HTTPAuthorizationCredentials(scheme="Bearer", credentials=password) if colon and password else None


class CodecCors:
    """Lets pages of one origin, the web UI's, call `/codec/...` with credentials; no other page, no other path."""

    def __init__(self, app: ASGIApp, *, origin: str) -> None:
        self._app = app
        self._with_cors = CORSMiddleware(
            app,
            allow_origins=[origin],
            allow_methods=["POST"],
            allow_headers=_HEADERS,
            allow_credentials=True,
            max_age=_CACHE_SECONDS,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take one request."""
        own = scope["type"] == "http" and scope["path"].startswith("/codec/")
        await (self._with_cors if own else self._app)(scope, receive, send)
