from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from temporalio.service import TLSConfig

from settings import SettingsError
from workflows.temporal.client import AwayError, connect
from workflows.temporal.environment import connect_config
from workflows.temporal.tests.servers import free_port, settings_for

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def _nothing_is_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.startswith("TEMPORAL_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("TEMPORAL_CONFIG_FILE", str(tmp_path / "none.toml"))


@pytest.fixture
def env_file(tmp_path: Path) -> Path:
    file = tmp_path / ".env"
    file.write_text("TEMPORAL_ADDRESS=from.file:7233\nTEMPORAL_NAMESPACE='of the file'\nHOME=/elsewhere\n")
    return file


@pytest.fixture
def pems(tmp_path: Path) -> dict[str, Path]:
    """A certificate and its key, in files."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "tests")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    files = {"CERT": tmp_path / "cert.pem", "KEY": tmp_path / "key.pem"}
    files["CERT"].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    files["KEY"].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return files


def test_nothing_set_is_temporals_own_default() -> None:
    assert connect_config(None) == {}


def test_the_environment_wins_over_env_file(monkeypatch: pytest.MonkeyPatch, env_file: Path) -> None:
    assert connect_config(env_file) == {"target_host": "from.file:7233", "namespace": "of the file"}
    monkeypatch.setenv("TEMPORAL_ADDRESS", "from.environment:7233")
    assert connect_config(env_file) == {"target_host": "from.environment:7233", "namespace": "of the file"}
    monkeypatch.setenv("TEMPORAL_ADDRESS", "")
    assert connect_config(env_file)["target_host"] == "from.file:7233"
    assert connect_config(env_file.parent / "missing") == {}


def test_env_file_wins_over_temporals_configuration_file(monkeypatch: pytest.MonkeyPatch, env_file: Path) -> None:
    toml = env_file.parent / "temporal.toml"
    toml.write_text('[profile.default]\naddress = "from.toml:7233"\n[profile.cloud]\nnamespace = "of.cloud"\n')
    monkeypatch.setenv("TEMPORAL_CONFIG_FILE", str(toml))
    assert connect_config(None) == {"target_host": "from.toml:7233"}
    assert connect_config(env_file)["target_host"] == "from.file:7233"
    monkeypatch.setenv("TEMPORAL_PROFILE", "cloud")
    assert connect_config(None) == {"namespace": "of.cloud"}


def test_an_api_key_means_tls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEMPORAL_API_KEY", "secret")
    assert connect_config(None) == {"api_key": "secret", "tls": True}
    monkeypatch.setenv("TEMPORAL_TLS", "false")
    assert connect_config(None) == {"api_key": "secret", "tls": False}


def test_certificates_from_files_and_from_variables(monkeypatch: pytest.MonkeyPatch, pems: dict[str, Path]) -> None:
    monkeypatch.setenv("TEMPORAL_TLS_CLIENT_CERT_PATH", str(pems["CERT"]))
    monkeypatch.setenv("TEMPORAL_TLS_CLIENT_KEY_DATA", pems["KEY"].read_text())
    monkeypatch.setenv("TEMPORAL_TLS_SERVER_CA_CERT_PATH", str(pems["CERT"]))
    monkeypatch.setenv("TEMPORAL_TLS_SERVER_NAME", "temporal.example.com")
    tls = connect_config(None)["tls"]
    assert isinstance(tls, TLSConfig)
    assert tls.client_cert == tls.server_root_ca_cert == pems["CERT"].read_bytes()
    assert tls.client_private_key == pems["KEY"].read_bytes()
    assert tls.domain == "temporal.example.com"


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"TEMPORAL_ADDRESS": "nowhere"}, "TEMPORAL_ADDRESS is wrong: it must be HOST:PORT"),
        ({"TEMPORAL_ADDRESS": "https://x:7233"}, "TEMPORAL_ADDRESS is wrong: it must be HOST:PORT"),
        ({"TEMPORAL_ADDRESS": "x:70000"}, "TEMPORAL_ADDRESS is wrong"),
        ({"TEMPORAL_TLS": "perhaps"}, "TEMPORAL_TLS is wrong: it must be true or false."),
        ({"TEMPORAL_PROFILE": "nope"}, "TEMPORAL_PROFILE is wrong"),
        ({"TEMPORAL_TLS_CLIENT_CERT_PATH": "/none/cert.pem"}, "TEMPORAL_TLS_CLIENT_CERT_PATH is wrong: the file"),
        (
            {"TEMPORAL_TLS_CLIENT_KEY_PATH": "/none/a", "TEMPORAL_TLS_CLIENT_KEY_DATA": "b"},
            "TEMPORAL_TLS_CLIENT_KEY_PATH and TEMPORAL_TLS_CLIENT_KEY_DATA are both set",
        ),
        ({"TEMPORAL_TLS_SERVER_CA_CERT_DATA": "no PEM"}, "TEMPORAL_TLS_SERVER_CA_CERT_PATH (or _DATA) is wrong"),
    ],
)
def test_what_is_wrong_is_told_by_the_variables_name(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], words: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        connect_config(None)
    assert str(caught.value).startswith(words)
    assert "\n" not in str(caught.value)


def test_a_certificate_needs_its_key(monkeypatch: pytest.MonkeyPatch, pems: dict[str, Path]) -> None:
    monkeypatch.setenv("TEMPORAL_TLS_CLIENT_CERT_PATH", str(pems["CERT"]))
    with pytest.raises(SettingsError, match="belong together"):
        connect_config(None)
    monkeypatch.setenv("TEMPORAL_TLS_CLIENT_KEY_PATH", str(pems["CERT"]))
    with pytest.raises(SettingsError, match=r"TEMPORAL_TLS_CLIENT_KEY_PATH .* holds no PEM key"):
        connect_config(None)


def test_a_configuration_file_that_is_wrong_is_not_quoted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "wrong.toml"
    file.write_text("[profile.default]\napi_key = 'topsecret\n")
    monkeypatch.setenv("TEMPORAL_CONFIG_FILE", str(file))
    with pytest.raises(SettingsError, match="TEMPORAL_CONFIG_FILE is wrong") as caught:
        connect_config(None)
    assert "topsecret" not in str(caught.value)


async def test_a_lazy_client_is_made_while_the_server_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEMPORAL_ADDRESS", f"127.0.0.1:{free_port()}")
    monkeypatch.setenv("TEMPORAL_NAMESPACE", "mine")
    assert (await connect(settings_for(), lazy=True, env_file=None)).namespace == "mine"
    with pytest.raises(AwayError, match=r"refuses the connection: it does not run there \(TEMPORAL_ADDRESS\)"):
        await connect(settings_for(), env_file=None)
