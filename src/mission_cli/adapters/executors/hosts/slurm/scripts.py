"""What runs on the machine that has the commands of Slurm, and on a node: POSIX shell, with data as arguments only.

Everything is kept in one folder that the login node and all nodes share. `jobs/ID/` has what is known of an id, for
the time when `squeue` does not list it any more:

- `job`: what `sbatch` answered
- `started`: written by the job, the number of the job and its node
- `ended`: written by the job, the exit status of its program
- `cancelled`: when the end was asked for the first time
- `output`: what it printed
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mission_cli.adapters.executors.remote.launcher import Launch

ROOT = r"""
case $1 in '~') set -- . "$@";; '~/'*) set -- "./${1#'~/'}" "$@";; *) set -- "$1" "$@";; esac
cd && umask 077 && mkdir -p -- "$1" && cd -- "$1" || exit 1
shift 2
user=$(id -u)
for name in $(env | sed -n 's/^\(S\(QUEUE\|CANCEL\|INFO\|ACCT\)_[A-Z_]*\)=.*/\1/p') \
    SBATCH_ARRAY_INX SBATCH_WAIT SBATCH_REQUEUE; do unset "$name"; done
"""
"""Goes to the folder, the first argument. A person's usual filters of lists would hide jobs; they do not count."""

WHERE = ROOT + "pwd\n"

HAS_PROGRAM = (
    ROOT
    + r"""
mkdir -p programs jobs && find programs -name 'mission-*.pyz' -mtime +30 ! -name "$1" -exec rm -f {} +
test -s "programs/$1" && touch "programs/$1" && echo yes
pwd
"""
)
PUT_PROGRAM = ROOT + r"""cat > "programs/$1.$$" && mv -- "programs/$1.$$" "programs/$1" """

START = (
    ROOT
    + r"""
id=$1 comment=$2
shift 2
mkdir -p "jobs/$id"
known=$(squeue --noheader --states=all --user="$user" --name="$id" --format='%i|%k') || exit 1
if [ -n "$known" ]; then
    printf '%s\n' "$known" | grep -qxF -e "${known%%|*}|$comment" || { printf 'other %s\n' "$known"; exit; }
    [ -e "jobs/$id/job" ] || printf '%s\n' "${known%%|*}" > "jobs/$id/job"
    exit
fi
[ -e "jobs/$id/job" ] || [ -e "jobs/$id/started" ] && exit
sbatch "$@" > "jobs/$id/job.new" && mv "jobs/$id/job.new" "jobs/$id/job"
"""
)

LOOK = (
    ROOT
    + r"""
told() { for id; do for name in job started ended; do
    [ -e "jobs/$id/$name" ] && printf '%s|%s|%s\n' "$name" "$id" "$(head -c 200 "jobs/$id/$name" | tr '\n' ' ')"
done; done; }
told "$@"
all=$*
squeue --noheader --states=all --user="$user" --name="$(printf '%s' "$all" | tr ' ' ',')" \
    --format='queue|%j|%i|%T|%N|%r' || exit 1
told "$@"
true
"""
)
"""Files before and after the question: a job that ends between them is seen by its file."""

RECORDS = (
    ROOT
    + r"""
sacct --noheader --parsable2 --allocations --user="$user" --starttime=now-30days --name="$1" \
    --format=JobName,JobID,State,NodeList 2>/dev/null
"""
)

CANCEL = (
    ROOT
    + r"""
[ -d "jobs/$1" ] && { [ -e "jobs/$1/cancelled" ] || : > "jobs/$1/cancelled"; }
scancel --user="$user" --state=PENDING --name="$1" || exit 1
if [ -n "$(find "jobs/$1/cancelled" -mmin +"$2" 2>/dev/null)" ]; then
    scancel --user="$user" --name="$1"
else
    scancel --user="$user" --state=RUNNING --batch --signal=TERM --name="$1"
fi
"""
)

OUTPUT = ROOT + r"""[ -e "jobs/$1/output" ] && tail -c +"$2" "jobs/$1/output" | head -c "$3"; true"""

FORGET = ROOT + r"""rm -rf -- "jobs/$1" """

NODES = (
    ROOT
    + r"""
partition=$1
set --
[ -n "$partition" ] && set -- --partition="$partition"
sinfo --noheader --Node "$@" --Format='NodeList:|,StateCompact:|,CPUsState:|,Memory:|,AllocMem:|,Gres:|,GresUsed:|'
"""
)

ABOUT = ROOT + r"""mkdir -p jobs; sinfo --version && sinfo --noheader --format='%P %a' && scontrol ping"""

WOULD_START = ROOT + r"""sbatch --test-only "$@" """


NODE = (
    ROOT
    + r"""
folder=$(pwd)
srun --immediate=20 --time=2 --ntasks=1 --quiet --job-name=mission-test --export=NONE "$@" /bin/sh -c '
cat > "${TMPDIR:-/tmp}/mission-test.$$"
printf "\nnode 0 %s\n" "$(uname -n)"
if cd "$1" 2>/dev/null && : 2>/dev/null > "jobs/.test.$$"; then rm -f "jobs/.test.$$"; printf "folder 0\n"
else printf "folder 1\n"; fi
. "${TMPDIR:-/tmp}/mission-test.$$"
rm -f "${TMPDIR:-/tmp}/mission-test.$$"
' sh "$folder"
"""
)
"""Runs a script on a node, by a short job."""


def batch_script(launch: Launch, folder: str) -> str:
    """Return what a node runs. It passes TERM on and waits, so that the program can save what it has.

    Slurm drops a signal to a job that is about to start; the file `cancelled` says the same.
    """
    at = shlex.quote(folder)
    variables = "".join(f"export {name}={shlex.quote(value)}\n" for name, value in launch.env.items())
    return f"""#!/bin/sh
program=
stop=
trap 'stop=yes; [ -n "$program" ] && kill -TERM "$program"' TERM
end() {{ printf "%s\\n" "$1" > {at}/ended.new && mv {at}/ended.new {at}/ended; exit "$1"; }}
cd {at} || exit 1
printf "%s %s\\n" "$SLURM_JOB_ID" "$SLURMD_NODENAME" > started
[ -e cancelled ] && end 143
{variables}{shlex.join(launch.argv)} &
program=$!
[ -n "$stop" ] && kill -TERM "$program"
wait "$program"
code=$?
while kill -0 "$program" 2>/dev/null; do wait "$program"; code=$?; done
end "$code"
"""
