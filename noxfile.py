# Copyright (c) 2026, rdsops contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that make, CI and contributors run. ``nox -l`` lists it; ``make`` brings nox along and names the usual.

A gate is a session without an environment of its own: gates share those that the sessions ``venv-...`` fill, since an
environment for each would take longer than the gates. Each works on a copy of the files that git tracks or would offer
to add, in a directory ``ansible_collections/rdsops/commvault``, and is alone there.
"""

from __future__ import annotations

import contextlib
import functools
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import nox
from nox.command import CommandFailed

ROOT = Path(__file__).resolve().parent
WORK = ROOT / ".nox"
DIST = ROOT / "dist"
INSIDE = "ansible_collections/rdsops/commvault"
TESTS = "ansible_collections.rdsops.commvault.tests"

nox.needs_version = ">=2026.2.9"
nox.options.sessions = ["test"]
nox.options.default_venv_backend = "uv|venv"
nox.options.error_on_missing_interpreters = False  # the summary says what could not run


class Core(NamedTuple):
    """An ansible-core of the gates."""

    requirement: str
    pythons: tuple[str, ...]  # that may carry it, best one first
    targets: tuple[str, ...] = ()  # Pythons of a managed node that the module is tried on with this core


# One more line here is one more ansible-core in the gates. The first runs with the oldest HTTP packages.
CORES = {
    "2.16": Core("ansible-core==2.16.19", ("3.10", "3.11", "3.12"), ("3.8", "3.9", "3.10", "3.11", "3.12")),
    "2.20": Core("ansible-core==2.20.10", ("3.12", "3.13", "3.14")),
    "2.22": Core("ansible-core==2.22.0rc1", ("3.13", "3.14", "3.15"), ("3.13", "3.14", "3.15")),
}
OLDEST, NEWEST = min(CORES), max(CORES)
# What does not depend on the ansible-core runs with this one.
PREFERRED = "2.20"
# What is to come, for a run that may fail: COMING_CORE="ansible-core>=2.22.0rc1" make test ONLY=core-coming
if coming := os.environ.get("COMING_CORE"):
    CORES["coming"] = Core(coming, ("3.14", "3.13", "3.15"))
TARGETS = tuple(version for core in CORES.values() for version in core.targets)

# Playbook tests of what is up to each ansible-core: which hosts fail, what their variables are; with others than the
# preferred one also when a task ends, and what becomes of an inventory.
OF_EACH_CORE = tuple(f"tests/playbooks/test_{name}.py" for name in ("role_fails", "role_variables"))
OF_SOME_CORES = tuple(f"tests/playbooks/test_{name}.py" for name in ("task_timeout", "interrupt", "inventory"))
# Unit tests of what knows ansible-core.
OF_ANSIBLE = (
    *(f"tests/unit/plugins/{name}" for name in ("action", "inventory", "modules", "plugin_utils")),
    "tests/unit/plugins/module_utils/_module",
    "tests/unit/plugins/module_utils/test_argspec.py",
)
OF_DOCUMENTS = ("tests/playbooks/test_documents.py", "tests/playbooks/test_examples.py")
PYTEST = ("-m", "pytest", "-q", "--color=no", "-p", "no:cacheprovider", "--durations=5", "-n", "2")

# --- The machine ------------------------------------------------------------------------------------------------------

# What is set where the gates are started must not reach them.
DROPPED = ("ANSIBLE_", "COLLECTIONS_PATH", "COMMVAULT_", "GALAXY_", "MYPY", "PYTEST_", "PYTHON", "RUFF_", "VIRTUAL_ENV")
PROXIES = {name: None for name in os.environ if name.lower() in {"http_proxy", "https_proxy", "all_proxy", "no_proxy"}}
for variable in [name for name in os.environ if name.startswith(DROPPED)]:
    del os.environ[variable]
os.environ.update(LC_ALL="C.UTF-8", LANG="C.UTF-8", NO_COLOR="1", PYTHONUNBUFFERED="1")
# pyenv's shims of inactive Pythons only say so and fail: the Pythons themselves come first.
_real = [*Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")).glob("versions/*/bin")]
_real += Path(os.environ.get("XDG_DATA_HOME", Path.home() / ".local/share")).glob("uv/python/cpython-*/bin")
os.environ["PATH"] = os.pathsep.join([*map(str, sorted(_real)), os.environ.get("PATH", os.defpath)])


@functools.cache
def python_for(*versions: str) -> str | None:
    """The first of these Pythons that is on this machine."""
    for version in versions:
        path = shutil.which(f"python{version}")
        if path and not subprocess.run([path, "-I", "-c", ""], capture_output=True, timeout=30, check=False).returncode:
            return version
    return None


MAIN = next((core for core in (PREFERRED, NEWEST, OLDEST) if python_for(*CORES[core].pythons)), PREFERRED)
OTHERS = tuple(core for core in CORES if core != MAIN)
# Playbooks run in full with the newest: what an ansible-core changes shows there first.
FULL = NEWEST if python_for(*CORES[NEWEST].pythons) else MAIN

# --- Environments -----------------------------------------------------------------------------------------------------


class Environment(NamedTuple):
    """Packages that sessions share: the Pythons that may carry them, best one first, and what to install."""

    pythons: tuple[str, ...]
    install: tuple[str, ...]


OUR_OWN = "meta/ee-requirements.txt"
SIMULATOR = "tests/simulator/requirements.txt"
PINS = str(ROOT / "requirements" / "constraints.txt")
OLDEST_PINS = str(WORK / "constraints-oldest.txt")


def with_core(core: str, *files: str) -> Environment:
    """An ansible-core, what our modules need, and the packages of these files."""
    wanted = [part for file in (*files, OUR_OWN) for part in ("-r", file)]
    return Environment(
        CORES[core].pythons, (CORES[core].requirement, *wanted, "-c", OLDEST_PINS if core == OLDEST else PINS)
    )


ENVIRONMENTS = {
    "lint": with_core(MAIN, "requirements/lint.txt"),
    "docs": with_core(MAIN, "requirements/docs.txt", SIMULATOR),
    "demo": with_core(MAIN, SIMULATOR),
    "collections": with_core(MAIN, "requirements/test.txt", "requirements/collections.txt", SIMULATOR),
    **{f"core-{core}": with_core(core, "requirements/test.txt", SIMULATOR) for core in CORES},
    **{f"target-{version}": Environment((version,), ("-r", OUR_OWN, "-c", PINS)) for version in TARGETS},
    # What Red Hat's partner-certification-checker 1.2.0 installs.
    "partner": Environment(
        ("3.11", "3.10", "3.12"), ("ansible-core==2.16.0", "galaxy-importer==0.4.31", "ansible-lint==24.12.2")
    ),
}


def python_in(environment: str) -> str:
    """The Python of an environment."""
    return str(WORK / f"venv-{re.sub(r'[^0-9a-z]+', '-', environment)}" / "bin" / "python")


def write_oldest_pins() -> None:
    """The pins of everything, but of the HTTP packages the oldest that we allow."""
    floors = re.sub(r"(?m)^([\w-]+)>=", r"\1==", (ROOT / OUR_OWN).read_text(encoding="utf-8"))
    ours = re.findall(r"(?m)^([\w-]+)==", floors)
    # What the oldest requests wants of idna is older than the pin.
    kept = re.sub(rf"(?m)^(?:{'|'.join([*ours, 'idna'])})==.*\n", "", Path(PINS).read_text(encoding="utf-8"))
    WORK.mkdir(exist_ok=True)
    Path(OLDEST_PINS).write_text(kept + floors, encoding="utf-8")


def fill(session: nox.Session, environment: str) -> None:
    """Install what an environment holds."""
    wanted = ENVIRONMENTS[environment].install
    if OLDEST_PINS in wanted:
        write_oldest_pins()
    if environment.startswith("core-"):
        # Otherwise a package's own syntax warnings come up when a test imports it first. Of the others, little is used:
        # to compile all would take longer than some gates.
        session.env["UV_COMPILE_BYTECODE"] = "1"
    try:
        session.install(*wanted)
    except CommandFailed:
        # Registries have bad moments, and uv does not read pip's configuration, in which a mirror may stand.
        session.run_install("python", "-m", "ensurepip")
        session.run_install("python", "-m", "pip", "install", "--quiet", "--no-input", *wanted)


def environment_session(environment: str) -> None:
    """Make the session that fills an environment."""

    def run(session: nox.Session) -> None:
        fill(session, environment)

    run.__doc__ = f"Fill the environment {environment}."
    versions = ENVIRONMENTS[environment].pythons
    python = python_for(*versions) or versions[0]
    made = Path(python_in(environment)).parents[1] / "pyvenv.cfg"
    # nox would go on with an environment of another Python.
    fits = made.exists() and re.search(rf"(?m)^version\w* = {re.escape(python)}\.", made.read_text(encoding="utf-8"))
    nox.session(
        run, name=f"venv-{environment}", python=python, download_python="never", reuse_venv=bool(fits), default=False
    )


for _name in ENVIRONMENTS:
    environment_session(_name)


@contextlib.contextmanager
def programs_of(environment: str) -> Iterator[None]:
    """Have the programs of an environment first on PATH, where nox looks for them too."""
    before = os.environ["PATH"]
    os.environ["PATH"] = os.pathsep.join([str(Path(python_in(environment)).parent), before])
    try:
        yield
    finally:
        os.environ["PATH"] = before


class Gate(NamedTuple):
    """A session that ``make test`` runs, and the environments that it needs, its own first."""

    name: str
    environments: tuple[str, ...]
    tags: tuple[str, ...]


GATES: list[Gate] = []
ON_DEMAND = "on-demand"  # a run of all on one machine does not take these
CoreSession = Callable[[nox.Session, str], None]


def session_in(
    environment: str, name: str, *tags: str, also: tuple[str, ...] = ()
) -> Callable[[Callable[[nox.Session], None]], Callable[[nox.Session], None]]:
    """Make a session of a function that runs the programs of an environment; with tags, it is a gate."""

    def decorate(function: Callable[[nox.Session], None]) -> Callable[[nox.Session], None]:
        @functools.wraps(function)
        def run(session: nox.Session) -> None:
            if not Path(python_in(environment)).exists():
                session.skip(f"no Python {' or '.join(ENVIRONMENTS[environment].pythons)} here")
            with programs_of(environment):
                function(session)

        if tags:
            GATES.append(Gate(name, (environment, *also), tags))
        needs = [f"venv-{needed}" for needed in (environment, *also)]
        return nox.session(run, name=name, venv_backend="none", requires=needs, default=False, tags=list(tags))

    return decorate


def per_core(
    group: str, cores: tuple[str, ...] = tuple(CORES), also: Callable[[str], tuple[str, ...]] = lambda _core: ()
) -> Callable[[CoreSession], CoreSession]:
    """Make one gate for each ansible-core of a function that takes the core as well."""

    def decorate(function: CoreSession) -> CoreSession:
        for core in cores:
            bound = functools.partial(function, core=core)
            functools.update_wrapper(bound, function)
            session_in(f"core-{core}", f"{group}-{core}", group, f"core-{core}", also=also(core))(bound)
        return function

    return decorate


# --- Copies of the tree -----------------------------------------------------------------------------------------------


def project_files(*, untracked: bool) -> list[str]:
    """Paths that git tracks, with ``untracked`` also those that it would offer to add."""
    command = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached"]
    command += ["--others", "--exclude-standard"] if untracked else []
    listed = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.split("\0")
    return sorted({path for path in listed if path and os.path.lexists(ROOT / path)})


@contextlib.contextmanager
def copied(session: nox.Session, *, untracked: bool = True) -> Iterator[Path]:
    """Work in a copy of the project; it is removed afterwards, with all that programs left beside it."""
    with tempfile.TemporaryDirectory(prefix="cv-", ignore_cleanup_errors=True) as place:
        tree = Path(place, "collections", INSIDE)
        for path in project_files(untracked=untracked):
            target = tree / path
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / path, target, follow_symlinks=False)
        for name in ("home", "tmp"):
            Path(place, name).mkdir()
        before = dict(session.env)
        session.env.update(TMPDIR=f"{place}/tmp", HOME=f"{place}/home")
        try:
            with session.chdir(tree):
                yield tree
        finally:
            session.env.clear()
            session.env.update(before)


def linked() -> Path:
    """A directory for PYTHONPATH in which this clone, wherever it lies, is importable as the collection."""
    link = WORK / "path" / INSIDE
    link.parent.mkdir(parents=True, exist_ok=True)
    if not link.is_symlink():
        link.symlink_to(ROOT)
    return WORK / "path"


def run(session: nox.Session, *command: str, **more: object) -> str:
    """Run a program of the session's environment; what it wrote, which is shown too."""
    output = session.run(*command, external=True, silent=True, **more)  # type: ignore[arg-type]
    sys.stdout.write(f"{output}\n")
    sys.stdout.flush()
    return str(output)


