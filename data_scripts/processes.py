"""Work in processes that end with the job: spawned alike on Linux, macOS and Windows, and none survives Ctrl-C.

for task, answer in in_processes(function, tasks, workers=2):
    ...                                      # answers as they come; WorkerDied where a process broke down
"""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
import traceback
from collections.abc import Callable, Iterable, Iterator
from multiprocessing.connection import Connection, wait
from typing import Any, TypeVar

from common import no_command

Task = TypeVar("Task")
Answer = TypeVar("Answer")

HELD = {signal.SIGINT, signal.SIGTERM}


class WorkerDied(Exception):
    """The answer to a task whose process ended in the middle of it: a decoder crashed, or memory ran out."""


def in_processes(
    function: Callable[[Task], Answer], tasks: Iterable[Task], workers: int
) -> Iterator[tuple[Task, Answer | WorkerDied]]:
    """`function(task)` for each task in spawned processes, as they finish: (task, its answer).

    A process that dies takes only its own task with it (`WorkerDied`) and is replaced. Tasks are taken one by one, so
    they may be an endless iterator. However the loop ends - done, broken off, Ctrl-C - no process is left; where this
    process itself is killed, workers end after the task in hand.
    """
    context = multiprocessing.get_context("spawn")
    waiting = iter(tasks)
    busy: dict[Connection, tuple[Any, Task]] = {}
    processes: set[Any] = set()

    def feed(process: Any, ours: Connection) -> None:
        for task in waiting:
            busy[ours] = process, task
            with contextlib.suppress(OSError):  # it died while idle: the wait below notices
                ours.send(task)
            return
        ours.close()  # the process ends by itself

    def open_one(task: Task) -> None:
        ours, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(theirs, function), daemon=True)
        with _signals_held():
            process.start()
            processes.add(process)
        theirs.close()
        busy[ours] = process, task
        with contextlib.suppress(OSError):
            ours.send(task)

    try:
        for task in waiting:
            open_one(task)
            if len(busy) >= max(1, workers):
                break
        while busy:
            for ready in wait(list(busy)):
                process, task = busy.pop(ready)
                try:
                    answer, problem = ready.recv()
                except (EOFError, OSError):
                    ready.close()
                    process.join()
                    processes.discard(process)
                    for following in waiting:
                        open_one(following)
                        break
                    yield task, WorkerDied(f"the process that worked on it ended (exit code {process.exitcode})")
                    continue
                if problem:
                    raise RuntimeError(f"in a worker process:\n{problem}")
                feed(process, ready)
                yield task, answer
        for process in processes:
            process.join()
    finally:
        for process in processes:
            if process.is_alive():
                process.terminate()
        for process in processes:
            process.join()


@contextlib.contextmanager
def _signals_held() -> Iterator[None]:
    """Ctrl-C and SIGTERM wait until a process is fully started, here and - until it is ready for them - in itself.

    The mask is what the new process inherits. It is not enough here: the signal may reach another thread (a numerical
    library has some), and Python then runs the handler in the middle of the start all the same.
    """
    came: list[int] = []
    handlers = {number: signal.signal(number, lambda number, _: came.append(number)) for number in HELD}
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, HELD) if hasattr(signal, "pthread_sigmask") else None
    try:
        yield
    finally:
        if mask is not None:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        for number, handler in handlers.items():
            signal.signal(number, handler)
        for number in came[:1]:
            signal.raise_signal(number)


def _serve(connection: Connection, function: Callable[[Any], Any]) -> None:
    """A worker's life: tasks in, answers out, until the other end closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent ends the workers
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, HELD)
    while True:
        try:
            task = connection.recv()
        except (EOFError, OSError):
            return
        try:
            answer = function(task), ""
        except Exception:  # noqa: BLE001 - a bug of ours: shown by the parent with this traceback
            answer = None, traceback.format_exc()
        try:
            connection.send(answer)
        except OSError:
            return


if __name__ == "__main__":
    no_command("see data_scripts/pdf2png.py or data_scripts/dataset.py")
