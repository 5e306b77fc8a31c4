"""What the cluster is asked for: a Job with one container for each launch, and the program in a ConfigMap."""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mission_cli.adapters.executors.remote.launcher import Launch
    from mission_cli.domain.hosts.host import Host, Needed

LIMIT = 1 << 20
"""What Kubernetes takes as the data of one ConfigMap."""
MANAGED = "app.kubernetes.io/managed-by=mission"
ID, KEY_DIGEST, KEY = "mission-id", "mission-key-digest", "mission-key"
HOME = "/home/mission"
CONTAINER = "worker"
GRACE_S = 120
"""For the program, to save its work after SIGTERM."""
_KEPT_S = 24 * 3600
_GROUP = 10001
"""Of the volumes; the image says who runs in it, and root is refused."""
_FILES, _OWN = "/run/mission-program", "/run/mission-home"
_SECRET, _SECRET_FILES = "mission", "mission-home"
_PROGRAM = re.compile(rf"{HOME}/(mission-[0-9a-f]+)\.pyz")
_START = f"""\
umask 077
for one in {_OWN}/.[!.]* {_OWN}/*; do
    case $one in */..*) ;; *) [ -f "$one" ] && cat "$one" > "$HOME/${{one##*/}}" ;; esac
done
for one in {_FILES}/*; do [ -f "$one" ] && cat "$one" > "$HOME/${{one##*/}}"; done
cd "$HOME" && exec "$@"
"""
"""Files of a Secret are links that others may read; copies in the home are as git and ssh want them."""


def program_name(digest: str) -> str:
    """Return the name of the ConfigMap with a program."""
    return f"mission-{digest}"


def program_path(digest: str) -> str:
    """Return where a container finds the program."""
    return f"{HOME}/{program_name(digest)}.pyz"


def config_map(program: bytes, digest: str) -> dict[str, Any]:
    """Return the immutable ConfigMap with a program."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": program_name(digest), "labels": dict([MANAGED.split("=")])},
        "immutable": True,
        "binaryData": {f"{program_name(digest)}.pyz": b64encode(program).decode()},
    }


def job(host: Host, launch: Launch) -> dict[str, Any]:
    """Return the Job for a launch."""
    labels = {
        **dict([MANAGED.split("=")]),
        ID: launch.id,
        KEY_DIGEST: hashlib.sha256(launch.key.encode()).hexdigest()[:32],
    }
    spec = {
        "backoffLimit": 0,
        "ttlSecondsAfterFinished": _KEPT_S,
        "template": {"metadata": {"labels": labels, "annotations": {KEY: launch.key}}, "spec": _pod(host, launch)},
    }
    if launch.deadline_s:
        spec["activeDeadlineSeconds"] = launch.deadline_s
    metadata = {"name": launch.id, "labels": labels, "annotations": {KEY: launch.key}}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": spec}


def _pod(host: Host, launch: Launch) -> dict[str, Any]:
    volumes: list[dict[str, Any]] = [
        {"name": "home", "emptyDir": {}},
        {"name": "tmp", "emptyDir": {}},
        {"name": "own", "secret": {"secretName": _SECRET_FILES, "optional": True, "defaultMode": 0o440}},
    ]
    mounts: list[dict[str, Any]] = [
        {"name": "home", "mountPath": HOME},
        {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108 - a folder of the pod's own
        {"name": "own", "mountPath": _OWN, "readOnly": True},
    ]
    programs = sorted({found[1] for word in launch.argv if (found := _PROGRAM.fullmatch(word))})
    if programs:
        volumes.append({"name": "program", "configMap": {"name": programs[0]}})
        mounts.append({"name": "program", "mountPath": _FILES, "readOnly": True})
    variables = {**launch.env, "HOME": HOME}
    container: dict[str, Any] = {
        "name": CONTAINER,
        "image": host.image,
        "command": ["/bin/sh", "-c", _START, "sh", *(_escaped(word) for word in launch.argv)],
        "env": [{"name": name, "value": _escaped(value)} for name, value in sorted(variables.items())],
        "envFrom": [{"secretRef": {"name": _SECRET, "optional": True}}],
        "resources": _resources(launch.needed or host.needed),
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
        "volumeMounts": mounts,
    }
    pod: dict[str, Any] = {
        "restartPolicy": "Never",
        "terminationGracePeriodSeconds": GRACE_S,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": {
            "runAsNonRoot": True,
            "fsGroup": _GROUP,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [container],
        "volumes": volumes,
    }
    if host.account:
        pod["serviceAccountName"] = host.account
    return pod


def _escaped(text: str) -> str:
    """Kubernetes replaces $(NAME) in commands and variables; $$ stands for a dollar sign there."""
    return text.replace("$", "$$")


def _resources(needed: Needed) -> dict[str, Any]:
    wanted = {}
    if needed.cpus:
        wanted["cpu"] = f"{round(needed.cpus * 1000)}m"
    if needed.memory_mb:
        wanted["memory"] = f"{needed.memory_mb}Mi"
    limits = {name: value for name, value in wanted.items() if name == "memory"}
    if needed.gpus:
        wanted["nvidia.com/gpu"] = limits["nvidia.com/gpu"] = str(-int(-needed.gpus // 1))
    return {"requests": wanted, "limits": limits} if wanted else {}
