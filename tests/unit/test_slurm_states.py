"""What answers of Slurm mean for an attempt."""

from __future__ import annotations

import pytest

from mission_cli.adapters.executors.hosts.slurm.states import (
    is_over,
    is_unreachable,
    looks,
    message,
    number_free,
    options_of,
    recorded,
)
from mission_cli.adapters.executors.remote.launcher import LaunchLook, LaunchState
from mission_cli.domain.hosts.host import Needed

ID = "m-1-1-a1"
KNOWN = [f"job|{ID}|7", f"started|{ID}|7 n1"]
CASES = [
    ("PENDING||Resources", LaunchLook(LaunchState.PENDING, "Resources")),
    ("PENDING||None", LaunchLook(LaunchState.PENDING)),
    ("REQUEUE_HOLD||job requeued in held state", LaunchLook(LaunchState.PENDING, "job requeued in held state")),
    ("CONFIGURING|n1|None", LaunchLook(LaunchState.PENDING, "", "n1")),
    ("RUNNING|n1|None", LaunchLook(LaunchState.RUNNING, "", "n1")),
    ("SUSPENDED|n1|None", LaunchLook(LaunchState.RUNNING, "suspended", "n1")),
    ("COMPLETING|n1|None", LaunchLook(LaunchState.RUNNING, "completing", "n1")),
    ("COMPLETED|n1|None", LaunchLook(LaunchState.ENDED, "", "n1")),
    ("NODE_FAIL|n1|NodeDown", LaunchLook(LaunchState.GONE, "its node failed (NodeDown)", "n1")),
    ("BOOT_FAIL|n1|None", LaunchLook(LaunchState.GONE, "its node did not start", "n1")),
    ("TIMEOUT|n1|TimeLimit", LaunchLook(LaunchState.GONE, "its time limit was over (TimeLimit)", "n1")),
    (
        "OUT_OF_MEMORY|n1|OutOfMemory",
        LaunchLook(LaunchState.GONE, "it used more memory than it had asked for (OutOfMemory)", "n1"),
    ),
    ("PREEMPTED|n1|None", LaunchLook(LaunchState.GONE, "a job with a higher priority took its place", "n1")),
    ("CANCELLED|n1|None", LaunchLook(LaunchState.GONE, "it was cancelled", "n1")),
    ("FAILED|n1|NonZeroExitCode", LaunchLook(LaunchState.GONE, "it failed (NonZeroExitCode)", "n1")),
    ("A_NEW_STATE|n1|\x1b[31mwhy|not", LaunchLook(LaunchState.GONE, "a_new_state (\N{REPLACEMENT CHARACTER}[31mwhy|not)", "n1")),
]  # fmt: skip


@pytest.mark.parametrize(("said", "means"), CASES)
def test_a_state_of_a_job_that_had_started(said: str, means: LaunchLook) -> None:
    assert looks([ID], [*KNOWN, f"queue|{ID}|7|{said}"]) == {ID: means}


@pytest.mark.parametrize("state", ["COMPLETED", "FAILED", "COMPLETING"])
def test_its_own_end_counts_where_the_program_came_to_one(state: str) -> None:
    looked = looks([ID], [*KNOWN, f"queue|{ID}|7|{state}|n1|None", f"ended|{ID}|3 "])[ID]
    assert looked.state is (LaunchState.RUNNING if state == "COMPLETING" else LaunchState.ENDED)


def test_a_job_that_ended_by_itself_while_its_time_ran_out_says_why() -> None:
    lines = [*KNOWN, f"queue|{ID}|7|TIMEOUT|n1|TimeLimit", f"ended|{ID}|143"]
    assert looks([ID], lines) == {ID: LaunchLook(LaunchState.ENDED, "its time limit was over", "n1")}


@pytest.mark.parametrize(
    ("queue", "words"),
    [
        (["TIMEOUT|n1|TimeLimit"], "its time limit was over (TimeLimit)"),
        (["FAILED|n1|NonZeroExitCode"], "its program was killed (NonZeroExitCode)"),
        ([], "its program was killed"),
    ],
)
def test_a_program_that_was_killed_did_not_end_by_itself(queue: list[str], words: str) -> None:
    lines = [*KNOWN, *(f"queue|{ID}|7|{said}" for said in queue), f"ended|{ID}|137"]
    assert looks([ID], lines) == {ID: LaunchLook(LaunchState.GONE, words, "n1")}


def test_a_node_without_the_shared_folder_is_named_as_the_reason() -> None:
    look = looks([ID], [f"job|{ID}|7", f"queue|{ID}|7|FAILED|n1|RaisedSignal:53(Real-time_signal_19)"])[ID]
    assert look == LaunchLook(
        LaunchState.GONE,
        "its node could not start it: check that the node has the folder of the setting `root`"
        " (RaisedSignal:53(Real-time_signal_19))",
        "n1",
    )


