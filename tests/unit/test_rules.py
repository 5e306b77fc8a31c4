"""The life of an attempt and the rules that make it safe (docs/architecture.md): every one has tests, named here.

Rules that decisions alone hold are tested here; the others where what they speak of is real.
"""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
from tests.kit.missions import BASE, GOOD, NOW, POLICY, TIP, WORK, feature, mission, observation, record
from tests.kit.proofs import exists
from tests.unit.test_planner import ended

from mission_cli._support.text import stamp
from mission_cli.domain.branches.landing import Landing, LandState
from mission_cli.domain.criteria.criterion import Criterion
from mission_cli.domain.ids import Sha
from mission_cli.domain.runs.evidence import Evidence
from mission_cli.domain.runs.jobs import CheckState, Exit, Job
from mission_cli.domain.status import Cause, CriterionKind, EndReason, FeatureStatus, JobState, MilestoneStatus, Verdict
from mission_cli.domain.tables import Recovery
from mission_cli.planner.core.effects import Integrate, RunCheck
from mission_cli.planner.core.moves.features import MoveFeature, Settle
from mission_cli.planner.core.moves.mission import Finish
from mission_cli.planner.decide import decide
from mission_cli.planner.milestones.judgment import check_key

ROOT = Path(__file__).resolve().parents[2]
STEPS = {
    "intended": ("crash/test_every_death.py::test_a_death_at_every_step", "unit/test_planner.py::test_attempt_numbers_never_go_back"),
    "submitted": ("crash/test_a_pulse_that_dies.py::test_what_is_submitted_again_is_what_was_submitted_first", "contract/test_executor.py::test_a_worker_that_is_submitted_often_begins_once_and_ends"),
    "claimed": ("crash/test_dead_git.py::test_a_git_killed_while_it_writes", "e2e/test_sharing.py::test_one_of_ten_claims_at_the_remote_wins"),
    "started": ("contract/test_executor.py::test_a_worker_whose_supervisor_died_is_lost_and_begins_never_again", "crash/test_cold_start.py::test_the_machine_boots_while_a_worker_runs"),
    "ended": ("e2e/test_supervision.py::test_a_worker_that_ends_while_what_it_started_goes_on", "e2e/test_supervision.py::test_kill_9_of_the_supervisor_in_mid_run"),
    "review": ("unit/test_rules.py::test_a_verdict_is_of_a_tree_and_not_of_a_commit", "crash/test_killed_between_steps.py::test_a_pulse_killed_there"),
    "integrated": ("unit/test_rules.py::test_when_work_has_moved_unchanged_code_keeps_its_verdict_and_changed_code_is_judged_again", "contract/test_code.py::test_work_is_made_once_and_moved_by_compare_and_swap"),
    "settled": ("e2e/test_budget.py::test_log_summary_and_records_say_the_same_in_every_commit",),
}  # fmt: skip
ON_A_HOST = {
    "new": ("crash/test_away.py::test_a_request_that_never_left_is_given_back", "crash/test_away.py::test_a_request_with_the_value_of_a_secret_does_not_leave"),
    "pushing": ("crash/test_away.py::test_a_follower_that_dies_anywhere_loses_nothing", "unit/test_remote_parts.py::test_refs_there_are_created_once_and_moved_by_their_old_value"),
    "requested": ("crash/test_away.py::test_an_answer_that_is_lost_after_the_start_starts_nothing_twice", "crash/test_away.py::test_a_host_that_refuses_starts_nothing"),
    "started": ("crash/test_away.py::test_while_a_host_is_away_its_job_goes_on_and_nothing_is_concluded", "crash/test_away.py::test_a_job_in_a_queue_waits_and_can_be_cancelled"),
    "claimed": ("crash/test_away.py::test_a_machine_that_finds_the_claim_of_another_one_starts_nothing", "crash/test_away.py::test_a_program_that_dies_anywhere_on_its_host_starts_nothing_twice"),
    "ended": ("crash/test_away.py::test_a_machine_that_is_lost_ends_its_attempt_and_a_zombie_comes_too_late", "crash/test_away.py::test_a_secret_that_only_this_machine_knows_keeps_the_commits_out"),
    "arrived": ("crash/test_away.py::test_nothing_piles_up_on_the_host", "crash/test_away.py::test_a_result_that_names_what_it_did_not_send_changes_nothing"),
}  # fmt: skip
RULES = {
    "A mistake in the file never raises a cap": ("unit/test_in_force.py::test_no_single_mistake_widens_a_cap_or_stops_the_mission_in_silence", "e2e/test_values_in_force.py::test_a_typo_in_a_cap_keeps_it_and_set_changes_it"),
    "No intent raises spent + reserved": ("unit/test_planner.py::test_decisions_are_total_deterministic_and_never_over_the_cap", "unit/test_planner.py::test_a_reserve_fits_below_the_cap", "unit/test_planner.py::test_an_unknown_cost_keeps_its_reserve_held"),
    "An attempt is lost only if": ("unit/test_rules.py::test_who_could_not_be_asked_changes_nothing_and_a_lost_run_with_commits_goes_to_review", "unit/test_planner.py::test_a_silent_supervisor_gets_its_grace", "e2e/test_supervision.py::test_kill_9_of_the_supervisor_in_mid_run"),
    "Processes are found by a mark": ("crash/test_cold_start.py::test_the_machine_boots_while_a_worker_runs", "e2e/test_supervision.py::test_a_worker_that_ends_while_what_it_started_goes_on"),
    "One clone drives a mission": ("unit/test_planner.py::test_nothing_is_decided_for_a_mission_of_another_host", "e2e/test_sharing.py::test_a_second_clone_does_not_start_what_is_driven", "e2e/test_sharing.py::test_a_zombie_that_finishes_after_a_takeover_changes_nothing"),
    "Done means evidence": ("unit/test_rules.py::test_no_end_means_done_without_its_diff_on_work", "e2e/test_workers.py::test_one_that_does_nothing_and_exits_0", "e2e/test_workers.py::test_one_whose_work_does_not_meet_the_criteria_gets_feedback"),
    "A settled run record and an evidence file never change": ("unit/test_verify.py::test_a_byte_of_a_record_that_a_person_commits_is_found", "unit/test_verify.py::test_a_byte_that_changed_in_an_older_commit_is_found", "e2e/test_verify.py::test_another_clone_finds_every_verdict_again_and_every_changed_byte"),
    "Each commit of the program continues a chain": ("unit/test_chain.py::test_a_commit_that_is_dropped_is_found_at_the_next_one", "unit/test_chain.py::test_two_commits_that_changed_places_are_found"),
    "A safety stop": ("unit/test_rules.py::test_a_safety_stop_never_means_done_and_while_one_is_open_no_mission_completes", "unit/test_causes.py::test_row_deadline_stalled_over_budget_too_many_steps"),
    "While workers run without a sandbox": ("unit/test_guard.py::test_the_state_is_put_back_only_while_somebody_could_have_written_it_without_a_sandbox", "unit/test_guard.py::test_attempts_answer_for_the_files_of_their_own_mission_and_for_no_others", "contract/test_state.py::test_moves_of_ours_are_known_and_those_of_others_are_told", "e2e/test_state_guard.py::test_what_a_worker_commits_to_the_state_is_put_back_and_it_has_tampered", "e2e/test_state_guard.py::test_a_worker_that_speaks_for_a_person_is_refused_and_may_look"),
    "A write never overwrites": ("people/test_gaps.py::test_what_a_person_saves_while_we_exchange_a_file_and_die_comes_back", "contract/test_state.py::test_a_commit_that_was_made_for_another_head_changes_nothing"),
    "A person's file or index entry": ("e2e/test_people.py::test_after_20_pulses_everything_of_a_person_is_as_it_was", "people/test_at_work.py::test_nothing_of_a_person_at_work_is_lost_whatever_dies"),
    "A file for readers is committed only": ("sim/test_sim.py::test_every_law_holds_where_files_for_readers_are_committed", "unit/test_kept_pages.py::test_a_persons_own_file_is_never_overwritten_and_it_is_said", "unit/test_kept_pages.py::test_a_pulse_that_dies_leaves_the_files_to_the_next_one"),
    "The clock alone does nothing irreversible": ("unit/test_timeline.py::test_what_the_clock_does_irreversibly_needs_two_ticks_that_agree", "e2e/test_time.py::test_a_wait_runs_out_when_two_ticks_agree_and_not_when_the_clock_jumps"),
    "Missions of a repository are served": ("unit/test_keys_act.py::test_the_urgent_mission_is_served_first",),
    "A pulse is idle if": ("contract/test_runtime.py::test_idle_is_what_was_left_at_rest_and_nothing_else", "e2e/test_full_look.py::test_a_program_that_is_back_is_found_and_said"),
    "`.git/mission/STOP`": ("e2e/test_supervision.py::test_the_panic_button_ends_everything_before_anything_else",),
    "Commands that stop or show": ("e2e/test_stop_always_works.py::test_what_runs_is_stopped_whatever_a_file_is_like",),
    "A notification is stored": ("unit/test_notifications.py::test_a_pulse_that_dies_loses_nothing_and_repeats_only_what_it_was_sending", "unit/test_notifications.py::test_a_failing_channel_stops_no_pulse_is_shown_and_takes_everything_later"),
    "Every event of a stream is read from the journal": ("sim/test_stream.py::test_whoever_replays_the_events_has_the_last_state", "unit/test_stream.py::test_whoever_goes_on_after_any_event_gets_each_later_one_once", "e2e/test_live.py::test_no_client_loses_or_repeats_an_event_while_the_server_is_killed_and_the_state_changes"),
    "A decision from outside": ("unit/test_deciding.py::test_a_server_that_dies_at_any_step_decides_once_or_not_at_all", "unit/test_http_attacks.py::test_an_attack_is_refused_and_changes_nothing"),
    "A view that is kept": ("unit/test_kept_views.py::test_readers_see_each_change_at_once_and_one_view_until_then", "unit/test_kept_lists.py::test_after_a_change_the_list_is_what_it_is_without_anything_kept", "e2e/test_serving_load.py::test_of_many_changes_of_the_same_state_one_is_made_and_the_notes_of_all_are_kept"),
    "Data of finished missions": ("e2e/test_gc.py::test_unmerged_commits_dirty_trees_saved_work_and_a_persons_things_stay", "e2e/test_gc.py::test_after_it_no_attempt_number_is_given_out_again"),
}  # fmt: skip


