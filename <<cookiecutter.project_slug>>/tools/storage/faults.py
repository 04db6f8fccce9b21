"""Which error a failure of the bucket is.

obstore tells the kind of a failure in its text only: the HTTP status and S3's own code, or what broke the connection.
The tests meet each with the version that pyproject.toml allows; a text that is not known is a failure without details.
"""

from __future__ import annotations

import re

from tools.storage.errors import ObjectMissing, StorageError
from tools.storage.folder import MISSING

_STATUS = re.compile(r"status code: (\d{3})")
_CODE = re.compile(r"<Code>\s*(\w{1,64})\s*</Code>")
_KIND = re.compile(r"HttpError \{\s*kind: (\w+)")

_KEYS = "check S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY"
_REMEDIES = {
    "InvalidAccessKeyId": "the key does not exist: check S3_ACCESS_KEY_ID",
    "SignatureDoesNotMatch": "the secret is wrong: check S3_SECRET_ACCESS_KEY",
    "ExpiredToken": "the temporary keys ended: give new ones",
    "InvalidToken": "the temporary keys are wrong: give new ones",
    "AccessDenied": "the key may not do this in the bucket of S3_BUCKET: permit it, or use another key",
    "AllAccessDisabled": "the account is disabled: ask its provider",
    "RequestTimeTooSkewed": "this machine's clock is wrong: set it",
    "AuthorizationHeaderMalformed": "the region is wrong: check S3_REGION",
    "PermanentRedirect": "the bucket is in another region: check S3_REGION and S3_ENDPOINT_URL",
    "InvalidBucketName": "the bucket's name is not valid: check S3_BUCKET",
    "EntityTooLarge": "the object is too large for this server",
    "QuotaExceeded": "the space is used up: make room",
    "XMinioStorageFull": "the space is used up: make room",
    "NoSuchBucket": "the bucket does not exist: make it, or check S3_BUCKET",
}
_BROKEN = {"BadDigest", "XAmzContentSHA256Mismatch", "XAmzContentChecksumMismatch", "IncompleteBody", "InvalidDigest"}
_BUSY = {"SlowDown", "TooManyRequests", "RequestLimitExceeded", "Throttling", "ThrottlingException"}


def timed_out(timeout_seconds: float, *, writing: bool) -> StorageError:
    """Return the error of a wait that ended."""
    return StorageError(f"S3 did not answer within {timeout_seconds:g} s.", retryable=True, uncertain=writing)


def explained(error: Exception, timeout_seconds: float, *, writing: bool) -> StorageError:
    """Return the error that one of obstore's is.

    Args:
        error: what obstore raised.
        timeout_seconds: the limit that was set.
        writing: the request may have changed something.
    """
    text = str(error)
    answer = _STATUS.search(text)
    if answer is not None:
        code = _CODE.search(text)
        return _refused(int(answer[1]), code[1] if code else "", writing=writing)
    if "BareRedirect" in text:
        return _refused(301, "PermanentRedirect", writing=writing)
    kind = _KIND.search(text)
    if kind is None:
        return StorageError("S3 gave no answer that can be read: check S3_ENDPOINT_URL.", uncertain=writing)
    if _is_identity(text):
        return StorageError(
            "There is no identity to ask S3 with: set S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY, or give this machine "
            "a role.",
            retryable=True,
        )
    if "InvalidCertificate" in text:
        return StorageError(
            "The certificate of S3_ENDPOINT_URL is not trusted: check the address, or name its authority's file in "
            "SSL_CERT_FILE."
        )
    if "InvalidMessage" in text or "AlertReceived" in text:
        return StorageError("No TLS with S3_ENDPOINT_URL: check its port, and whether it is http:// or https://.")
    if kind[1] == "Connect":
        return StorageError("S3_ENDPOINT_URL cannot be reached.", retryable=True)
    if kind[1] == "Timeout":
        return timed_out(timeout_seconds, writing=writing)
    if kind[1] in ("Unknown", "Decode"):
        return StorageError("S3_ENDPOINT_URL does not speak S3: check its port.", uncertain=writing)
    return StorageError("S3 broke off the connection.", retryable=True, uncertain=writing)


def _is_identity(text: str) -> bool:
    """Return whether what failed was the question for the machine's own keys, not the one to S3."""
    return "/latest/api/token" in text or "/latest/meta-data" in text or "AssumeRoleWithWebIdentity" in text


def _refused(status: int, code: str, *, writing: bool) -> StorageError:
    named = f"{status}, {code}" if code in _REMEDIES or code in _BROKEN or code in _BUSY else f"{status}"
    if status == 404 and code != "NoSuchBucket" and not writing:
        return ObjectMissing(MISSING, status=status)
    if code in _BROKEN:
        return StorageError(f"S3 received other bytes than were sent ({named}).", retryable=True, status=status)
    if status == 429 or code in _BUSY:
        return StorageError(f"S3 is asked too often ({named}).", retryable=True, status=status)
    if code == "RequestTimeout":
        return StorageError(f"S3 waited for the object in vain ({status}).", retryable=True, status=status)
    if status >= 500 and code not in _REMEDIES:
        return StorageError(f"S3 has a fault of its own ({named}).", retryable=True, uncertain=writing, status=status)
    remedy = _REMEDIES.get(code)
    if remedy is None:
        remedy = {
            301: _REMEDIES["PermanentRedirect"],
            307: _REMEDIES["PermanentRedirect"],
            401: _KEYS,
            403: f"{_KEYS}, and what the key may do",
            404: _REMEDIES["NoSuchBucket"],
        }.get(status, "check the S3_ settings")
    return StorageError(f"S3 refused it ({named}): {remedy}.", status=status)
