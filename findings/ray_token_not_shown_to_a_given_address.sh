#!/usr/bin/env bash
# Ray 2.60.0: whoever once started a Ray of his own (`ray.init()`) cannot connect any more to clusters whose address he
# gives, and is told that they have crashed.
#
# `ray.init()` without an address turns on token authentication and writes ~/.ray/auth_token. From then on `ray start`
# finds that file and asks every driver for the token. `ray.init()` that finds the cluster by itself shows it; one that is
# told the address (RAY_ADDRESS, or address=...) does not, though the file lies there, gets "Unauthenticated" for some 10 s
# in a log of C++, and raises ConnectionError: "most likely due to a previous Ray instance that has since crashed".
# RAY_AUTH_MODE=token before `import ray` makes it show the token; a cluster that asks for none does not mind. Fails when
# this changes.
set -euo pipefail
work=$(mktemp -d)
export HOME=$work/home RAY_USAGE_STATS_ENABLED=0
mkdir "$HOME"
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet ray==2.60.0
trap 'kill $(jobs -p) 2> /dev/null; wait; rm -rf "$work"' EXIT
cat > "$work/connect.py" <<'PYTHON'
import ray
try:
    ray.init(include_dashboard=False, log_to_driver=False)
    print("connected")
except ConnectionError:
    print("ConnectionError")
PYTHON
try() { "$work/venv/bin/python" "$work/connect.py" 2>> "$work/log"; }

[ "$(RAY_ADDRESS=local try)" = connected ]
[ -f "$HOME/.ray/auth_token" ] && echo "a Ray of one's own has left ~/.ray/auth_token"
"$work/venv/bin/ray" start --head --port=6397 --num-cpus=1 --include-dashboard=false --block >> "$work/log" 2>&1 &
until grep -q "Ray runtime started" "$work/log"; do kill -0 $!; sleep 1; done
found=$(try) given=$(RAY_ADDRESS=127.0.0.1:6397 try) shown=$(RAY_AUTH_MODE=token RAY_ADDRESS=127.0.0.1:6397 try)
echo "found by itself: $found; address given: $given; and RAY_AUTH_MODE=token: $shown"
[ "$found $given $shown" = "connected ConnectionError connected" ]
echo "as described"