def pytest(session: nox.Session, *arguments: str, python: str = "python", **variables: str) -> None:
    """Run tests in a copy of the tree. They talk to this machine only, so no proxy may come between."""
    with copied(session):
        session.run(
            python, *PYTEST, *arguments, *session.posargs, env={**PROXIES, "CI": "true", **variables}, external=True
        )


def build_tarball(session: nox.Session, place: Path) -> Path:
    """Build the collection from what git tracks; the tarball, in ``place``."""
    place.mkdir(parents=True, exist_ok=True)
    with copied(session, untracked=False) as tree:
        session.run("ansible-galaxy", "collection", "build", "--force", f"--output-path={place}", external=True)
        version = re.search(r"(?m)^version: (\S+)$", (tree / "galaxy.yml").read_text(encoding="utf-8"))
    assert version
    return place / f"rdsops-commvault-{version[1]}.tar.gz"


@contextlib.contextmanager
def tarball(session: nox.Session) -> Iterator[Path]:
    """A tarball of the collection, alone in a directory; it is removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="commvault-dist-") as place:
        yield build_tarball(session, Path(place))


# --- Form -------------------------------------------------------------------------------------------------------------


@session_in("lint", "style", "lint")
def style(session: nox.Session) -> None:
    """Style, likely bugs and format of the Python code, YAML files, licences, changelog: half a minute."""
    with copied(session):
        session.run("ruff", "check", "--no-cache", "--quiet", ".", external=True)
        session.run("ruff", "format", "--no-cache", "--check", ".", external=True)
        session.run("yamllint", "--strict", ".", external=True)
        session.run("reuse", "lint", "--lines", external=True)
        session.run("antsibull-changelog", "lint", external=True)
        session.run(
            "antsibull-changelog", "lint-changelog-yaml", "--strict", "changelogs/changelog.yaml", external=True
        )


def ansible_test_home(session: nox.Session, core: str) -> None:
    """Give ansible-test a home in the clone, where it keeps its environments, and let it make them offline."""
    home = WORK / f"ansible-test-{core}"
    home.mkdir(parents=True, exist_ok=True)
    session.env["HOME"] = str(home)
    session.run("python", str(ROOT / "tests/sessions/offline_ansible_test.py"), external=True)


@per_core("sanity", (MAIN,))
def sanity(session: nox.Session, core: str) -> None:
    """Run ansible-test sanity, with no ignore entry; with the other cores on what users get, so without tests/."""
    with copied(session) as tree:
        for path in (tree / "tests").iterdir() if core != MAIN else ():
            if path.is_dir():
                shutil.rmtree(path)
        ansible_test_home(session, core)
        output = run(session, "ansible-test", "sanity", "--local", "--color", "no", "--truncate", "0", *session.posargs)
    # A test may be left out for a Python that is not on the machine, and for no other reason.
    left_out = re.findall(r"(?m)^WARNING: (?:Skipping|Required) .*$", output)
    unexplained = [line for line in left_out if not re.search(r"on Python \S+ because it could not be found", line)]
    if unexplained or "Running sanity test" not in output:
        session.error("\n".join(unexplained) or "no sanity test ran")


# --- Tests ------------------------------------------------------------------------------------------------------------


@per_core("playbooks", (FULL,))
def playbooks(session: nox.Session, core: str) -> None:
    """Run playbooks against the simulator; with most cores only some, unless arguments choose."""
    rest = ("tests/playbooks", *(f"--ignore={path}" for path in OF_DOCUMENTS))
    some = OF_EACH_CORE if core == MAIN else (*OF_EACH_CORE, *OF_SOME_CORES)
    pytest(session, *(rest if core == FULL or session.posargs else some))


@per_core("unit", (MAIN,))
def unit(session: nox.Session, core: str) -> None:
    """Run unit tests: with the oldest packages those of plugins, with the newest core those of what knows ansible-core,
    with the core of ansible-test-units, which runs all of plugins too, those of tools; of all, what arguments choose.
    """
    chosen = {NEWEST: OF_ANSIBLE, MAIN: ("tests/tooling",)}.get(core, ("tests/unit",))
    pytest(session, "-m", "not browser", *(("tests/unit", "tests/tooling") if session.posargs else chosen))


@per_core("campaigns", (MAIN,))
def campaigns(session: nox.Session, core: str) -> None:
    """Run a slice of each campaign: faults, races, six hours of credentials; with each core the hunt for leaks."""
    pytest(session, "tests/campaigns" if core == MAIN else "tests/campaigns/test_leaks.py")


@session_in(f"core-{MAIN}", "ansible-test-units", "unit")
def ansible_test_units(session: nox.Session) -> None:
    """Run the unit tests of plugins by ansible-test alone, as a contributor to Ansible's collections would."""
    version = python_for(*CORES[MAIN].pythons)
    assert version
    with copied(session):
        output = run(
            session,
            *("ansible-test", "units", "--local", "--python", version, "--color", "no", *session.posargs),
            env={**PROXIES, "CI": "true"},
        )
    # It takes a group of tests of which none ran for passed.
    ran = [group for group in output.split("Unit test ")[1:] if re.search(r"(?m)^=+ .*\b\d+ passed\b", group)]
    if len(ran) != 3 and not session.posargs:
        session.error("tests of modules, module_utils or plugins of the controller did not run")


