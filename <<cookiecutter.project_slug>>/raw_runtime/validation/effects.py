"""Effects outside save(): files written, deleted or moved, programs started, the process changed."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from raw_runtime.validation.portable import warn
from raw_runtime.validation.result import Finding
from raw_runtime.validation.source import Source, Unit, words

_OPENERS = {"open", "io.open", "codecs.open", "gzip.open", "bz2.open", "lzma.open", "os.fdopen", "tarfile.open"}
_OS = words("""
chmod chown fchmod fchown ftruncate lchown link makedirs mkdir mkfifo mknod remove removedirs rename renames replace
rmdir symlink truncate unlink utime write
""")
_SHUTIL = words("chown copy copy2 copyfile copymode copystat copytree make_archive move rmtree unpack_archive")
_WRITES = {*(f"os.{name}" for name in _OS), *(f"shutil.{name}" for name in _SHUTIL)}
_PATH_METHODS = {"write_text", "write_bytes", "mkdir", "touch", "unlink", "rmdir", "symlink_to", "hardlink_to"}
_PATH_ONLY = {"rename", "replace", "chmod"}  # a text has replace(), a table rename(): only where the path is in sight
_TABLE_METHODS = {"to_csv", "to_excel", "to_parquet", "to_pickle", "to_feather", "to_hdf", "savefig", "to_sql"}
_PROCESS = {
    "os.system",
    "os.popen",
    "os.fork",
    "os.forkpty",
    "os.kill",
    "os.killpg",
    "os.posix_spawn",
    "os.posix_spawnp",
    "asyncio.create_subprocess_exec",
    "asyncio.create_subprocess_shell",
    "pty.spawn",
}
_STATE = {"os.chdir", "os.putenv", "os.unsetenv", "os.umask", "os.environ.update", "os.environ.pop", "os.environ.clear"}
_REMEDY = 'Hand the data to self.save("name", data): it lands in the run\'s own results.'


def check_effects(source: Source) -> Iterator[Finding]:
    """Yield a warning for each effect in the file, the `__main__` guard and an own save() left out."""
    for unit in source.units:
        if source.script and unit.name == "save":
            continue
        for node in unit.nodes:
            if isinstance(node, ast.Call):
                yield from _call(source, unit, node)
            elif (
                isinstance(node, ast.Subscript)
                and not isinstance(node.ctx, ast.Load)
                and source.dotted(node.value, unit.shadowed) == "os.environ"
            ):
                yield _process_state(source, node, "os.environ[...]", unit)


def _call(source: Source, unit: Unit, node: ast.Call) -> Iterator[Finding]:
    full = source.dotted(node.func, unit.shadowed) or ""
    name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
    if full in _PROCESS or full.startswith(("subprocess.", "os.exec", "os.spawn")):
        yield warn(
            source,
            node,
            "subprocess",
            f"{full}() starts or ends a program, in {unit.where}.",
            "Do it outside and take its output as a param.",
        )
    elif full in _STATE:
        yield _process_state(source, node, f"{full}()", unit)
    elif full in _OPENERS:
        if _writing(_mode(node, 1)):
            yield _write(source, node, f"{full}(..., {_mode(node, 1)!r})", unit)
    elif full in _WRITES or full == "os.open":
        if full != "os.open" or any(part in ast.dump(node) for part in ("O_WRONLY", "O_RDWR", "O_CREAT")):
            yield _write(source, node, f"{full}()", unit)
    elif name == "open" and full.partition(".")[0] not in ("webbrowser", "zipfile", "PIL"):
        if _writing(_mode(node, 0)):
            yield _write(source, node, f".open({_mode(node, 0)!r})", unit)
    elif (
        name in _PATH_METHODS
        or (name in _PATH_ONLY and _is_path(source, node, unit))
        or (name in _TABLE_METHODS and (node.args or node.keywords))
    ):
        yield _write(source, node, f".{name}()", unit)
    elif full in ("sqlite3.connect", "shelve.open", "dbm.open"):
        yield _write(source, node, f"{full}()", unit)


def _mode(node: ast.Call, position: int) -> str:
    """Return the mode given as a literal, "" when there is none."""
    given: ast.expr | None = node.args[position] if len(node.args) > position else None
    for keyword in node.keywords:
        if keyword.arg == "mode":
            given = keyword.value
    return given.value if isinstance(given, ast.Constant) and isinstance(given.value, str) else ""


def _writing(mode: str) -> bool:
    return len(mode) <= 5 and bool(set(mode) & set("wax+")) and set(mode) <= set("rwaxbtU+|:gz2")


def _is_path(source: Source, node: ast.Call, unit: Unit) -> bool:
    receiver = node.func.value if isinstance(node.func, ast.Attribute) else None
    if isinstance(receiver, ast.BinOp) and isinstance(receiver.op, ast.Div):
        return True
    return isinstance(receiver, ast.Call) and (source.dotted(receiver.func, unit.shadowed) or "") == "pathlib.Path"


def _write(source: Source, node: ast.AST, what: str, unit: Unit) -> Finding:
    return warn(source, node, "write", f"{what} changes files outside save(), in {unit.where}.", _REMEDY)


def _process_state(source: Source, node: ast.AST, what: str, unit: Unit) -> Finding:
    return warn(
        source,
        node,
        "process-state",
        f"{what} changes the whole process, in {unit.where}: the next run in it sees that.",
        "Pass the value on as an argument.",
    )
