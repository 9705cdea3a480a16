#!/usr/bin/env bash
# ONNX Runtime 1.32.0 on Linux: importing it begins to report to its maker, without a word.
#
# `import onnxruntime` alone writes an identity of the device and a database (5 MB after a day of use) into
# ~/.cache/Microsoft/DeveloperTools/.onnxruntime; a process that lives some seconds asks for
# mobile.events.data.microsoft.com. `onnxruntime.disable_telemetry_events()`, which the documentation names, comes too
# late for the files. ORT_DISABLE_TELEMETRY=1 in the environment before the import stops all of it. 1.24.1 has none of
# this. Fails when this changes.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet onnxruntime==1.32.0
mkdir "$work/left" "$work/told"
HOME="$work/left" "$work/venv/bin/python" -c "import onnxruntime; onnxruntime.disable_telemetry_events()"
HOME="$work/told" ORT_DISABLE_TELEMETRY=1 "$work/venv/bin/python" -c "import onnxruntime"
echo "left to itself:"
find "$work/left" -type f | sed "s|$work/left|~|" | tee "$work/files"
grep -q onnxruntime.db "$work/files"
echo "with ORT_DISABLE_TELEMETRY=1:"
[ -z "$(find "$work/told" -type f)" ] && echo nothing