@session_in(f"core-{MAIN}", "browser", "unit")
def browser(session: nox.Session) -> None:
    """Look at the page of a report in Chromium, which root has installed by apt-get if it is missing."""
    if not any(map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))):
        if os.geteuid() != 0 or not shutil.which("apt-get"):
            session.skip("no Chromium here; only root can have it installed, by apt-get")
        try:
            session.run("apt-get", "--quiet", "update", external=True, silent=True)
            session.run(
                *("apt-get", "--quiet", "install", "--yes", "--no-install-recommends", "chromium"),
                env={"DEBIAN_FRONTEND": "noninteractive"},
                external=True,
                silent=True,
            )
        except CommandFailed:
            session.skip("no Chromium here, and apt-get could not install it")
    pytest(session, "-m", "browser", "tests/unit")


@session_in(f"core-{FULL}", "documents", "playbooks", f"core-{FULL}")
def documents(session: nox.Session) -> None:
    """Do what the documents tell a reader, and the examples of modules, against the simulator."""
    pytest(session, *OF_DOCUMENTS)


@session_in("collections", "aws", "aws")
def aws(session: nox.Session) -> None:
    """Run the real amazon.aws inventory on a simulated AWS."""
    pytest(session, "tests/aws")


@session_in("collections", "awx", "awx", also=tuple(f"core-{core}" for core in OTHERS))
def awx(session: nox.Session) -> None:
    """AWX: set-up by the real awx.awx, surveys, jobs, project, execution environment, with whatever core it has."""
    pythons = [path for core in OTHERS if Path(path := python_in(f"core-{core}")).exists()]
    # A second process would set up AWX once more, which takes longer than all else here.
    pytest(session, "-n", "0", "tests/awx", AWX_TESTS_PYTHONS=":".join(pythons))


