"""Imports of network and database libraries: a RAW workflow computes, others fetch and store."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from raw_runtime.validation.portable import warn
from raw_runtime.validation.reach import is_type_checking
from raw_runtime.validation.result import Finding
from raw_runtime.validation.source import Source, words

_NETWORK = words("""
aiohttp aiosmtplib azure boto3 aioboto3 botocore cohere ftplib google.cloud google.genai google.generativeai grpc
http.client httplib2 httpx imaplib kafka aiokafka confluent_kafka anthropic langchain langchain_core langchain_openai
litellm minio mistralai nats obstore ollama openai aio_pika pika paramiko poplib pycurl pydantic_ai s3fs slack
slack_bolt slack_sdk smtplib socket socketserver ssl stripe telnetlib temporalio twilio urllib.request urllib3
websocket websockets xmlrpc requests requests_html zmq
""")
_DATABASE = words("""
MySQLdb aiomysql aiosqlite alembic asyncpg cassandra clickhouse_connect clickhouse_driver cx_Oracle databases
elasticsearch motor mysql neo4j opensearchpy oracledb peewee pg8000 psycopg psycopg2 psycopg_pool pymongo pymssql
pymysql pyodbc redis snowflake sqlalchemy sqlite3 sqlmodel tortoise valkey
""")
_OUTER = ("api", "db", "scaffold", "tracing", "workflows")
_KINDS = {**dict.fromkeys(_NETWORK, "network"), **dict.fromkeys(_DATABASE, "database")}
_NETWORK_CALLS = {"asyncio.open_connection", "asyncio.start_server", "asyncio.open_unix_connection"}


def check_libraries(source: Source, project_root: Path) -> Iterator[Finding]:
    """Yield a warning for each import or use of such a library, wherever it stands in the file."""
    skipped = {
        id(inner)
        for node in ast.walk(source.tree)
        if isinstance(node, ast.If) and is_type_checking(node.test)
        for statement in node.body
        for inner in ast.walk(statement)
    }
    imported: set[str] = set()
    for node in ast.walk(source.tree):
        if id(node) in skipped:
            continue
        for module in _imported(node):
            kind, library = _library(module)
            if library:
                imported.add(library)
                yield _found(source, node, kind, library)
            elif (outer := module.partition(".")[0]) in _OUTER and _in_project(project_root, outer):
                yield warn(
                    source,
                    node,
                    "layers",
                    f"It imports {outer}, which stands above the RAW workflows.",
                    "Use only raw_runtime and tools here; take what it would give as a param.",
                )
    for unit, call, full in source.calls(live=False):
        kind, library = _library(full)
        if full in _NETWORK_CALLS or (library and library not in imported and "." in full):
            yield warn(
                source,
                call,
                "network-import",
                f"{full}() opens the {kind or 'network'} ({unit.where}).",
                _remedy(kind or "network"),
            )


def _imported(node: ast.AST) -> list[str]:
    """Return the dotted names a statement (or `import_module("x")`) imports, one a library."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module and not node.level:
        if _library(node.module)[1]:
            return [node.module]
        return list(dict.fromkeys(f"{node.module}.{alias.name}" for alias in node.names))
    if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
        called = getattr(node.func, "attr", getattr(node.func, "id", ""))
        if called in ("import_module", "__import__") and isinstance(node.args[0].value, str):
            return [node.args[0].value]
    return []


def _library(dotted: str) -> tuple[str, str]:
    """Return (kind, the library's name in our lists) for a module or anything in it; two empty texts otherwise."""
    parts = dotted.split(".")
    for count in (1, 2):
        name = ".".join(parts[:count])
        if name in _KINDS:
            return _KINDS[name], name
    return "", ""


def _in_project(root: Path, name: str) -> bool:
    return (root / name).is_dir() or (root / f"{name}.py").is_file()


def _found(source: Source, node: ast.AST, kind: str, library: str) -> Finding:
    return warn(source, node, "network-import", f"It imports {library}, a {kind} library.", _remedy(kind))


def _remedy(kind: str) -> str:
    if kind == "database":
        return "Read the rows outside and take them as a param; the caller stores the result."
    return "Fetch outside and take the data as a param, or put the call behind a tool in tools/."
