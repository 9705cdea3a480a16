"""A real Slurm of one node on this machine, for tests: munged, slurmctld and slurmd with settings of their own.

    with SlurmCluster(folder) as slurm:
        slurm.run("sbatch", "--array=3,7", script)
        slurm.kill_node(); slurm.start_node()

Where it cannot run, `missing()` says why. The daemons die with the process that started them, however that ends.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

DAEMONS = ("munged", "slurmctld", "slurmd")
PARENT_DIES = 1  # PR_SET_PDEATHSIG

CONF = """
ClusterName=tests
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=5
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmdParameters=config_overrides
SchedulerParameters=sched_interval=1,batch_sched_delay=0
ReturnToService=2
KillWait=5
SlurmdTimeout=5
NodeName={host} NodeAddr=127.0.0.1 CPUs=64 RealMemory=512000 State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""  # a task that is put back waits as long as credentials live: two minutes by default


def missing() -> str:
    """Why Slurm cannot be tried here; "" = it can."""
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    gone = [name for name in (*DAEMONS, "sbatch", "squeue", "scontrol") if shutil.which(name, path=path) is None]
    if gone:
        return f"Slurm is not installed ({', '.join(gone)}): apt-get install slurm-wlm munge"
    return "" if os.geteuid() == 0 else "Slurm's daemons are started as root here"


class SlurmCluster:
    """The daemons, and what is asked of them. environment: with which commands find this Slurm and no other."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        conf = folder / "slurm.conf"
        path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
        outer = {name: value for name, value in os.environ.items() if not name.startswith(("SLURM", "SBATCH"))}
        self.environment = {**outer, "SLURM_CONF": str(conf), "PATH": path, "PAGE_SORTER_PYTHON": sys.executable}
        self._daemons: dict[str, subprocess.Popen] = {}

    def __enter__(self) -> SlurmCluster:
        folder = self.folder
        for name in ("state", "spool"):
            (folder / name).mkdir(parents=True)
        (folder / "munge.key").write_bytes(os.urandom(128))
        (folder / "munge.key").chmod(0o400)
        host = socket.gethostname().split(".")[0]
        (folder / "slurm.conf").write_text(CONF.format(folder=folder, host=host, ports=_free_ports(2)))
        try:
            files = [f"--{name}-file={folder / f'munge.{name}'}" for name in ("key", "pid", "log", "seed")]
            self._start("munged", "--foreground", "--force", *files, f"--socket={folder / 'munge.socket'}")
            self.until((folder / "munge.socket").exists)
            self._start("slurmctld", "-D")
            self.start_node()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(AssertionError, subprocess.TimeoutExpired, OSError):
            if "slurmd" in self._daemons:
                self.empty()
        for name in reversed(DAEMONS):
            if (daemon := self._daemons.pop(name, None)) is not None:
                daemon.kill()
                daemon.wait()
        for process in self._processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)

    def _start(self, name: str, *words: str) -> None:
        def with_parent() -> None:
            ctypes.CDLL(None).prctl(PARENT_DIES, signal.SIGKILL)

        with (self.folder / f"{name}.log").open("ab") as log:
            self._daemons[name] = subprocess.Popen(
                [name, *words], env=self.environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                preexec_fn=with_parent,
            )  # fmt: skip

    def start_node(self) -> None:
        """Start slurmd, until its node takes tasks."""
        self._start("slurmd", "-D")
        self.until(lambda: self.run("sinfo", "--noheader", "--format=%T").stdout.strip() in ("idle", "mixed"))

    def kill_node(self) -> None:
        """As if the node had died: slurmd and all that it has started are killed."""
        self._daemons["slurmd"].kill()
        self._daemons.pop("slurmd").wait()
        for process in self._processes():
            if Path(f"/proc/{process}/comm").read_text().strip() != "slurmctld":
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)

    def _processes(self) -> list[int]:
        """What Slurm's node has started: steps, scripts and their programs; not the daemons themselves."""
        found = []
        own = {daemon.pid for daemon in self._daemons.values()}
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                variables = (folder / "environ").read_bytes().split(b"\0")
                of_ours = f"SLURM_CONF={self.folder / 'slurm.conf'}".encode() in variables
                step = (folder / "comm").read_text().startswith("slurmstepd")
                job = any(one.startswith(b"SLURM_JOB_ID=") for one in variables)
                if of_ours and (step or job) and int(folder.name) not in own:
                    found.append(int(folder.name))
        return found

    def run(self, *words: object) -> subprocess.CompletedProcess[str]:
        """Run a program of Slurm to its end."""
        return subprocess.run([str(word) for word in words], env=self.environment, capture_output=True, text=True,
                              timeout=60)  # fmt: skip

    def submit(self, *words: object, **environment: str) -> str:
        """Submit a script; the number of the job."""
        done = subprocess.run(["sbatch", "--parsable", *map(str, words)], env={**self.environment, **environment},
                              capture_output=True, text=True, timeout=60)  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def tasks(self, job: str = "") -> dict[str, str]:
        """Task -> state, of a job or of all, those that have ended too."""
        words = [
            "squeue",
            "--noheader",
            "--array",
            "--states=all",
            "--format=%i %T",
            *([f"--jobs={job}"] if job else []),
        ]
        return dict(line.split() for line in self.run(*words).stdout.splitlines())

    def alive(self) -> list[str]:
        """Tasks that run, wait or end."""
        return self.run("squeue", "--noheader", "--array", "--format=%i").stdout.split()

    def empty(self) -> None:
        """Cancel all that there is."""
        self.run("scancel", f"--user={os.getuid()}")
        self.until(lambda: not self.alive())

    def until(self, what: Callable[[], object], seconds: float = 180.0) -> None:
        """Wait for something to be so; AssertionError where it never is."""
        limit = time.monotonic() + seconds
        while not what():
            assert time.monotonic() < limit, self.logs()
            time.sleep(0.05)

    def logs(self) -> str:
        """What the daemons have said last."""
        said = [f"{log.name}:\n{log.read_text(errors='replace')[-1500:]}" for log in sorted(self.folder.glob("*.log"))]
        return "\n".join(["it never came to that", *said])


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