per_core("sanity", OTHERS)(sanity)


@session_in("lint", "mypy", "lint", also=(f"core-{MAIN}",))
def mypy(session: nox.Session) -> None:
    """Check the types of plugins and tests."""
    with copied(session) as tree, session.chdir(tree.parents[2]):
        session.run(
            *("mypy", "--config-file", f"{tree}/mypy.ini", "--python-executable", python_in(f"core-{MAIN}")),
            *("--cache-dir", str(WORK / "mypy"), f"{tree}/plugins", f"{tree}/tests"),
            external=True,
        )


@session_in("lint", "docs", "lint", also=("docs",))
def docs(session: nox.Session) -> None:
    """Check the documentation of plugins and guides, and make the site without a warning."""
    with copied(session) as tree:
        session.run(
            *("antsibull-docs", "lint-collection-docs", "--plugin-docs", "--validate-collection-refs", "self"),
            *("--check-extra-docs-refs", "."),
            external=True,
        )
        session.env["ANSIBLE_COLLECTIONS_PATH"] = session.env["PYTHONPATH"] = str(tree.parents[2])
        session.run(python_in("docs"), "docs/site/build.py", str(tree.parents[3] / "site"), external=True)


@session_in("lint", "ansible-lint", "lint")
def ansible_lint(session: nox.Session) -> None:
    """Check roles, playbooks and metadata by the production profile, nothing skipped."""
    with copied(session) as tree:
        session.env["ANSIBLE_COLLECTIONS_PATH"] = str(tree.parents[2])
        output = run(session, "ansible-lint", "--offline", "--profile", "production", "--nocolor", *session.posargs)
    if "Passed: 0 failure(s), 0 warning(s)" not in output:
        session.error("ansible-lint did not say 0 failures and 0 warnings")


