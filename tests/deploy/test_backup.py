"""The scripts of the backup's CronJob, as they are, on a real PostgreSQL and a real S3 server."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import ROOT
from gate0 import SLUG_DIR
from local_postgres import binaries, free_port, postgres

FILES = ROOT / SLUG_DIR / "charts" / SLUG_DIR / "files"
DATABASES = "app temporal temporal_visibility"


class Cluster:
    """A PostgreSQL with the roles of files/roles.sql, and a bucket."""

    def __init__(self, url: str, bucket: Path, s3_port: int, work: Path) -> None:
        address = url.partition("@")[2].partition("/")[0]
        self.work = work
        self.bucket = bucket
        self.env = {
            "PATH": f"{binaries()}:{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PGHOST": address.partition(":")[0],
            "PGPORT": address.partition(":")[2],
            "PGUSER": "bench",
            "HOME": str(work),
            "DATABASES": DATABASES,
            "BACKUP_PATH": "vault/backups",
            "KEEP_DAYS": "30",
            "APP_PASSWORD": "it's an app's",
            "TEMPORAL_PASSWORD": "secret",
            "RCLONE_CONFIG_BACKUP_TYPE": "s3",
            "RCLONE_CONFIG_BACKUP_PROVIDER": "Other",
            "RCLONE_CONFIG_BACKUP_ENDPOINT": f"http://127.0.0.1:{s3_port}",
            "RCLONE_CONFIG_BACKUP_ENV_AUTH": "true",
            "AWS_ACCESS_KEY_ID": "key",
            "AWS_SECRET_ACCESS_KEY": "secret-key",
        }

    def script(self, name: str, folder: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Run a script as its container does."""
        backup_dir = self.work / folder
        backup_dir.mkdir(exist_ok=True)
        return subprocess.run(
            ["sh", FILES / f"{name}.sh"],
            env=self.env | {"BACKUP_DIR": str(backup_dir)} | env,
            capture_output=True,
            text=True,
            check=False,
        )

    def sql(self, database: str, *statements: str) -> str:
        """Run statements as the superuser; return the last one's rows."""
        words = [word for each in statements for word in ("-c", each)]
        command: list[str] = ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", database, *words]
        done = subprocess.run(command, env=self.env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    work, bucket, port = tmp_path_factory.mktemp("work"), tmp_path_factory.mktemp("s3"), free_port()
    (bucket / "vault").mkdir()
    rclone = Path(sys.executable).with_name("rclone")
    words = ["serve", "s3", "--addr", f"127.0.0.1:{port}", "--auth-key", "key,secret-key", str(bucket)]
    with postgres() as url, subprocess.Popen([rclone, *words], stderr=subprocess.DEVNULL) as server:
        try:
            made = Cluster(url, bucket, port, work)
            # As the image's entry point runs it, once.
            command = ["psql", "-X", "-v", "ON_ERROR_STOP=1", "-d", "coordinator", "-f", str(FILES / "roles.sql")]
            subprocess.run(command, env=made.env, check=True, stdout=subprocess.DEVNULL)
            yield made
        finally:
            server.terminate()


def test_a_backup_is_restored_as_it_was(cluster: Cluster) -> None:
    """Dump, upload, loss of everything, download, restore: rows, owners and rights are those of before."""
    cluster.sql(
        "app",
        "CREATE TABLE candidates (id uuid PRIMARY KEY, name text NOT NULL)",
        "ALTER TABLE candidates OWNER TO app",
        "INSERT INTO candidates SELECT gen_random_uuid(), 'Größe ' || n FROM generate_series(1, 1000) n",
    )
    cluster.sql("temporal", "CREATE TABLE executions (id int)", "INSERT INTO executions VALUES (7)")
    before = cluster.sql("app", "SELECT md5(string_agg(c::text, ',' ORDER BY id)) FROM candidates c")

    dumped = cluster.script("backup", "dumps")
    assert dumped.returncode == 0, dumped.stderr
    assert f"databases: {DATABASES}" in dumped.stdout
    uploaded = cluster.script("upload", "dumps")
    assert uploaded.returncode == 0, uploaded.stderr

    cluster.sql("app", "DROP TABLE candidates")
    cluster.sql("temporal", "TRUNCATE executions")
    downloaded = cluster.script("download", "fetched")
    assert downloaded.returncode == 0, downloaded.stderr
    restored = cluster.script("restore", "fetched")
    assert restored.returncode == 0, restored.stderr

    assert cluster.sql("app", "SELECT md5(string_agg(c::text, ',' ORDER BY id)) FROM candidates c") == before
    assert cluster.sql("temporal", "SELECT id FROM executions") == "7"
    assert cluster.sql("app", "SELECT tableowner FROM pg_tables WHERE tablename = 'candidates'") == "app"
    owners = "SELECT string_agg(datname || ':' || pg_get_userbyid(datdba), ' ' ORDER BY datname) FROM pg_database "
    assert (
        cluster.sql("postgres", owners + "WHERE datname IN ('app', 'temporal', 'temporal_visibility')")
        == "app:app temporal:temporal temporal_visibility:temporal"
    )
    assert cluster.sql("postgres", "SELECT has_database_privilege('temporal', 'app', 'CONNECT')") == "f"
    # What was there is kept, under a name that says when.
    kept = cluster.sql("postgres", "SELECT datname FROM pg_database WHERE datname LIKE 'app_before_%'")
    assert kept
    assert cluster.sql(kept, "SELECT count(*) FROM pg_tables WHERE tablename = 'candidates'") == "0"


def test_nothing_changes_places_while_somebody_is_connected(cluster: Cluster) -> None:
    assert cluster.script("backup", "busy").returncode == 0
    cluster.sql("app", "CREATE TABLE IF NOT EXISTS later (id int)")
    with subprocess.Popen(
        ["psql", "-X", "-d", "app", "-c", "SELECT pg_sleep(60)"], env=cluster.env, stdout=subprocess.DEVNULL
    ) as other:
        try:
            active = "SELECT count(*) FROM pg_stat_activity WHERE datname = 'app' AND query LIKE '%pg_sleep(60)%'"
            while cluster.sql("postgres", active) == "0":
                assert other.poll() is None
            refused = cluster.script("restore", "busy")
        finally:
            cluster.sql("postgres", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'app'")
    assert refused.returncode == 1
    assert "1 connections are open: scale all Deployments to 0" in refused.stderr
    assert cluster.sql("app", "SELECT count(*) FROM pg_tables WHERE tablename = 'later'") == "1"


def test_a_backup_that_was_changed_is_not_restored(cluster: Cluster) -> None:
    assert cluster.script("backup", "spoilt").returncode == 0
    [dump] = (cluster.work / "spoilt").glob("*/app.dump")
    data = bytearray(dump.read_bytes())
    data[-100] ^= 1
    dump.write_bytes(data)
    refused = cluster.script("restore", "spoilt")
    assert refused.returncode != 0
    assert "app.dump: FAILED" in refused.stdout


def test_a_dump_that_fails_leaves_no_backup(cluster: Cluster) -> None:
    failed = cluster.script("backup", "failed", DATABASES="app nowhere")
    assert failed.returncode != 0
    assert list((cluster.work / "failed").iterdir()) == []


def test_old_backups_go_and_others_stay(cluster: Cluster) -> None:
    """What is older than KEEP_DAYS is removed after the new one was copied and compared."""
    assert cluster.script("backup", "old").returncode == 0
    old = cluster.work / "before/2020-01-01T00-00-00Z/app.dump"
    old.parent.mkdir(parents=True)
    old.write_bytes(b"old")
    os.utime(old, (1_577_836_800, 1_577_836_800))
    subprocess.run(["rclone", "copy", old.parents[1], "backup:vault/backups"], env=cluster.env, check=True)
    there = cluster.bucket / "vault/backups/2020-01-01T00-00-00Z/app.dump"
    assert there.exists()
    assert cluster.script("upload", "old").returncode == 0
    assert not there.exists()
    assert list((cluster.bucket / "vault/backups").glob("*/SHA256SUMS"))


def test_a_backup_that_is_not_there_is_told(cluster: Cluster) -> None:
    missing = cluster.script("download", "none", BACKUP="1999-01-01T00-00-00Z")
    assert missing.returncode == 1
    assert "There is no backup 1999-01-01T00-00-00Z" in missing.stderr
    empty = cluster.script("restore", "empty")
    assert empty.returncode == 2
    assert "must hold one backup" in empty.stderr


@pytest.mark.parametrize("script", sorted(path.name for path in FILES.glob("*.sh")))
def test_scripts_are_posix_and_executable(script: str) -> None:
    """They run in images whose sh is dash, or busybox."""
    path = FILES / script
    assert path.read_text().startswith("#!/bin/sh\n")
    assert os.access(path, os.X_OK)
    assert subprocess.run(["dash", "-n", path], check=False).returncode == 0
