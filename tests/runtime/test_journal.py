from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from core_helpers import events, manifest, run
from pydantic import BaseModel

from raw_runtime import (
    BaseWorkflow,
    ConsoleEventHandler,
    JournalEventHandler,
    JournalReader,
    LocalEventBus,
    LocalJournalWriter,
    ManifestReducer,
    NullEventBus,
    StepStartedEvent,
    WorkflowContext,
    WorkflowStartedEvent,
    conditional,
    retry,
    step,
)
from raw_runtime import (
    events as event_module,
)
from raw_runtime.events import BaseEvent, EventType, event_from_dict
from raw_runtime.models import Manifest, RunStatus
from raw_runtime.protocols.logger import ListLogger


class Params(BaseModel):
    n: int = 1


class Work(BaseWorkflow[Params]):
    tries = 0

    @step("flaky")
    @retry(retries=1, base_delay=0)
    def flaky(self) -> int:
        Work.tries += 1
        if Work.tries % 2:
            raise ValueError("once")
        return 1

    @step("off")
    @conditional(lambda _: False)
    def off(self) -> None: ...

    @step("twice")
    def twice(self) -> int:
        return 1

    def run(self) -> int:
        self.flaky()
        self.off()
        self.twice()
        self.twice()
        self.save("a.txt", "x")
        return 0


def test_every_event_has_the_common_fields_and_its_model(tmp_path: Path) -> None:
    result = run(Work, tmp_path)
    for event in events(result.run_dir):
        assert len(event["event_id"]) == 12
        assert event["timestamp"].endswith("Z")
        assert event["workflow_id"] == "Work"
        assert event["run_id"] == result.run_id
        model = event_from_dict(event)
        # The model has these fields and no others: what is journaled is what upstream's readers know.
        assert model.model_dump(mode="json").keys() == event.keys()


def test_every_type_has_a_frozen_model() -> None:
    models = BaseEvent.__subclasses__()
    assert {m.model_fields["event_type"].default for m in models} == set(EventType)
    event = StepStartedEvent(workflow_id="w", step_name="s")
    assert event.event_type is EventType.STEP_STARTED
    with pytest.raises(ValueError, match="frozen"):
        event.step_name = "other"
    assert all(hasattr(event_module, m.__name__) for m in models)


def test_provenance_has_names_but_no_values(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAW_DB_PASSWORD", "hunter2")
    result = run(Work, tmp_path)
    provenance = events(result.run_dir)[1]
    assert provenance["config_snapshot"]["RAW_DB_PASSWORD"] is True
    assert "hunter2" not in (Path(result.run_dir) / "events.jsonl").read_text()
    assert provenance["git_dirty"] is None


@pytest.mark.parametrize("packed", [False, True])
def test_provenance_reads_the_commit_without_git(tmp_path: Path, packed: bool) -> None:
    sha = "0123456789abcdef0123456789abcdef01234567"
    git = tmp_path / ".git"
    (git / "refs" / "heads").mkdir(parents=True)
    (git / "HEAD").write_text("ref: refs/heads/main\n")
    if packed:
        (git / "packed-refs").write_text(
            f"# pack-refs with: peeled\n{'f' * 40} refs/heads/other\n{sha} refs/heads/main\n"
        )
    else:
        (git / "refs" / "heads" / "main").write_text(f"{sha}\n")
    result = run(Work, tmp_path)
    provenance = manifest(result.run_dir)["provenance"]
    assert (provenance["git_sha"], provenance["git_branch"]) == (sha, "main")


def test_provenance_of_a_worktree_and_a_detached_head(tmp_path: Path) -> None:
    from raw_runtime.provenance import get_git_info

    sha = "a" * 40
    main = tmp_path / "main" / ".git"
    (main / "worktrees" / "w").mkdir(parents=True)
    (main / "refs" / "heads").mkdir(parents=True)
    (main / "refs" / "heads" / "side").write_text(sha)
    (main / "worktrees" / "w" / "HEAD").write_text("ref: refs/heads/side\n")
    (main / "worktrees" / "w" / "commondir").write_text("../..\n")
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / ".git").write_text("gitdir: ../main/.git/worktrees/w\n")
    assert get_git_info(tmp_path / "tree") == {"git_sha": sha, "git_branch": "side", "git_dirty": None}
    (main / "HEAD").write_text(f"{sha}\n")
    assert get_git_info(tmp_path / "main") == {"git_sha": sha, "git_branch": None, "git_dirty": None}
    (main / "HEAD").unlink()
    assert get_git_info(tmp_path / "main") == {}