# --- The tarball ------------------------------------------------------------------------------------------------------


@session_in("lint", "importer", "build")
def importer(session: nox.Session) -> None:
    """Let Galaxy's importer look at the tarball; its warnings count."""
    with tarball(session) as file, copied(session), session.chdir(file.parent):
        session.env.update(
            GALAXY_IMPORTER_CHECK_REQUIRED_TAGS="yes",
            GALAXY_IMPORTER_REQUIRE_V1_OR_GREATER="yes",
            GALAXY_IMPORTER_RUN_FLAKE8="no",  # ruff and ansible-test say the same with one set of rules
        )
        output = run(session, "python", "-m", "galaxy_importer.main", str(file))
    if re.search(r"(?m)^(?:ERROR|WARNING): ", output):
        session.error("the importer has complaints")


@per_core("installed", also=lambda core: tuple(f"target-{version}" for version in CORES[core].targets))
def installed(session: nox.Session, core: str) -> None:
    """Use the tarball in an empty place: playbook by full name, module from a shell and on Pythons of managed nodes."""
    pythons = {version: Path(python_in(f"target-{version}")) for version in CORES[core].targets}
    for version, path in pythons.items():
        if not path.exists():
            session.warn(f"left out: the module on Python {version}, which is not here")
    here = [str(path) for path in pythons.values() if path.exists()]
    with tarball(session) as file, copied(session) as tree:
        session.env["PYTHONPATH"] = str(tree.parents[2])
        session.run("python", "tests/sessions/installed.py", str(file), *here, env=PROXIES, external=True)


