#!/bin/sh
# A whole mission in a scratch repository, from nothing: installs into .demo/, needs no account and no network
# beyond the package installs.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
python=${PYTHON:-python3}

PYTHON=$python sh "$root/requirements/need.sh"
demo=$root/.demo
if [ ! -x "$demo/venv/bin/mission" ]; then
  echo "installing into .demo/venv ..."
  "$python" -m venv "$demo/venv"
  "$demo/venv/bin/python" -m pip install --quiet --disable-pip-version-check "$root"
fi
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export XDG_STATE_HOME="$scratch/state" XDG_CONFIG_HOME="$scratch/config" XDG_DATA_HOME="$scratch/data"
export GIT_CONFIG_GLOBAL="$scratch/gitconfig" GIT_CONFIG_NOSYSTEM=1
PATH=$demo/venv/bin:$PATH
git config --global user.name "Demo Person"
git config --global user.email "demo@example.org"

git init --quiet --initial-branch=main "$scratch/word-counter"
cd "$scratch/word-counter"
cat > .mission.toml <<SETTINGS
[runners.script]
kind = "command"
command = ["$demo/venv/bin/python", "$here/worker.py"]
deadline = "5m"
SETTINGS
git add .mission.toml
git commit --quiet -m "Begin"

say() { printf '\n$ %s\n' "$*"; "$@"; }
say mission new --plan "$here/plan.yaml" --id words
say mission start words --headless
say mission run words
say mission history words --limit 8
say git log --oneline --graph main
test "$(python3 -m wordcount README.md)" -gt 0
echo
echo "completed and landed: the word counter is on main, the journal is in missions/"
