#!/bin/bash
# One task of a job array: run.py, until no shard of the run is left. sort_cpu.sbatch and sort_gpu.sbatch start this,
# nobody else: task.sh PROJECT --worker RUN (for a driver, `--cluster slurm`), or task.sh PROJECT -d PAGES -o OUTPUT ...
set -u
project=$1
shift
python=${PAGE_SORTER_PYTHON:-$project/.venv/bin/python} # a driver names its own
[ -x "$python" ] || python=python3
[ "${1:-}" = --worker ] || set -- "$@" --cluster join # all tasks share the run that the first of them begins
# Slurm does not hold all tasks to their processors: libraries that count those of the node would start too many threads.
export OMP_NUM_THREADS=${SLURM_CPUS_PER_TASK:-1}

# USR1: the time is nearly up. Put back into the queue, the task gets TERM from Slurm, as for every other end that is not
# its own; run.py then gives its shard back, and whoever comes next does it. Where tasks may not be put back, it ends.
child=
stopped=0
out_of_time() {
    stopped=1
    echo "the time is nearly up: back into the queue"
    scontrol requeue "${SLURM_JOB_ID:-}" && return
    echo "this task cannot be put back into the queue: submit it again, and the others of its array go on" >&2
    [ -z "$child" ] || kill -TERM "$child"
}
trap out_of_time USR1
trap 'stopped=1' TERM # Slurm sends it to run.py too

# A page may kill the process that opens it. Started again it does others; whoever is third at such a shard does it page
# by page, and the page becomes a row of the errors table.
for ((start = 1; start <= 20 && stopped == 0; start++)); do
    "$python" "$project/run.py" "$@" &
    child=$!
    while :; do # a signal ends `wait` before the program has ended
        wait "$child"
        code=$?
        kill -0 "$child" 2>/dev/null || break
    done
    wait "$child"
    code=$?
    child=
    [ "$code" -gt 128 ] && [ "$code" -ne 130 ] && [ "$stopped" -eq 0 ] || break
    echo "run.py was killed (exit code $code): started again" >&2
done
exit "${code:-130}"