@session_in("demo", "readme", "installed")
def readme(session: nox.Session) -> None:
    """Paste README's commands as a user without rights on anything but a home directory."""
    with copied(session) as tree:
        session.env["PYTHONPATH"] = str(tree.parents[2])
        session.run(
            "python", "tests/sessions/readme.py", str(tree), CORES[OLDEST].requirement, env=PROXIES, external=True
        )


@session_in("partner", "partner", "partner", ON_DEMAND)
def partner(session: nox.Session) -> None:
    """Do what Red Hat's check of partners' collections does, with its versions: a bare clone, an empty home."""
    with copied(session, untracked=False) as tree:
        clone = tree.parents[3] / "clone"
        tree.rename(clone)  # where no linter finds the collection by its name
        with session.chdir(clone):
            for command in (("init", "--quiet"), ("add", "--all")):
                session.run("git", *command, external=True)
            lint = ("ansible-lint", "--profile=production", "--skip-list", "sanity", "--nocolor")
            output = run(session, *lint)
        if "Passed: 0 failure(s), 0 warning(s)" not in output:
            session.error("ansible-lint did not say 0 failures and 0 warnings")
    with tarball(session) as file, copied(session), session.chdir(file.parent):
        session.env["GALAXY_IMPORTER_CHECK_REQUIRED_TAGS"] = "yes"
        output = run(session, "python", "-m", "galaxy_importer.main", str(file))
    if re.search(r"(?m)^ERROR: ", output):
        session.error("the importer has complaints")