def test_reader_leaves_out_what_it_cannot_read(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    good = json.dumps({"version": 1, "event": {"event_type": "x"}})
    path.write_bytes(b"\n".join([good.encode(), b"{half", b"[]", b'{"version": 2, "event": {}}', b"\xff", b"", b"1"]))
    reader = JournalReader(path)
    assert reader.read_events() == [{"event_type": "x"}]
    assert reader.skipped == 5
    assert JournalReader(tmp_path / "none").read_events() == []


def test_writer_does_not_join_its_line_to_half_a_line(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "events.jsonl"
    event = WorkflowStartedEvent(workflow_id="w", workflow_name="w")
    with LocalJournalWriter(path) as writer:
        writer.write_event(event)
    with path.open("a") as file:
        file.write('{"version": 1, "ev')
    with LocalJournalWriter(path) as writer:
        writer.write_event(event)
        # Written before it is closed.
        assert len(JournalReader(path).read_events()) == 2
    assert {e["event_id"] for e in JournalReader(path).read_events()} == {event.event_id}


def test_handlers_and_buses(tmp_path: Path) -> None:
    bus, console = LocalEventBus(), ListLogger()
    journal = JournalEventHandler(tmp_path / "events.jsonl")
    only: list[Any] = []
    bus.subscribe(journal)
    bus.subscribe(ConsoleEventHandler(console))
    bus.subscribe(only.append, [EventType.STEP_COMPLETED])

    @step("work")
    def work(text: str) -> str:
        return text

    with WorkflowContext("w", "w", event_bus=bus) as context:
        work("[/b]")
        context.finalize("failed", "because [/b]")
    journal.flush()
    journal.close()
    assert [e["event_type"] for e in JournalReader(tmp_path / "events.jsonl").read_events()] == [
        "workflow.started",
        "workflow.provenance",
        "step.started",
        "step.completed",
        "workflow.failed",
    ]
    assert [e.event_type for e in only] == [EventType.STEP_COMPLETED]
    assert console.messages[0] == "Starting w"
    assert console.messages[1] == "> work (str) -> str"
    assert console.messages[-1].endswith("because [/b]")
    bus.unsubscribe(only.append)
    bus.clear()
    assert not bus.is_heard
    null = NullEventBus()
    null.subscribe(only.append)
    null.emit(WorkflowStartedEvent(workflow_id="w", workflow_name="w"))
    assert len(only) == 1


def test_a_console_of_rich_reads_no_markup() -> None:
    import io

    from rich.console import Console

    from raw_runtime.entrypoint import WorkflowEntrypoint
    from raw_runtime.protocols.logger import RichConsoleLogger

    stream = io.StringIO()
    console = Console(file=stream, width=20)
    logger = WorkflowEntrypoint(console)._logger
    assert isinstance(logger, RichConsoleLogger)
    logger.print("[/b] [red]words[/] :smile: and a line that is longer than that")
    event = WorkflowStartedEvent(workflow_id="w", workflow_name="[/x]")
    ConsoleEventHandler(console)(event)
    text = "[/b] [red]words[/] :smile: and a line that is longer than that\nStarting [/x]\n"
    assert stream.getvalue() == text


def test_reducer_agrees_with_the_manifest(tmp_path: Path) -> None:
    result = run(Work, tmp_path)
    written = Manifest.model_validate(manifest(result.run_dir))
    folded = ManifestReducer().reduce_from_file(Path(result.run_dir) / "events.jsonl")
    assert folded.run.status is written.run.status is RunStatus.SUCCESS
    assert folded.run.parameters == written.run.parameters
    assert folded.artifacts == written.artifacts
    assert folded.provenance == written.provenance
    shown = [(s.name, s.status.value, s.retries) for s in folded.steps]
    assert shown == [(s.name, s.status.value, s.retries) for s in written.steps]
    assert shown == [
        ("flaky", "success", 1),
        ("off", "skipped", 0),
        ("off", "success", 0),
        ("twice", "success", 0),
        ("twice", "success", 0),
    ]


def test_reducer_needs_a_start(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="empty"):
        ManifestReducer().reduce_from_file(tmp_path / "none.jsonl")
    with pytest.raises(ValueError, match="No events"):
        ManifestReducer().reduce_from_events([])
    with pytest.raises(ValueError, match=r"workflow\.started"):
        ManifestReducer().reduce_from_events([{"event_type": "step.started", "step_name": "x"}])


def test_manifest_has_both_forms(tmp_path: Path) -> None:
    result = run(Work, tmp_path)
    data = manifest(result.run_dir)
    assert data["schema_version"] == "1.0.0"
    assert data["workflow"].keys() == {"id", "short_name", "version", "created_at"}
    assert data["workflow"]["id"] == "Work"
    assert data["run"]["run_id"] == data["run_id"] == result.run_id
    assert data["run"]["environment"].keys() == {"hostname", "python_version", "raw_version", "working_directory"}
    assert (data["workflow_id"], data["args"], data["status"]) == ("demo", [], "success")
    assert data["started_at"] == data["run"]["started_at"]
    assert data["artifacts"] == [{"type": "output", "path": "results/a.txt", "size_bytes": 1}]
    assert (Path(data["logs"]["stdout"]).name) == "output.log"


def test_a_manifest_writer_of_ones_own(tmp_path: Path) -> None:
    kept: list[tuple[Manifest, Path]] = []

    class Writer:
        def write(self, manifest: Manifest, path: Path) -> None:
            kept.append((manifest, path))

    with WorkflowContext("w", "w", workflow_dir=tmp_path, manifest_writer=Writer()) as context:
        context.add_artifact("chart", tmp_path / "chart.svg")
        context.finalize()
    [(made, path)] = kept
    assert made.artifacts[0].path == "chart.svg"
    assert path == tmp_path / "manifest.json"
    assert not path.exists()
