"""Nothing is inert: whatever can be written acts, and a test named here proves it, or `lint` and `start` say that it does not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.kit.proofs import exists

from mission_cli.document.checking import inert
from mission_cli.document.checking.lint import lint
from mission_cli.document.reading.features import ANNOTATION, NAMES
from mission_cli.document.reading.front_schema import KEYS
from mission_cli.document.reading.load import load
from mission_cli.document.reading.sections import FEATURE_COLUMNS, SECTIONS
from mission_cli.domain import routing
from mission_cli.domain.status import CriterionKind, GateKind
from mission_cli.settings import (
    BudgetSettings,
    CurrencySettings,
    DashboardSettings,
    DeciderSettings,
    DeploySettings,
    FeedbackSettings,
    ForgeSettings,
    HookSettings,
    HostSettings,
    MailSettings,
    McpSettings,
    NotificationSettings,
    PaymentSettings,
    PreviewSettings,
    PriceSettings,
    PurchaseLimitSettings,
    RunnerSettings,
    ServeSettings,
    Settings,
    SkillSettings,
    TreeSettings,
    WatcherSettings,
)
from mission_cli.surfaces.views.consent import kept_words

PLANNER, ACT, SETTINGS = "unit/test_planner.py", "unit/test_keys_act.py", "unit/test_settings_act.py"
PREVIEWS = "unit/test_previews.py"
RESOURCES = "unit/test_resources.py"
REVIEWS, RESEARCH = "unit/test_reviews.py", "unit/test_research.py"
JUDGMENTS = "unit/test_judgments.py"
FEEDBACK = "unit/test_feedback.py"
DECIDING = "unit/test_deciding.py"
PURCHASES, CASES = "unit/test_purchases.py", "unit/test_purchase_cases.py"
MAIL, POST = "unit/test_mail.py", "contract/test_post.py"
DRAFTS = "unit/test_draft_decisions.py"
NEWS, RULES = "unit/test_notifications.py", "unit/test_notification_rules.py"
HOSTS, PLACES = "unit/test_host_settings.py", "unit/test_placement.py"
PROOFS: dict[str, str] = {
    "note on": f"{PLACES}::test_an_attempt_goes_where_it_may",
    "front preferences.hosts": f"{PLACES}::test_an_attempt_goes_where_it_may",
    "setting hosts.NAME.kind hosts.NAME.address hosts.NAME.exchange hosts.NAME.root hosts.NAME.python hosts.NAME.workers hosts.NAME.labels hosts.NAME.runners": f"{HOSTS}::test_a_table_becomes_a_host",
    "setting hosts.NAME.cpus hosts.NAME.memory_mb hosts.NAME.gpus hosts.NAME.image hosts.NAME.namespace hosts.NAME.account hosts.NAME.queue hosts.NAME.token": f"{HOSTS}::test_a_table_becomes_a_host",
    # front matter
    "front id title created executions preferences.runner": "e2e/test_surfaces.py::test_status_as_json_keeps_its_promise",
    "front status started completed": "e2e/test_main_path.py::test_a_mission_runs_from_its_plan_to_landed_work",
    "front type": f"{ACT}::test_research_goes_to_its_own_tier",
    "front mode": "e2e/test_poc.py::test_a_feature_without_its_trailer_is_not_done",
    "front in_force": "unit/test_in_force.py::test_no_single_mistake_widens_a_cap_or_stops_the_mission_in_silence",
    "front noted": "unit/test_shortened_logs.py::test_a_person_may_delete_every_row_of_every_log_between_any_two_ticks",
    "front priority": f"{ACT}::test_the_urgent_mission_is_served_first",
    "front lifetime archived": "unit/test_lifetimes.py::test_nobody_cares_then_it_is_archived_and_comes_back_as_it_was",
    "front check_every": "unit/test_lifetimes.py::test_it_is_looked_at_as_often_as_it_asks_for",
    "front deadline due due_at": "unit/test_executions.py::test_the_deadline_pauses_once_and_a_person_who_resumes_has_decided",
    "front pause_at": "unit/test_until.py::test_it_pauses_at_the_time_and_goes_on_when_a_person_resumes_it",
    "front preferences.auto_resume": "unit/test_until.py::test_after_a_usage_limit_it_goes_on_by_itself_unless_a_person_wants_to_decide",
    "front preferences.runners": "unit/test_failover.py::test_who_works_next",
    "front preferences.shared_files": "unit/test_areas.py::test_features_that_change_the_same_files_wait_for_each_other_if_asked_to",
    "front schedule": "unit/test_executions.py::test_when_a_schedule_is_due",
    "front end_date": "unit/test_executions.py::test_nothing_is_due_behind_the_end",
    "front managed": "e2e/test_places.py::test_files_of_other_tools_are_shown_and_never_driven",
    "front host": f"{PLANNER}::test_nothing_is_decided_for_a_mission_of_another_host",
    "front base": "e2e/test_git_states.py::test_without_a_branch_the_base_has_to_be_named",
    "front autonomous": f"{ACT}::test_a_mission_that_is_not_autonomous_pauses_after_each_milestone",
    "front notify": f"{ACT}::test_the_hook_is_told_whom_mission_and_gates_name",
    "front budget.time_hours budget.money_usd budget.token_limit": f"{PLANNER}::test_a_reserve_fits_below_the_cap",
    "front budget.per_feature_usd": f"{PLANNER}::test_decisions_are_total_deterministic_and_never_over_the_cap",
    "front budget.alert_threshold_pct": "e2e/test_budget.py::test_the_threshold_pauses_with_choices_and_resume_raises_it",
    "front budget.when_short": "unit/test_scope.py::test_a_smaller_scope_is_proposed_and_carried_out",
    "note worth": "unit/test_scope.py::test_what_is_worth_more_is_kept",
    "front model_routing.workers model_routing.escalate": f"{PLANNER}::test_when_the_tries_of_a_route_are_used_up_the_next_one_begins",
    "front model_routing.economy": f"{PLANNER}::test_when_money_runs_short_the_cheaper_tier_works",
    "front model_routing.patterns": "unit/test_tier_patterns.py::test_tiers_are_chosen_by_what_was_seen_of_them",
    "front model_routing.research": f"{ACT}::test_research_goes_to_its_own_tier",
    "front model_routing.orchestrator": "e2e/test_planning.py::test_the_tier_that_plans_is_the_orchestrators",
    "front preferences.tech_stack preferences.test_framework preferences.ci_provider preferences.coding_style": f"{ACT}::test_a_worker_reads_all_that_the_file_says_about_the_work",
    "front preferences.deploy_target": "unit/test_deploys.py::test_a_mission_deploys_each_passed_milestone_and_what_has_landed_once",
    "front preferences.max_parallel_workers": f"{PLANNER}::test_ready_features_are_dispatched_in_order_as_long_as_slots_last",
    "front preferences.land": "e2e/test_people.py::test_landing_waits_for_a_look_unless_told_otherwise",
    "front preferences.worker_command": "e2e/test_slash_commands.py::test_a_sandboxed_worker_is_given_the_command_and_the_prompt_and_runs_nothing_that_stands_in_it",
    "front preferences.pull_requests": "unit/test_pull_situations.py::test_a_situation",
    "column Outcomes.Type|Outcomes.Label|Outcomes.Value|Outcomes.Feature|Outcomes.Date": "unit/test_report.py::test_a_report_holds_what_features_left",
    "column Mission Agents.Agent|Mission Agents.Purpose|Mission Agents.Path|Mission Agents.Promote?": f"{DRAFTS}::test_a_person_decides_at_the_end_what_becomes_of_drafts",
    "column Research.Topic|Research.Summary|Research.Source|Research.Date": f"{RESEARCH}::test_the_program_writes_a_row_for_each_topic_and_changes_it_when_it_is_found_out_again",
    # annotations
    "note depends": "unit/test_document.py::test_dependencies_by_number_wildcard_prefix_and_alias",
    "note assign model": f"{ACT}::test_a_feature_goes_to_the_member_of_the_team_that_it_is_assigned_to",
    "note notify": f"{NEWS}::test_delays_quality_gates_and_features_tell_whom_they_name",
    "note limits": "unit/test_team.py::test_attempts_waits_and_duration_are_those_of_the_agent_unless_the_feature_has_its_own",
    "note needs": f"{RESOURCES}::test_only_features_that_need_a_resource_wait_for_it",
    "note side-effects": "unit/test_team.py::test_side_effects_wait_for_a_person_before_the_first_attempt",
    "note files": "unit/test_plan_advice.py::test_the_area_of_a_feature_is_told_to_its_worker_and_linted",
    "note research": f"{ACT}::test_research_goes_to_its_own_tier",
    "note fixes": "e2e/test_judging.py::test_the_third_failed_validation_pauses_with_a_diagnosis",
    "note tries-after": f"{PLANNER}::test_a_persons_retry_gives_fresh_tries",
    # kinds of criteria and gates
    "criterion run file grep metric": "e2e/test_judging.py::test_every_kind_of_criterion",
    "criterion browser": "e2e/test_browser_criteria.py::test_eight_planted_faults_are_found",
    "criterion http": "e2e/test_check_conditions.py::test_a_server_in_the_judged_tree_is_asked",
    "criterion manual": "e2e/test_judging.py::test_a_manual_criterion_is_passed_by_a_person_and_by_nobody_else",
    "criterion text": "e2e/test_judging.py::test_a_criterion_in_words_is_never_passed_by_default",
    "front quality_threshold": f"{REVIEWS}::test_the_front_matter_says_who_reviews_and_how",
    "front reviews.at_gates": "unit/test_polpo_example.py::test_the_example_runs_to_its_end",
    "front reviews.reviewers reviews.per_feature reviews.per_milestone reviews.budget_pct reviews.dimensions": f"{REVIEWS}::test_the_front_matter_says_who_reviews_and_how",
    "front orchestrator.judgments orchestrator.drafts orchestrator.narrative orchestrator.budget_pct": f"{JUDGMENTS}::test_the_front_matter_says_what_the_orchestrator_may_ask",
    "front model_routing.validation": f"{REVIEWS}::test_a_reviewer_that_names_no_tier_has_that_of_validation",
    "criterion review": f"{REVIEWS}::test_the_score_decides",
    "gate checkpoint": f"{PLANNER}::test_a_checkpoint_pauses_the_mission_once",
    "gate approval": f"{ACT}::test_a_gate_says_its_message_and_for_whom_it_is",
    "gate quality": f"{PLANNER}::test_a_quality_gate_scores_5_for_what_was_proven_and_1_for_the_rest",
    "gate delay": f"{PLANNER}::test_a_delay_starts_when_what_is_before_it_is_finished_and_ends_by_the_clock",
    # sections and columns
    "section Scope": f"{ACT}::test_a_worker_reads_all_that_the_file_says_about_the_work",
    "section Milestones": "unit/test_document.py::test_the_template_reads_back_as_the_plan_said",
    "column Retrospective.Skill|Retrospective.Kind|Retrospective.What was learned|Retrospective.Evidence|Retrospective.Score|Retrospective.Status": "unit/test_skills.py::test_what_one_mission_learned_is_in_the_prompts_of_the_next",
    "column Milestones.#|Milestones.Feature|Milestones.Status|Milestones.Worker": f"{PLANNER}::test_ready_features_are_dispatched_in_order_as_long_as_slots_last",
    "column Milestones.Task ID": "unit/test_issues.py::test_an_issue_that_a_person_names_is_closed_by_the_merge",
    "column Milestones.Estimate": f"{ACT}::test_estimates_are_compared_with_what_the_work_took",
    "column Team.Agent|Team.Role|Team.Runner|Team.Model|Team.Max parallel": f"{ACT}::test_a_feature_goes_to_the_member_of_the_team_that_it_is_assigned_to",
    "column Team.Limits": "unit/test_team.py::test_an_agent_uses_no_more_than_its_dollars_over_all_its_features",
    "column Team.Skills|Team.Instructions": "unit/test_team.py::test_tries_go_from_the_agent_to_the_next_one_to_the_orchestrator_and_to_a_person",
    "column Team.Volatile": "unit/test_team.py::test_agents_for_one_mission_are_removed_when_it_is_completed",
    "column Gates.Gate|Gates.Kind|Gates.After|Gates.Blocks|Gates.Status": f"{PLANNER}::test_a_checkpoint_pauses_the_mission_once",
    "column Gates.Rule|Gates.Notify": f"{ACT}::test_a_gate_says_its_message_and_for_whom_it_is",
    "column Approvals.Timestamp|Approvals.Gate|Approvals.Decision|Approvals.By|Approvals.Commit|Approvals.Comment": "e2e/test_people.py::test_landing_waits_for_a_look_unless_told_otherwise",
    "column Input Requests.#|Input Requests.Asked|Input Requests.Feature|Input Requests.Prompt|Input Requests.Options|Input Requests.Expires|Input Requests.Status|Input Requests.Response": "unit/test_causes.py::test_rows_question_and_permission_auth",
    "column Input Requests.Context": "unit/test_asking.py::test_a_person_asks_and_answers_with_an_option_or_any_text",
    "column Input Requests.Urgency": "unit/test_requests.py::test_a_person_is_reminded_once_and_earlier_of_what_is_urgent",
    "column Waits.Feature|Waits.Waiting for|Waits.Since|Waits.Timeout|Waits.Status": "e2e/test_time.py::test_a_wait_runs_out_when_two_ticks_agree_and_not_when_the_clock_jumps",
    "column Purchases.#|Purchases.Feature|Purchases.Merchant|Purchases.Amount|Purchases.Purpose|Purchases.Alternatives|Purchases.Request|Purchases.Status|Purchases.By|Purchases.Reserved|Purchases.Paid|Purchases.Reference": f"{PURCHASES}::test_a_worker_asks_a_person_approves_and_pays_and_the_worker_goes_on",
    "column Purchases.Asked|Purchases.Valid until|Purchases.Since|Purchases.Refunded": f"{CASES}::test_each_case_ends_as_it_should",
    "column Purchases.Receipt": f"{PURCHASES}::test_a_person_pays_from_a_ledger_keeps_the_receipt_and_has_money_back",
    "setting payments.provider payments.key payments.cardholder payments.approvers payments.url": "contract/test_payments.py::test_a_card_is_made_once_and_pays_once",
    "setting payments.stopped payments.merchants payments.hours payments.ask_above payments.categories purchase_limits.NAME.amount purchase_limits.NAME.merchants": f"{CASES}::test_each_case_ends_as_it_should",
    "setting payments.countries": "contract/test_payments.py::test_a_card_works_only_where_the_settings_say",
    "setting payments.ledger": f"{PURCHASES}::test_a_person_pays_from_a_ledger_keeps_the_receipt_and_has_money_back",
    "setting purchase_limits.NAME.every": f"{CASES}::test_two_missions_share_a_limit_and_a_new_day_makes_room",
    "column Mail.#|Mail.Feature|Mail.To|Mail.Subject|Mail.Status|Mail.Since|Mail.Message-ID|Mail.Text|Mail.Replies": f"{MAIL}::test_a_worker_asks_for_a_mail_and_goes_on_with_the_replies_of_all",
    "column Mail.About": f"{MAIL}::test_a_reply_to_a_reminder_counts_for_the_first_mail",
    "front mail_recipients": f"{MAIL}::test_without_a_list_a_person_approves_and_sees_what_is_sent",
    "setting mail.smtp mail.smtp_port mail.starttls mail.imap mail.imap_port mail.user mail.password mail.sender mail.folder mail.sent_folder": f"{POST}::test_a_mail_is_sent_to_all_with_our_message_id_and_kept_among_the_sent_ones",
    "setting mail.server": f"{MAIL}::test_nobody_else_answers_a_question",
    "setting mail.questions": f"{MAIL}::test_a_question_goes_out_and_a_proven_reply_with_an_option_answers_it",
    "setting mail.answers": f"{MAIL}::test_where_answers_by_mail_are_not_allowed_the_mail_says_the_command",
    "setting mail.limit": f"{MAIL}::test_more_mails_than_the_limit_need_an_approval",
    "column Waits.Data": "unit/test_signals.py::test_the_data_is_a_file_of_the_mission_that_the_worker_reads_as_data_and_people_see",
    "column Held-out Criteria.#|Held-out Criteria.Milestone|Held-out Criteria.Sealed|Held-out Criteria.Results": "e2e/test_held_out.py::test_what_only_fits_the_visible_criterion_goes_back_and_the_file_keeps_the_secret",
    "column Pull Requests.For|Pull Requests.PR|Pull Requests.Branch|Pull Requests.Base|Pull Requests.Head|Pull Requests.Status|Pull Requests.Since|Pull Requests.Handled": "unit/test_pull_situations.py::test_a_situation",
    "column Deployments.#|Deployments.Target|Deployments.Commit|Deployments.For|Deployments.By|Deployments.Status|Deployments.URL|Deployments.Version|Deployments.Since|Deployments.Reason": "unit/test_deploys.py::test_each_state_has_its_way_on",
    "column Previews.#|Previews.For|Previews.Commit|Previews.Status|Previews.URL|Previews.Since|Previews.Expires|Previews.Reason": f"{PREVIEWS}::test_each_state_has_its_way_on",
    "column Messages.Timestamp|Messages.Feature|Messages.From|Messages.Message": "unit/test_steer.py::test_a_message_is_in_the_prompt_of_every_later_attempt",
    "column Phases.Phase|Phases.Worker|Phases.Gate|Phases.On reject|Phases.Status|Phases.Entered|Phases.Exited|Phases.Result": "unit/test_phases.py::test_a_mission_goes_through_its_phases",
    "column Resources.Name|Resources.Status": f"{ACT}::test_a_needed_resource_holds_the_mission",
    "column Resources.Delivery": f"{RESOURCES}::test_a_delivery_that_cannot_work_is_an_error_of_its_row",
    "column Resources.Type|Resources.Reference|Resources.Check|Resources.Expires": f"{RESOURCES}::test_the_rows_of_all_tables_are_read",
    "column Budget Tracking.Category|Budget Tracking.Budget|Budget Tracking.Spent|Budget Tracking.Remaining|Budget Tracking.% Used|Budget Tracking.Date|Budget Tracking.Amount|Budget Tracking.Description|Budget Tracking.Milestone": "e2e/test_budget.py::test_log_summary_and_records_say_the_same_in_every_commit",
    "column Progress Log.Timestamp|Progress Log.Event|Progress Log.Details": "e2e/test_main_path.py::test_a_mission_runs_from_its_plan_to_landed_work",
    "column Recovery Log.Timestamp|Recovery Log.Feature|Recovery Log.Trigger|Recovery Log.Preserved Evidence|Recovery Log.Remaining Criteria|Recovery Log.Next Safe Route|Recovery Log.Status": "unit/test_rules.py::test_a_safety_stop_never_means_done_and_while_one_is_open_no_mission_completes",
    "column Decision Log.#|Decision Log.Date|Decision Log.Decision|Decision Log.Rationale": "unit/test_decision_log.py::test_every_command_that_decides_leaves_a_row",
    # settings
    "setting max_file_mib": "unit/test_collect.py::test_a_file_that_is_too_large_is_named_and_not_brought_over",
    "setting network": "unit/test_sandbox.py::test_without_the_network_only_its_own_loopback_is_there",
    "setting tree.keys runners.NAME.keys": "unit/test_sandbox.py::test_a_key_goes_to_whom_it_belongs_and_nobody_is_asked_anything",
    "setting hours": "e2e/test_hours_and_news.py::test_outside_of_its_hours_nothing_is_started_and_why_says_until_when",
    "setting notify": "e2e/test_hours_and_news.py::test_the_hook_is_told_what_landed_failed_waits_and_is_completed_once",
    "setting notifications.NAME.channels": f"{NEWS}::test_events_of_the_history_and_of_the_state_reach_the_channels_that_want_them_once",
    "setting notifications.NAME.events notifications.NAME.severity": f"{RULES}::test_globs_and_the_severity_choose_the_events",
    "setting notifications.NAME.when notifications.NAME.attach": f"{NEWS}::test_a_condition_decides_and_files_of_the_mission_are_sent_along",
    "setting notifications.NAME.missions": f"{RULES}::test_a_mission_that_names_rules_goes_by_them_and_a_gate_adds_its_own",
    "setting notifications.NAME.template": f"{NEWS}::test_values_are_plain_text_and_a_bad_template_is_replaced_by_the_sentence",
    "setting notifications.NAME.cooldown": f"{RULES}::test_the_cooldown_leaves_out_the_same_event_of_the_same_mission_and_no_other",
    "setting notifications.NAME.quiet": f"{RULES}::test_in_quiet_hours_messages_wait_and_then_come_as_one",
    "setting notifications.NAME.decider serve.url": f"{DECIDING}::test_a_message_has_a_link_for_each_decision_and_the_link_decides_as_its_person",
    "setting skills.learn skills.tokens": "unit/test_skills.py::test_the_settings_switch_learning_off_and_limit_its_tokens",
    "setting feedback.repository feedback.labels": f"{FEEDBACK}::test_a_draft_is_filed_once_and_recorded",
    "setting feedback.agents feedback.mission": f"{FEEDBACK}::test_each_kind_of_draft_has_a_project_of_its_own",
    "column Feedback.#|Feedback.For|Feedback.Title|Feedback.Facts|Feedback.Fingerprint|Feedback.Status|Feedback.Issue": f"{FEEDBACK}::test_a_draft_is_filed_once_and_recorded",
    "column Feedback.Signal": f"{FEEDBACK}::test_secrets_and_markup_in_records_are_inert_in_an_issue",
    "setting dashboard.commit dashboard.files": "unit/test_kept_pages.py::test_the_settings_say_whether_and_which_files_are_committed",
    "setting serve.link_lifetime": f"{DECIDING}::test_a_token_expires",
    "setting serve.slack_secret serve.telegram_secret": "unit/test_http_attacks.py::test_what_is_refused_to_others_works_for_the_person_it_was_made_for",
    "setting serve.github_secret serve.gitlab_secret serve.forgejo_secret": "unit/test_http_hooks.py::test_a_message_of_a_forge_wakes_the_loop_and_says_nothing_more",
    "setting deciders.NAME.email": f"{DECIDING}::test_a_message_has_a_link_for_each_decision_and_the_link_decides_as_its_person",
    "setting deciders.NAME.may": f"{DECIDING}::test_nobody_decides_who_is_not_listed_for_it",
    "setting deciders.NAME.slack deciders.NAME.telegram": "unit/test_http_attacks.py::test_an_attack_is_refused_and_changes_nothing",
    "setting notifications.NAME.digest": f"{RULES}::test_a_digest_collects_from_its_first_message_on",
    "setting hooks.before_start hooks.after_start hooks.before_dispatch hooks.after_dispatch hooks.before_validation hooks.after_validation hooks.before_landing hooks.after_landing": "unit/test_hooks.py::test_every_hook_runs_once_at_its_step_and_is_told_facts",
    "setting hooks.timeout": "unit/test_hooks.py::test_the_limit_of_a_hook_reaches_its_job",
    "setting watchers.NAME.on watchers.NAME.do": "unit/test_hooks.py::test_a_watcher_runs_its_command_once_for_each_event",
    "setting budgets.NAME.usd budgets.NAME.every budgets.NAME.across": "unit/test_budgets_across.py::test_a_machine_wide_budget_holds_another_repository",
    "setting budgets.NAME.hours budgets.NAME.tokens": "unit/test_budgets_across.py::test_hours_and_tokens_are_limited_as_money_is",
    "setting budgets.NAME.runners budgets.NAME.headroom_pct": "unit/test_budgets_across.py::test_headroom_is_left_and_only_named_runners_count",
    "setting prices.MODEL.input prices.MODEL.output prices.MODEL.cache_read prices.MODEL.cache_write": "unit/test_prices.py::test_a_price_of_the_settings_counts_before_the_table",
    "setting currency.code currency.rate currency.date": "unit/test_currency.py::test_amounts_are_shown_with_the_rate_and_its_day_and_kept_in_dollars",
    "setting watchers.NAME.missions": "unit/test_hooks.py::test_a_watcher_is_for_the_missions_that_it_names",
    "setting remote": "e2e/test_sharing.py::test_what_one_clone_drives_all_see",
    "setting remote_every": "e2e/test_sharing_trouble.py::test_who_drove_once_and_only_watches_rests_between_two_looks",
    "setting state": "e2e/test_places.py::test_mission_files_that_are_tracked_are_served_in_place",
    "setting full_look": "e2e/test_full_look.py::test_a_program_that_is_back_is_found_and_said",
    "setting plan_max_usd": "e2e/test_planning.py::test_a_planner_that_spends_too_much_is_stopped_and_its_bill_is_said",
    "setting plan_deadline": "e2e/test_planning.py::test_a_planner_that_takes_too_long_is_stopped",
    "setting min_free_memory_mib min_free_disk_mib": "e2e/test_room.py::test_below_a_floor_nothing_starts_until_there_is_room",
    "setting max_parallel_workers attempts validation_rounds retry_delays outage_delays check_timeout request_lifetime lost_grace agree_after": f"{SETTINGS}::test_a_number_reaches_the_policy_that_decides",
    "setting sandbox machine_workers sandbox_read sandbox_write stuck_after stall_after max_steps trees protect secret_exceptions identity sign": f"{SETTINGS}::test_a_setting_reaches_what_obeys_it",
    "setting forge.kind forge.url forge.remote forge.token forge.fork forge.merge forge.required forge.checks_grace forge.poll forge.draft forge.labels forge.reviewers forge.assignees forge.milestone": "unit/test_pull_situations.py::test_a_situation",
    "setting mcp.workers": "unit/test_settings_act.py::test_a_setting_reaches_what_obeys_it",
    "setting mcp.deciding_clients": "unit/test_mcp.py::test_a_client_that_the_settings_name_decides_without_asking",
    "setting preview.run preview.path preview.cleanup": "e2e/test_previews.py::test_a_person_opens_the_work_before_it_lands",
    "setting preview.health": "e2e/test_preview_jobs.py::test_why_a_server_is_not_ready_is_told",
    "setting preview.deploy preview.ready preview.expires preview.keys": f"{PREVIEWS}::test_the_settings_reach_the_job_and_the_policy",
    "setting deploy.NAME.command deploy.NAME.keys deploy.NAME.timeout deploy.NAME.rollback deploy.NAME.health deploy.NAME.health_status deploy.NAME.health_contains deploy.NAME.health_timeout deploy.NAME.url": "unit/test_deploys.py::test_the_settings_reach_the_jobs",
    "setting deploy.NAME.kind deploy.NAME.confirm deploy.NAME.after deploy.NAME.needs": "unit/test_deploys.py::test_each_state_has_its_way_on",
    "setting forge.issues": "unit/test_issues.py::test_each_feature_has_an_issue_that_its_merge_closes",
    "setting forge.todo": "unit/test_todo_list.py::test_the_list_says_what_is_planned_and_ticks_what_is_merged",
    "setting tree.setup tree.copy runners.NAME.kind runners.NAME.command runners.NAME.env runners.NAME.proxy runners.NAME.models runners.NAME.deadline runners.NAME.max_steps runners.NAME.stall_after runners.NAME.project_settings": f"{SETTINGS}::test_a_table_of_the_settings_reaches_the_job",
}  # fmt: skip
"""Kind and names (with `|` between names that hold spaces), and the test that proves what they do."""
FOR_READERS = {
    "front repo": "the place of the file decides; `attach` writes it",
    "section Origin": "where the mission comes from, in words",
    "column Phases.#": "the number of the row; the order of the rows decides",
    "column Milestones.PR": "the number of the pull request",
    "column Resources.Purpose|Resources.Notes": "words about a resource",
    "column Decision Log.Alternatives Considered": "a person's own words",
}
"""What is prose for people and promises nothing: no warning."""
TOLD_ELSEWHERE: dict[str, str] = {}


def _named(table: dict[str, str]) -> dict[str, str]:
    """Each single name, `front id`, with what the table says of it."""
    found = {}
    for line, told in table.items():
        kind, _, names = line.partition(" ")
        for name in names.split("|") if kind in {"column", "section"} else names.split():
            found[f"{kind} {name}"] = told
    return found


def _writable() -> set[str]:
    """Everything that a person can write down and that the program knows by name."""
    roles = re.findall(
        r"\b(orchestrator|workers|research|validation|economy|escalate|patterns)\b", KEYS["model_routing"].about
    )
    assert {routing.WORKERS, routing.RESEARCH, routing.ECONOMY, routing.ESCALATE} <= {*roles}
    found = {f"front {name}" for key in KEYS.values() for name in (key.path, *key.also) if name != "model_routing"}
    found |= {f"front model_routing.{role}" for role in roles}
    names = re.search(r"\?P<name>\(\?:([^)]*)\)", ANNOTATION.pattern)
    assert names is not None
    found |= {f"note {name}" for name in names[1].split("|")}
    found |= {f"criterion {kind}" for kind in CriterionKind} | {f"gate {kind}" for kind in GateKind}
    for title, form in SECTIONS.items():
        found |= {f"column {title}.{column}" for table in form.tables for column in table.columns}
        found |= set() if form.tables else {f"section {title}"}
    found |= {f"column Milestones.{column}" for column in FEATURE_COLUMNS}
    found |= {
        f"setting {name}"
        for name in Settings.__match_args__
        if name
        not in {"tree", "runners", "forge", "mail", "mcp", "preview", "notifications", "serve", "deciders", "hooks"}
        | {"watchers", "dashboard", "budgets", "prices", "currency", "deploy", "skills", "payments", "purchase_limits"}
        | {"hosts"}
        | {"watchers", "dashboard", "feedback", "budgets", "prices", "currency", "deploy", "skills"}
    }
    found |= {f"setting preview.{name}" for name in PreviewSettings.__match_args__}
    found |= {f"setting skills.{name}" for name in SkillSettings.__match_args__}
    found |= {f"setting dashboard.{name}" for name in DashboardSettings.__match_args__}
    found |= {f"setting feedback.{name}" for name in FeedbackSettings.__match_args__}
    found |= {f"setting hooks.{name}" for name in HookSettings.__match_args__}
    found |= {f"setting budgets.NAME.{name}" for name in BudgetSettings.__match_args__}
    found |= {f"setting prices.MODEL.{name}" for name in PriceSettings.__match_args__}
    found |= {f"setting currency.{name}" for name in CurrencySettings.__match_args__}
    found |= {f"setting watchers.NAME.{name}" for name in WatcherSettings.__match_args__}
    found |= {f"setting forge.{name}" for name in ForgeSettings.__match_args__}
    found |= {f"setting mcp.{name}" for name in McpSettings.__match_args__}
    found |= {f"setting deploy.NAME.{name}" for name in DeploySettings.__match_args__}
    found |= {f"setting payments.{name}" for name in PaymentSettings.__match_args__}
    found |= {f"setting purchase_limits.NAME.{name}" for name in PurchaseLimitSettings.__match_args__}
    found |= {f"setting mail.{name}" for name in MailSettings.__match_args__}
    found |= {f"setting notifications.NAME.{name}" for name in NotificationSettings.__match_args__}
    found |= {f"setting serve.{name}" for name in ServeSettings.__match_args__}
    found |= {f"setting deciders.NAME.{name}" for name in DeciderSettings.__match_args__}
    found |= {f"setting tree.{name}" for name in TreeSettings.__match_args__}
    found |= {f"setting hosts.NAME.{name}" for name in HostSettings.__match_args__}
    return found | {f"setting runners.NAME.{name}" for name in RunnerSettings.__match_args__}


def _not_yet() -> set[str]:
    found = {f"front {path}" for path in inert.KEYS} | {f"note {name}" for name in inert.ANNOTATIONS}
    found |= {f"column {section}.{column}" for section, column in inert.COLUMNS}
    unread = [(s, c) for s in inert.UNREAD_SECTIONS for table in SECTIONS[s].tables for c in table.columns]
    return found | {f"column {section}.{column}" for section, column in unread}


def test_everything_that_can_be_written_acts_or_is_said_not_to() -> None:
    effects, prose, elsewhere = _named(PROOFS), _named(FOR_READERS), _named(TOLD_ELSEWHERE)
    classes = [set(effects), set(prose), set(elsewhere), _not_yet()]
    assert _writable() - set().union(*classes) == set(), (
        "does it act? name the test. else add it to document/checking/inert.py"
    )
    assert set().union(*classes) - _writable() == set(), "nothing of that name can be written"
    both = {name for name in _writable() if sum(name in one for one in classes) > 1}
    assert both == {"front type"}, "one of its words acts, the others do not"


@pytest.mark.parametrize("proof", sorted({*PROOFS.values(), *TOLD_ELSEWHERE.values()}))
def test_a_test_that_is_named_is_there(proof: str) -> None:
    assert exists(proof)


def test_the_page_about_the_file_names_every_key_role_and_annotation() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs/format.md").read_text(encoding="utf-8")
    names = {key.steps[-1] for key in KEYS.values()} | {f"[{name}" for name in NAMES} | set(routing.ROLES)
    assert sorted(name for name in names if name not in page) == []


INERT = """\
---
id: m
type: operations
owner: "Ann"
quality_threshold: 4
origin: {agent: scout, conversation: c1}
budget: {money_usd: 1}
model_routing: {validation: opus}
---
# M
## Team
| Agent | Role | Volatile |
|-------|------|----------|
| ann | Builds | yes |
## Phases
| # | Phase | Gate | Worker |
|---|-------|------|---|
| 1 | Build | | milestones |
## Milestones
### Milestone 1: One
| # | Feature | Status |
|---|---------|--------|
| 1.1 | One `[assign:bob]` `[repo:../other]` | pending |
| 1.2 | Two `[assign:ann]` `[parallel-group:a]` | pending |
#### Validation Criteria
- [ ] file: `x`
#### 1.1 One
- [ ] file: `x`
#### 1.2 Two
- [ ] file: `x`
## Mission Agents
| Agent | Path |
|-------|------|
| a | agents/a.md |
## Research
| Topic | Summary |
|-------|---------|
| t | s |
## Outcomes
| Label | Value |
|-------|-------|
| l | v |
"""


def test_lint_and_start_say_what_acts_on_nothing_yet() -> None:
    loaded = load(INERT, "m")
    told = [
        (3, "`type: operations`"),
        (4, "`owner`"),
        (5, "`quality_threshold`"),
        (6, "`origin.agent`"),
        (6, "`origin.conversation`"),
        (8, "`model_routing.validation`"),
        (23, "`[assign:bob]` of 1.1"),
        (23, "`[repo:../other]` of 1.1"),
        (24, "`[parallel-group:a]` of 1.2"),
    ]
    assert [(p.line, p.message) for p in lint(loaded)] == [
        (n, f"{what} is kept but has no effect yet") for n, what in told
    ]
    assert kept_words(loaded) == tuple(f"line {n}: {what} is kept but has no effect yet" for n, what in told)


def test_values_that_ask_for_nothing_are_not_mentioned() -> None:
    quiet = '---\nid: m\ntype: development\nowner: ""\nquality_threshold: 0\norigin: {agent: ""}\nmodel_routing: {validation: ""}\n---\n# M\n'
    assert kept_words(load(quiet, "m")) == ()


def test_what_acts_with_something_else_is_quiet_when_that_is_there() -> None:
    reviewers = INERT.replace("model_routing:", "reviews: {reviewers: [opus]}\nmodel_routing:")
    words = "`reviews.reviewers` is kept but has no effect yet"
    assert words in [p.message for p in lint(load(reviewers, "m"))]
    told = [p.message for p in lint(load(reviewers.replace("- [ ] file: `x`", "- [ ] review: it is good", 1), "m"))]
    for name in ("`reviews.reviewers`", "`quality_threshold`", "`model_routing.validation`"):
        assert not [line for line in told if name in line]


def test_lint_says_of_a_criterion_that_a_person_will_be_asked() -> None:
    lines = "\n".join(f"- [ ] {text}" for text in ("it is fast", "review: it is good (>= 3)"))
    text = f"---\nid: m\nbudget: {{money_usd: 1}}\n---\n# M\n## Milestones\n### Milestone 1: One\n| # | Feature | Status |\n|---|---|---|\n| 1.1 | a | skipped |\n#### Validation Criteria\n{lines}\n#### 1.1 a\n- [ ] file: `x`\n"
    words = [p.message for p in lint(load(text, "m"))]
    assert [w for w in words if "a person will be asked" in w] == words
    assert len(words) == len(lines.splitlines())


def test_a_section_without_a_row_is_named() -> None:
    text = "---\nid: m\nbudget: {money_usd: 1}\n---\n# M\n## Milestones\n### Milestone 1: One\n| # | Feature | Status |\n|---|---|---|\n| 1.1 | a | pending |\n#### Validation Criteria\n- [ ] file: `x`\n#### 1.1 a\n- [ ] file: `x`\n#### 1.2 b\n- [ ] file: `y`\n"
    [problem] = lint(load(text, "m"))
    assert (problem.line, problem.message) == (
        15,
        "the section of 1.2 belongs to no feature: its criteria judge nothing",
    )
