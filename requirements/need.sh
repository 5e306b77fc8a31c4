#!/bin/sh
# Names what is missing on this machine, and what to install. Exit 1 if something is.
set -u
python=${PYTHON:-python3}
bad=0
say() { echo "missing: $1 -> $2" >&2; bad=1; }

if ! command -v git >/dev/null 2>&1; then
  say "git" "install git (Debian, Ubuntu: apt install git; macOS: xcode-select --install)"
else
  version=$(git version | sed 's/[^0-9]*\([0-9][0-9]*\)\.\([0-9][0-9]*\).*/\1 \2/')
  set -- $version
  if [ "$1" -lt 2 ] || { [ "$1" -eq 2 ] && [ "$2" -lt 38 ]; }; then
    say "git 2.38 or newer (this is $1.$2)" "upgrade git"
  fi
fi
if ! command -v "$python" >/dev/null 2>&1; then
  say "$python" "install Python 3.11 or newer, or say where it is: make PYTHON=/path/to/python3"
elif ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
  say "Python 3.11 or newer (this is $("$python" -V 2>&1))" "install it, or say where it is: make PYTHON=/path/to/python3.12"
elif ! "$python" -c 'import venv, ensurepip' 2>/dev/null; then
  say "the venv module of Python" "apt install python3-venv"
fi
exit $bad