def section(title: str) -> str:
    page = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    return page.partition(f"## {title}\n")[2].partition("\n## ")[0]


@pytest.mark.parametrize(
    "proof", sorted({p for table in (STEPS, ON_A_HOST, RULES) for proofs in table.values() for p in proofs})
)
def test_a_test_that_is_named_is_there(proof: str) -> None:
    assert exists(proof), proof


def test_every_step_and_every_rule_has_its_tests() -> None:
    steps = re.findall(r"^\| (\w+) \|", section("The life of an attempt"), re.MULTILINE)[1:]
    assert [step for step in steps if step != "step"] == [*STEPS, *ON_A_HOST]
    rules = re.findall(r"^- (.*)", section("Rules that make it safe"), re.MULTILINE)
    assert len(rules) == len(RULES)
    for rule, start in zip(rules, RULES, strict=True):
        assert rule.startswith(start)


# Rules that decisions alone hold

CHECK = Criterion("run: `t`", CriterionKind.RUN, command="t", index=0)
PASSED = CheckState(1, Job(JobState.ENDED, Exit(EndReason.EXIT, 0)), Verdict.PASSED)
RUN = record("1.1-a1")
SAFETY = (EndReason.DEADLINE, EndReason.STALLED, EndReason.OVER_BUDGET, EndReason.TOO_MANY_STEPS)


