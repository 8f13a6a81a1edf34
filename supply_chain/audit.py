"""`python -m supply_chain.audit`: ask an index of advisories whether a locked package is vulnerable.

Exit codes: 0 every package was asked about and none is; 1 some is; 70 the audit failed; 75 the index could
not be asked. With --may-be-offline that is only said, and the exit code 0: for machines without a way to it.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from enum import IntEnum
from pathlib import Path
from typing import Any, Final, NamedTuple

from supply_chain.lock import LOCK

_TIMEOUT_S: Final = 15
_UNREACHED: Final = ("ConnectionError", "ConnectTimeout", "ReadTimeout", "ServiceError", "ProxyError")


class ExitCode(IntEnum):
    """What the exit code says."""

    CLEAN = 0
    VULNERABLE = 1
    FAILED = 70
    NOT_ASKED = 75


class IndexUnreachableError(Exception):
    """The index of advisories could not be asked; the message is the end of what pip-audit said."""


class AuditFailedError(Exception):
    """pip-audit failed for another reason, as of a lock that cannot be read."""


class Finding(NamedTuple):
    """A known vulnerability of a locked package."""

    package: str
    version: str
    advisory: str
    fixed_in: tuple[str, ...]


class Audit(NamedTuple):
    """The answer of the index: how many packages it was asked about, and what it knows."""

    packages: int
    findings: Sequence[Finding]


def audit(locks: Sequence[Path], index: str | None = None) -> Audit:
    """Ask about every package of the locks that this platform installs.

    Args:
        locks: files of hashed requirements.
        index: the address of an OSV API's query; None: the public one.

    Raises:
        IndexUnreachableError: it was not asked about every package.
        AuditFailedError: a lock cannot be read, or holds no package.
    """
    files = [option for lock in locks for option in ("--requirement", str(lock))]
    done = subprocess.run(  # noqa: S603 - a locked tool
        [sys.executable, "-m", "pip_audit", *_options(index), *files],
        check=False,
        capture_output=True,
        text=True,
    )
    if not done.stdout.strip():
        tail = (done.stderr.strip().splitlines() or ["nothing"])[-1]
        unreached = any(name in tail for name in _UNREACHED)
        raise (IndexUnreachableError if unreached else AuditFailedError)(tail)
    return _parse(done.stdout)


def _options(index: str | None) -> tuple[str, ...]:
    quiet = ("--format=json", "--desc=off", "--progress-spinner=off", f"--timeout={_TIMEOUT_S}")
    address = () if index is None else (f"--osv-url={index}",)
    return (*quiet, "--require-hashes", "--disable-pip", "--vulnerability-service=osv", *address)


def _parse(answer: str) -> Audit:
    packages: list[dict[str, Any]] = json.loads(answer)["dependencies"]
    if not packages:
        raise AuditFailedError("no package to ask about")
    skipped = [str(package["name"]) for package in packages if "skip_reason" in package]
    if skipped:
        raise IndexUnreachableError(f"not asked about: {', '.join(skipped)}")
    findings = [
        Finding(package["name"], package["version"], found["id"], tuple(found["fix_versions"]))
        for package in packages
        for found in package["vulns"]
    ]
    return Audit(len(packages), findings)


def main(arguments: Sequence[str] | None = None) -> ExitCode:
    """Ask, and say what is known."""
    parser = argparse.ArgumentParser(prog="python -m supply_chain.audit", description=__doc__)
    parser.add_argument("locks", type=Path, nargs="*", default=[LOCK])
    parser.add_argument("--index", help="the address of an OSV API's query, if not the public one")
    parser.add_argument("--may-be-offline", action="store_true", help="exit code 0 when it cannot be asked")
    options = parser.parse_args(arguments)
    try:
        return _report(audit(options.locks, options.index))
    except IndexUnreachableError as error:
        print(f"NOT AUDITED: the index of advisories could not be asked: {error}")  # noqa: T201 - its answer
        return ExitCode.CLEAN if options.may_be_offline else ExitCode.NOT_ASKED
    except AuditFailedError as error:
        print(f"audit: {error}", file=sys.stderr)  # noqa: T201 - its answer
        return ExitCode.FAILED


def _report(found: Audit) -> ExitCode:
    for finding in found.findings:
        fix = f"fixed in {', '.join(finding.fixed_in)}" if finding.fixed_in else "no fix known"
        print(f"{finding.package} {finding.version}: {finding.advisory}, {fix}")  # noqa: T201 - its answer
    print(f"{found.packages} packages asked about, {len(found.findings)} advisories")  # noqa: T201 - its answer
    return ExitCode.VULNERABLE if found.findings else ExitCode.CLEAN


if __name__ == "__main__":
    sys.exit(main())
