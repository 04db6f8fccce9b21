"""Temporal's environment configuration, checked: what is wrong is said in one sentence that names the variable."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from dotenv import dotenv_values
from temporalio.envconfig import ClientConfig, ClientConnectConfig
from temporalio.service import TLSConfig

from settings import ENV_FILE, SettingsError

_PREFIX = "TEMPORAL_"
_ADDRESS = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\s:/]+):(?P<port>\d{1,5})")
_BOOLEANS = ("true", "false", "1", "0")


def merged_environment(env_file: Path | None = ENV_FILE) -> dict[str, str]:
    """Return the process's environment with the TEMPORAL_ variables of `env_file` beneath; empty ones count as unset.

    pydantic-settings does not put `.env` into the environment, and Temporal's configuration reads nothing else.
    """
    above = {name: value for name, value in os.environ.items() if value or not name.startswith(_PREFIX)}
    below = {} if env_file is None else dotenv_values(env_file, encoding="utf-8")
    return {name: value for name, value in below.items() if value and name.startswith(_PREFIX)} | above


def connect_config(env_file: Path | None = ENV_FILE) -> ClientConnectConfig:
    """Return the arguments of `Client.connect`.

    Raises:
        SettingsError: a variable is wrong, or a file that it names cannot be used.
    """
    given = merged_environment(env_file)
    if given.get("TEMPORAL_TLS", "true").lower() not in _BOOLEANS:
        raise SettingsError("TEMPORAL_TLS is wrong: it must be true or false.")
    try:
        config = ClientConfig.load_client_connect_config(override_env_vars=given)
    except OSError as error:
        name = _variable_of(given, str(error.filename))
        raise SettingsError(f"{name} is wrong: the file cannot be read ({error.strerror}).") from None
    except Exception as error:  # the SDK's ConfigError has no public name
        raise SettingsError(_explain(str(error))) from None
    _check_address(config.get("target_host"))
    if isinstance(tls := config.get("tls"), TLSConfig):
        _check_tls(tls)
    return config


def _variable_of(given: Mapping[str, str], value: str) -> str:
    """Return the variable that has this value; the configuration file's, when none has."""
    return next(
        (name for name in given if name.startswith("TEMPORAL_TLS_") and given[name] == value), "TEMPORAL_CONFIG_FILE"
    )


def _explain(message: str) -> str:
    """Say what the SDK found wrong, without the lines of the configuration file that it may quote."""
    if found := re.search(r"both (TEMPORAL_\w+) and (TEMPORAL_\w+)", message):
        return f"{found[1]} and {found[2]} are both set: keep one of them."
    if "rofile" in message and "not found" in message:
        return "TEMPORAL_PROFILE is wrong: Temporal's configuration file has no such profile."
    return "TEMPORAL_CONFIG_FILE is wrong: Temporal's configuration file, its own or the default one, cannot be read."


def _check_address(address: str | None) -> None:
    if address is None:
        return
    found = _ADDRESS.fullmatch(address)
    if found is None or not 0 < int(found["port"]) < 65536:
        raise SettingsError("TEMPORAL_ADDRESS is wrong: it must be HOST:PORT, without a scheme, as in localhost:7233.")


def _check_tls(tls: TLSConfig) -> None:
    """Read the certificates and the key now: the SDK does so at the first connection, and says less."""
    for name, pem in (("SERVER_CA_CERT", tls.server_root_ca_cert), ("CLIENT_CERT", tls.client_cert)):
        try:
            _ = pem is None or x509.load_pem_x509_certificates(pem)
        except ValueError:
            raise SettingsError(f"TEMPORAL_TLS_{name}_PATH (or _DATA) is wrong: it holds no PEM certificate.") from None
    if (tls.client_cert is None) != (tls.client_private_key is None):
        raise SettingsError(
            "TEMPORAL_TLS_CLIENT_CERT_PATH and TEMPORAL_TLS_CLIENT_KEY_PATH (or _DATA) belong together: one is missing."
        )
    if tls.client_private_key is not None:
        try:
            load_pem_private_key(tls.client_private_key, password=None)
        except (ValueError, TypeError):
            raise SettingsError(
                "TEMPORAL_TLS_CLIENT_KEY_PATH (or _DATA) is wrong: it holds no PEM key without a password."
            ) from None