def test_who_could_not_be_asked_changes_nothing_and_a_lost_run_with_commits_goes_to_review() -> None:
    some = mission(feature("1.1", FeatureStatus.DISPATCHED))
    plan = decide(some, observation(records=(RUN,), jobs={RUN.run: Job(JobState.UNREACHABLE)}), POLICY)
    assert (plan.transitions, plan.effects) == ((), ())
    assert [(h.subject, h.kind) for h in plan.holds] == [("1.1", "executor")]
    left = ended(Exit(EndReason.LOST), GOOD)
    assert [m.to for m in left.transitions if isinstance(m, MoveFeature)] == ["review"]


@pytest.mark.parametrize(("reason", "code"), list(product(EndReason, (0, 1, -9, None))))
def test_no_end_means_done_without_its_diff_on_work(reason: EndReason, code: int | None) -> None:
    for evidence in (Evidence(None), GOOD, replace(GOOD, completes=("1.1",)), replace(GOOD, substantial=False)):
        plan = ended(Exit(reason, code, ended=stamp(NOW)), evidence)
        assert not [m for m in plan.transitions if isinstance(m, Settle) and m.record.cause is Cause.DONE]
        assert not [m for m in plan.transitions if getattr(m, "to", None) is FeatureStatus.DONE]


@pytest.mark.parametrize("reason", SAFETY)
def test_a_safety_stop_never_means_done_and_while_one_is_open_no_mission_completes(reason: EndReason) -> None:
    (stop,) = (m for m in ended(Exit(reason, -15, ended=stamp(NOW)), GOOD).transitions if isinstance(m, Settle))
    assert (stop.to, stop.opens_recovery) == (FeatureStatus.PENDING, True)
    done = mission(feature("1.1", FeatureStatus.DONE))
    passed = (replace(done.milestones[0], status=MilestoneStatus.PASSED),)
    ready = observation(landing=Landing(LandState.LANDED), base=BASE, target=WORK, work_tree="t")
    assert [type(m) for m in decide(replace(done, milestones=passed), ready, POLICY).transitions] == [Finish]
    still = replace(done, milestones=passed, recoveries=(Recovery(stamp(NOW), "a feature that is read by nobody", str(stop.record.cause), "open"),))  # fmt: skip
    plan = decide(still, ready, POLICY)
    assert not [m for m in plan.transitions if isinstance(m, Finish)]
    assert ("recovery", "a safety stop is still open") in [(h.kind, h.detail) for h in plan.holds]


