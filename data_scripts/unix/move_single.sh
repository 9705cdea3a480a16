#!/bin/sh
# move_single.sh: one-page documents go into onepagers/. Run it from where it lies, on any folder:
#     data_scripts/unix/move_single.sh ~/pages
#     data_scripts/unix/move_single.sh --help
here=$(CDPATH='' cd -P -- "$(dirname -- "$0")/.." && pwd) || exit 2
python=$here/../.venv/bin/python
[ -x "$python" ] || python=python3
exec "$python" "$here/move_single.py" "$@"