# The longest first, so that the lanes end together.
per_core("campaigns", OTHERS)(campaigns)
per_core("playbooks", tuple(core for core in CORES if core != FULL))(playbooks)
per_core("unit", OTHERS)(unit)


# --- All of them ------------------------------------------------------------------------------------------------------


@nox.session(venv_backend="none")
def test(session: nox.Session) -> None:
    """Run all gates in four lanes, or those with the names or tags that follow; a summary at the end."""
    sys.path.insert(0, str(ROOT / "tests" / "sessions"))
    import lanes

    wanted = {word for words in session.posargs for word in words.split(",") if word}
    names = {gate.name for gate in GATES} | {tag for gate in GATES for tag in gate.tags}
    if unknown := wanted - names:
        session.error(f"no gate {', '.join(sorted(unknown))}; there are {', '.join(sorted(names))}")
    chosen = [gate for gate in GATES if (wanted & {gate.name, *gate.tags} if wanted else ON_DEMAND not in gate.tags)]
    # An ended run cleans up after itself, as with Ctrl-C.
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(143))
    if not lanes.run([(gate.name, gate.environments) for gate in chosen], WORK):
        session.error("not all gates passed")


# --- Chores -----------------------------------------------------------------------------------------------------------


@session_in("demo", "build")
def build(session: nox.Session) -> None:
    """Build the tarball into dist/."""
    loose = sorted({*project_files(untracked=True)} - {*project_files(untracked=False)})
    if loose:
        session.warn(f"left out, since git does not track it: {', '.join(loose)}")
    session.log(f"built {build_tarball(session, DIST).relative_to(ROOT)}")


@session_in("demo", "release", ON_DEMAND)
def release(session: nox.Session) -> None:
    """See that this version can be published: one version everywhere, no change untold, the demo from the tarball."""
    with tarball(session) as file:
        session.env["PYTHONPATH"] = str(linked())
        session.run("python", str(ROOT / "tests/sessions/release.py"), str(file), external=True)


@session_in("lint", "format")
def format_code(session: nox.Session) -> None:
    """Let ruff put the Python code into shape."""
    session.run("ruff", "format", "--no-cache", *(session.posargs or ["."]), external=True)


def chore(name: str, environment: str, says: str, *command: str, installs: bool = False) -> None:
    """Make a session of a script of this clone; what follows on the command line goes to it."""

    def call(session: nox.Session) -> None:
        path = str(linked())
        if installs:
            place = WORK / "installed" / name
            shutil.rmtree(place, ignore_errors=True)
            with tarball(session) as file:
                galaxy = ("ansible-galaxy", "collection", "install", "--offline", "--no-deps", "-p")
                session.run(*galaxy, str(place), str(file), external=True, silent=True)
            session.env["ANSIBLE_COLLECTIONS_PATH"] = str(place)
            path = f"{place}:{path}"
        session.env["PYTHONPATH"] = path
        session.run("python", *command, *session.posargs, external=True)

    call.__doc__ = says
    session_in(environment, name)(call)


CORE = f"core-{MAIN}"
chore("demo", "demo", "Back up a sample inventory on the simulator.", "tests/demo/run.py", installs=True)
chore("simulator", "demo", "Serve the rehearsal CommServe until Ctrl-C.", "-m", f"{TESTS}.simulator")
chore("bench", CORE, "Measure the collection beside what people use today.", "-m", f"{TESTS}.bench.run", installs=True)
chore("chaos", CORE, "Start backups in thousands of simulated worlds.", "-m", f"{TESTS}.campaigns.simulation")
chore("races", CORE, "Let processes race for one pair of tokens, and kill some.", "-m", f"{TESTS}.campaigns.races")
chore("site", "docs", "Make the documentation as a site.", "docs/site/build.py", "dist/site", installs=True)
chore(
    *("pictures", "docs", "Take the pictures of README and guides.", "docs/site/pictures.py"),
    "docs/docsite/rst/images",
    installs=True,
)