def test_files_count_where_slurm_lists_nothing() -> None:
    lost = "Slurm no longer lists it, and it did not end by itself"
    assert looks([ID, "m-2"], []) == {ID: LaunchLook(LaunchState.UNKNOWN), "m-2": LaunchLook(LaunchState.UNKNOWN)}
    assert looks([ID], KNOWN[:1]) == {ID: LaunchLook(LaunchState.GONE, lost)}
    assert looks([ID], KNOWN) == {ID: LaunchLook(LaunchState.GONE, lost, "n1")}
    assert looks([ID], [*KNOWN, *KNOWN, f"ended|{ID}|0"]) == {ID: LaunchLook(LaunchState.ENDED, "", "n1")}
    assert looks([ID], [*KNOWN, f"ended|{ID}|3"]) == {ID: LaunchLook(LaunchState.ENDED, "exit status 3", "n1")}


def test_the_newest_of_several_jobs_of_a_name_counts_and_other_names_do_not() -> None:
    lines = [
        f"queue|{ID}|9|RUNNING|n2|None",
        f"queue|{ID}|7|CANCELLED||None",
        "queue|m-2|11|RUNNING|n1|None",
        "nonsense",
    ]
    assert looks([ID], lines) == {ID: LaunchLook(LaunchState.RUNNING, "", "n2")}


def test_the_accounting_explains_what_is_not_listed() -> None:
    lines = [f"{ID}|7|CANCELLED by 1000|n1", "m-2|8|NODE_FAIL|n2", "m-3|9|COMPLETED|n1", "m-4|10|RUNNING|n1", ""]
    assert recorded(lines) == {
        ID: LaunchLook(LaunchState.GONE, "it was cancelled", "n1"),
        "m-2": LaunchLook(LaunchState.GONE, "its node failed", "n2"),
    }


@pytest.mark.parametrize(
    ("error", "unreachable"),
    [
        ("squeue: error: Unable to contact slurm controller (connect failure)", True),
        ("slurm_load_jobs error: Unable to contact slurm controller (connect failure)", True),
        ("sbatch: error: Batch job submission failed: Socket timed out on send/recv operation", True),
        ("sbatch: fatal: Could not establish a configuration source", True),
        ("error: If munged is up, restart with --num-threads=10\nslurm_load_jobs error: Protocol authentication error", True),
        ("sbatch: error: Batch job submission failed: Invalid partition name specified", False),
        ("sbatch: error: Batch job submission failed: Requested node configuration is not available", False),
        ("sbatch: error: Invalid generic resource (gres) specification", False),
        ("", False),
    ],
)  # fmt: skip
def test_a_controller_that_does_not_answer_is_no_refusal(error: str, *, unreachable: bool) -> None:
    assert is_unreachable(error) is unreachable


def test_words_of_an_error_are_those_of_slurm() -> None:
    assert message("sbatch: error: first\nsbatch: error: Batch job submission failed: Invalid qos\n") == (
        "Batch job submission failed: Invalid qos"
    )
    assert message("\n") == ""
    assert is_over("scancel: error: Kill job error on job id 7: Job/step already completing or completed")
    assert not is_over("scancel: error: Kill job error on job id 7: Access/permission denied")


def test_resources_become_options() -> None:
    assert options_of(None, 0) == {}
    assert options_of(Needed(), 0) == {}
    assert options_of(Needed(1.5, 2048, 0.5), 3601) == {
        "--cpus-per-task": "2",
        "--mem": "2048M",
        "--gpus": "1",
        "--time": "63",
        "--signal": "B:TERM@60",
    }


def test_room_on_nodes_that_take_jobs_is_counted_once_for_each_node() -> None:
    nodes = [
        "n1|idle|0/8/0/8|16000|0|(null)|gpu:0|",
        "n1|idle|0/8/0/8|16000|0|(null)|gpu:0|",  # in another partition too
        "n2|mix|6/2/0/8|16000|15000|gpu:a100:4(S:0-1)|gpu:a100:3(IDX:0-2)|",
        "n3|down*|0/0/8/8|16000|0|gpu:2|gpu:0|",
        "n4|drain|0/0/8/8|16000|0|gpu:2|gpu:0|",
        "n5|idle*|0/8/0/8|16000|0|gpu:2|gpu:0|",
        "n6|alloc|8/0/0/8|16000|0|gpu:2|gpu:0|",
        "",
    ]
    assert number_free(nodes, Needed()) == 10
    assert number_free(nodes, Needed(cpus=2)) == 5
    assert number_free(nodes, Needed(cpus=1.5, memory_mb=1000)) == 5
    assert number_free(nodes, Needed(memory_mb=4000)) == 4
    assert number_free(nodes, Needed(gpus=1)) == 1
    assert number_free([], Needed()) == 0