def test_a_verdict_is_of_a_tree_and_not_of_a_commit() -> None:
    some = mission(feature("1.1", FeatureStatus.REVIEW, criteria=(CHECK,)))
    key = check_key(CHECK, "tree", POLICY, some)
    assert check_key(CHECK, "tree", POLICY, replace(some, title="Another")) == key
    assert check_key(CHECK, "other", POLICY, some) != key
    assert check_key(replace(CHECK, command="u"), "tree", POLICY, some) != key
    assert check_key(CHECK, "tree", replace(POLICY, checks_salt="npm ci"), some) != key


def test_when_work_has_moved_unchanged_code_keeps_its_verdict_and_changed_code_is_judged_again() -> None:
    some = mission(feature("1.1", FeatureStatus.REVIEW, criteria=(CHECK,)))
    moved = Sha("d" * 40)
    job = {"records": (RUN,), "jobs": {RUN.run: Job(JobState.ENDED, Exit(EndReason.EXIT, 0))}, "work": moved}
    checks = {check_key(CHECK, "new", POLICY, some): PASSED}
    for tree, kind in (("new", Integrate), ("newer", RunCheck)):
        evidence = replace(GOOD, tree=tree, work=moved, candidate=TIP)
        plan = decide(some, observation(evidence={RUN.run: evidence}, checks=checks, **job), POLICY)
        assert [type(a) for a in plan.effects] == [kind]
        assert [a.expect for a in plan.effects if isinstance(a, Integrate)] == ([moved] if kind is Integrate else [])
