#!/bin/sh
# sort.sh: pages go into label folders, by an annotation table. Run it from where it lies, on any folder:
#     data_scripts/unix/sort.sh annotation.csv ~/pages ~/sorted --link
#     data_scripts/unix/sort.sh --help
here=$(CDPATH='' cd -P -- "$(dirname -- "$0")/.." && pwd) || exit 2
python=$here/../.venv/bin/python
[ -x "$python" ] || python=python3
exec "$python" "$here/sort.py" "$@"
