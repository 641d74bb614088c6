"""The project's chores in fresh environments; `nox -l` lists them."""

from __future__ import annotations

from pathlib import Path

import nox

nox.needs_version = ">=2025.2.9"
nox.options.default_venv_backend = "uv"
nox.options.sessions = ["lint", "types", "imports", "tests", "docs"]

METADATA = nox.project.load_toml("packages/aros-core/pyproject.toml")
PYTHONS = nox.project.python_versions(METADATA)
PROTOBUF = "packages/velaros/src/velaros/protobuf/envelope.proto"


def sync(session: nox.Session, *groups: str) -> None:
    """Install the workspace with these dependency groups into the session's environment."""
    environment = session.virtualenv.location
    session.run_install(
        "uv",
        "sync",
        "--quiet",
        "--no-default-groups",
        *(f"--group={group}" for group in groups),
        f"--python={environment}",
        env={"UV_PROJECT_ENVIRONMENT": environment},
    )


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """Run the tests; arguments after `--` go to pytest."""
    sync(session, "test", "lint", "servers", "frameworks")
    session.run("pytest", *session.posargs)


@nox.session(python=[PYTHONS[0], PYTHONS[-1]])
def coverage(session: nox.Session) -> None:
    """Run the tests on the oldest and the newest Python, and report what they leave out."""
    sync(session, "test", "lint", "servers", "frameworks")
    session.run("coverage", "run", "-m", "pytest", *session.posargs)
    session.notify("coverage_report")


@nox.session
def coverage_report(session: nox.Session) -> None:
    """Report the lines and branches that no run of `coverage` since the last report has taken."""
    sync(session, "test")
    session.run("coverage", "combine")
    session.run("coverage", "report")


@nox.session
def lint(session: nox.Session) -> None:
    """Check style and formatting, of the documentation's code too."""
    sync(session, "lint")
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")


@nox.session(python=PYTHONS[0])
def types(session: nox.Session) -> None:
    """Check the types of everything, strictly, as the oldest Python sees them."""
    sync(session, "test", "lint", "servers", "frameworks")
    session.run("pyright", f"--pythonpath={session.virtualenv.bin}/python")


@nox.session
def imports(session: nox.Session) -> None:
    """Check that every import goes down the layers."""
    sync(session, "lint")
    session.run("lint-imports")


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation into `site`; a broken link is an error."""
    sync(session, "docs")
    session.run("mkdocs", "build", "--strict", env={"NO_MKDOCS_2_WARNING": "1"})


@nox.session(python=PYTHONS[-1])
def faults(session: nox.Session) -> None:
    """Run load and faults at full size, and write their figures into the documentation."""
    sync(session, "test", "servers")
    figures = f"{session.create_tmp()}/figures.jsonl"
    Path(figures).unlink(missing_ok=True)
    command = ["pytest", "tests/faults", "-s", "-p", "no:randomly", "-mnot fast"]
    session.run(*command, *session.posargs, env={"AROS_FIGURES": figures})
    session.run("python", "tests/faults/report.py", figures)


@nox.session
def benchmarks(session: nox.Session) -> None:
    """Measure everything in a short form; arguments after `--` go to the benchmarks."""
    sync(session, "benchmarks")
    session.run("python", "benchmarks/run.py", "--here", "--short", *session.posargs)


@nox.session(python=PYTHONS[0])
def protobuf(session: nox.Session) -> None:
    """Generate the Python of the message envelope from its `.proto`."""
    # Code of this age asks for no version of the runtime: every release that we allow runs it.
    session.install("grpcio-tools==1.62.3", "setuptools<81")
    root = "packages/velaros/src"
    session.run(
        "python",
        "-m",
        "grpc_tools.protoc",
        f"--proto_path={root}",
        f"--python_out={root}",
        f"--pyi_out={root}",
        PROTOBUF,
    )
