//! The list of all checks.

/// Makes one `#[tokio::test]` of each check. The argument is an expression that answers a future of a
/// [`Fixture`](crate::conformance::Fixture): a fresh, empty store. It is evaluated once for each test.
///
/// ```ignore
/// async fn fresh() -> Arc<MemoryStore> {
///     Arc::new(MemoryStore::embedded())
/// }
/// postroad_store::conformance_suite!(fresh());
/// ```
#[macro_export]
macro_rules! conformance_suite {
    ($factory:expr) => {
        $crate::conformance_tests! { ($factory)
            accept {
                an_accepted_event_reads_back_as_it_came
                an_event_names_what_its_deliveries_are_shaped_with
                each_delivery_waits_in_the_lane_of_its_subscription_from_the_commit_on
                the_deliveries_of_an_event_share_it_and_keep_their_order
                an_event_that_nobody_wants_is_kept
                an_event_of_an_unknown_tenant_is_refused
                an_event_matched_against_an_old_configuration_is_stale_and_writes_nothing
                a_refused_event_does_not_harm_its_neighbours
                a_commit_of_nothing_answers_nothing
            }
            idempotency {
                the_same_key_with_the_same_bytes_is_the_first_event_again
                the_same_key_with_other_bytes_is_a_conflict_and_writes_nothing
                a_key_is_seen_by_later_events_of_the_same_commit
                a_key_is_free_again_when_it_expires
                a_repeat_is_known_although_the_configuration_changed
                a_stale_event_does_not_use_up_its_key
                different_keys_are_different_events
                a_duplicate_names_also_the_deliveries_that_are_still_to_come
                the_sweep_erases_expired_keys_and_no_others
            }
            fanout {
                an_open_fan_out_names_every_target_that_is_left
                a_step_creates_its_deliveries_and_takes_its_targets_off
                the_last_step_closes_the_fan_out
                the_deliveries_of_several_steps_are_answered_lane_by_lane
                a_step_that_is_repeated_creates_nothing_twice
                a_step_that_leaves_targets_out_creates_nothing
                what_fans_out_to_a_paused_subscription_is_cancelled
                a_pause_that_is_over_has_called_off_what_had_not_fanned_out_yet
                what_fans_out_to_a_gone_subscription_is_held
                nothing_fans_out_to_a_deleted_subscription
                the_fan_outs_of_a_deleted_tenant_are_over
            }
            outcomes {
                a_success_ends_the_delivery
                a_failure_ends_the_delivery_with_its_reason
                a_postponed_delivery_waits_at_its_new_due_time
                attempts_are_logged_in_order_with_all_that_they_hold
                an_end_without_an_attempt_logs_none
                a_second_outcome_of_one_place_is_logged_and_its_success_counts
                a_success_that_arrives_after_a_cancel_is_noted
                a_failure_that_arrives_after_a_cancel_is_only_logged
                an_outcome_of_an_earlier_pass_does_not_end_the_retried_delivery
                outcomes_of_a_deleted_tenant_do_no_harm
                results_stand_in_the_order_of_the_outcomes
            }
            lanes {
                a_refill_answers_what_is_due_in_order
                what_is_due_at_the_very_moment_is_due
                what_the_caller_holds_is_skipped
                next_due_is_in_the_past_when_the_limit_cuts_the_answer
                a_refill_keeps_to_its_bytes_but_answers_one_delivery_always
                a_head_that_keeps_its_place_says_until_when_it_is_not_tried
                waiting_lanes_are_told_by_key_each_with_its_next_due_time
                a_lane_whose_last_delivery_ended_does_not_wait
                the_backlog_counts_what_is_not_final
            }
            watermarks {
                pausing_cancels_what_waits_as_of_its_commit
                deleting_a_subscription_cancels_what_waits_and_keeps_its_history
                activation_does_not_revive_what_was_cancelled
                a_second_mark_leaves_what_the_first_one_said
                a_change_of_an_active_subscription_cancels_nothing
                the_sweep_makes_marks_real_in_steps_and_changes_no_answer
                a_success_under_a_mark_did_arrive
                a_failure_under_a_mark_leaves_it_cancelled
                a_delivery_under_a_mark_is_retried_like_any_cancelled_one
                a_delivery_under_a_mark_cannot_be_cancelled_again
                a_deleted_tenants_rows_are_erased_in_steps
            }
            gone {
                an_answer_to_an_earlier_version_deactivates_nothing
                a_gone_subscription_is_inactive_and_says_why
                what_waits_for_a_gone_subscription_is_held
                activation_sends_what_was_held
                the_attempt_that_brought_the_answer_is_recorded_as_usual
                what_is_held_fails_when_it_expires_and_not_before
                the_sweep_leaves_the_lanes_that_send_to_their_engines
                deactivating_what_is_inactive_already_changes_nothing
                a_new_name_for_a_gone_subscription_does_not_cancel_what_is_held
                a_change_that_was_made_before_a_410_does_not_undo_it
            }
            failing {
                deliveries_that_fail_are_counted_since_the_first_of_them
                a_commit_says_which_subscriptions_fail_and_since_when
                a_success_begins_the_count_anew
                the_outcomes_of_a_commit_count_in_their_order
                what_no_receiver_was_asked_about_is_no_failure
                what_expires_behind_an_attempt_is_a_failure
                a_success_that_comes_late_counts_and_a_failure_that_does_counts_not
                a_success_counts_also_where_the_delivery_was_sent_again_and_called_off
                what_ends_while_a_subscription_is_inactive_counts_not
                nothing_but_a_success_and_an_activation_begins_the_count_anew
                a_failing_subscription_is_inactive_and_says_why
                what_waits_for_a_failing_subscription_is_cancelled
                activation_sends_only_what_comes_from_then_on
                a_new_name_for_a_failing_subscription_leaves_it_failing
                failures_that_are_forgotten_deactivate_nothing
                a_change_that_was_made_before_it_failed_does_not_undo_it
                active_subscriptions_that_fail_are_listed_page_by_page
            }
            notices {
                deliveries_that_fail_are_noted_where_the_subscription_asks_for_it
                a_notice_names_the_first_deliveries_and_counts_all
                what_was_called_off_is_not_noted
                a_subscription_that_asks_no_more_is_not_noted
                what_its_budget_fails_is_noted
                a_subscription_that_becomes_inactive_by_itself_is_noted
                contacts_are_warned_once_of_the_same_failures
                a_digest_becomes_one_mail_for_each_contact
                a_digest_for_nobody_is_forgotten
                a_mail_that_could_not_be_sent_waits_and_counts_its_tries
                what_is_due_is_asked_for_in_parts
                whoever_waits_for_notices_hears_of_them
                a_deleted_tenant_leaves_no_notice_and_no_mail
                a_commit_says_which_subscriptions_recovered
                a_backlog_that_grows_is_told_share_by_share
                a_mail_that_cannot_be_sent_is_replaced_by_the_next_digest
                a_deleted_subscription_leaves_no_notice
            }
            verification {
                what_asks_for_handshakes_is_pending_and_unverified_where_they_must_pass
                what_waits_for_an_unverified_subscription_is_held_and_goes_out_when_it_has_passed
                what_is_held_for_an_unverified_subscription_expires
                handshakes_that_failed_leave_it_unverified_and_say_why
                what_was_made_for_an_earlier_version_says_nothing
                a_paused_subscription_stays_paused_whatever_its_handshakes_say
                a_secret_may_ask_for_handshakes_as_well
                handshakes_that_pass_begin_the_count_of_failures_anew
                a_change_that_was_made_before_it_passed_does_not_undo_it
                the_pending_ones_are_found_by_key_and_no_others
                what_an_event_met_is_told_of_an_unverified_subscription
                that_it_became_active_is_announced_and_a_hint_is_not
            }
            retry_and_cancel {
                a_finished_delivery_goes_to_the_tail_of_its_lane
                a_retry_begins_a_new_pass_and_goes_on_counting_attempts
                a_delivery_that_waits_is_sent_now_and_keeps_its_schedule
                the_head_of_an_ordered_lane_is_sent_now_in_its_place
                a_delivery_to_an_inactive_subscription_is_not_retried
                a_cancel_takes_the_delivery_out_of_its_lane
                a_finished_delivery_is_not_cancelled
                a_held_delivery_is_cancelled_like_any_other
                a_delivery_can_be_cancelled_and_retried_again_and_again
                what_is_not_there_is_neither_retried_nor_cancelled
            }
            send_now {
                what_waits_is_due_at_once_in_its_order
                a_lane_is_made_due_in_steps
                the_head_that_pauses_in_its_place_is_tried_at_once
                what_was_sent_now_ends_as_any_other
                an_open_group_is_closed_and_sent
                an_outcome_counts_though_its_delivery_was_made_due_meanwhile
                an_inactive_subscription_sends_nothing_now
            }
            groups {
                events_are_added_to_a_delivery_that_waits_in_their_order
                a_delivery_of_one_event_is_no_group
                events_of_one_commit_share_a_group
                a_repeat_of_an_event_joins_nothing
                each_key_and_each_subscription_has_its_own_group
                a_window_ends_and_the_next_event_opens_another
                an_aligned_window_ends_with_the_next_whole_multiple
                what_was_tried_sent_now_or_has_ended_takes_no_event
                a_full_group_is_due_at_once_and_the_next_event_opens_another
                a_group_takes_no_more_bytes_than_it_may
                a_group_waits_for_the_latest_of_its_events
                a_delivery_is_not_due_before_its_time
                targets_of_later_commits_are_grouped_and_wait_too
                an_older_event_whose_target_comes_later_leads_to_the_group_and_goes_with_it
                each_of_its_events_leads_to_the_group
                a_group_stands_once_in_every_other_list
                a_list_names_the_first_events_of_a_large_group
                an_explanation_of_a_member_shows_the_group
                what_a_group_carries_is_not_missing
                a_group_that_failed_is_replayed_as_one
                a_group_is_called_off_and_sent_again_as_one
                no_event_goes_before_the_group_that_carries_it
                a_large_group_is_forgotten_in_steps
                the_groups_of_a_deleted_tenant_are_erased
                all_bytes_of_a_group_count_in_the_budget_of_its_lane
            }
            stored_bodies {
                what_the_first_attempt_sent_is_kept_for_the_next_one
                what_is_kept_is_not_replaced
                what_succeeded_at_once_is_kept_for_the_log_and_for_a_retry
                an_attempt_that_was_under_way_leaves_its_body_in_the_log
                a_stored_body_counts_in_a_refill_and_in_the_budget_of_its_lane
                a_stored_body_goes_with_its_delivery
            }
            config {
                a_tenant_is_created_once_and_replaced_afterwards
                tenants_are_listed_by_id_page_by_page
                a_deleted_tenant_is_gone_at_once_and_its_id_is_free
                a_subscription_reads_back_as_it_was_created
                a_subscription_that_is_created_inactive_is_paused
                a_tenant_has_at_most_so_many_subscriptions
                a_subscription_needs_a_tenant
                a_change_needs_the_current_version
                new_secrets_are_a_new_version_of_the_subscription
                settings_and_secrets_change_together_in_one_version
                each_change_of_the_configuration_grows_the_tenants_version_by_one
                a_snapshot_holds_all_subscriptions_in_the_order_of_their_creation
                a_snapshot_of_very_large_settings_is_whole
                a_deleted_subscription_is_not_there_any_more
            }
            versions {
                an_older_version_of_a_subscription_reads_as_it_was
                a_rotation_makes_a_version_and_the_older_ones_keep_their_secrets
                a_receiver_that_is_gone_makes_no_new_version
                the_versions_of_a_deleted_subscription_can_still_be_read
                each_put_of_a_tenant_is_a_version_that_reads_as_it_was
                a_change_of_a_subscription_is_no_version_of_the_tenant
                nothing_can_be_read_of_a_deleted_tenants_versions
                a_delivery_goes_on_naming_the_version_it_was_made_with
            }
            redirecting {
                a_tenant_changes_together_with_a_subscription_or_not_at_all
                a_subscription_that_leads_elsewhere_by_its_tenant_has_a_new_version_of_the_same_settings
                it_is_announced_as_any_other_change_of_where_it_leads
                it_may_ask_for_handshakes_and_what_is_paused_stays_so
            }
            profiles {
                a_profile_reads_back_as_it_was_put
                a_profile_that_was_never_put_is_not_there
                the_same_content_keeps_its_number_and_is_used_anew
                files_that_are_given_again_replace_nothing
                of_each_name_the_profile_that_was_put_last_is_the_latest
            }
            event_types {
                an_event_type_is_added_once_and_replaced_afterwards
                a_snapshot_lists_the_tenants_own_event_types_by_name
                each_change_of_an_event_type_grows_the_configuration_and_not_the_tenant
                an_event_matched_before_an_event_type_changed_is_stale
                a_tenant_has_at_most_so_many_event_types
                an_event_type_needs_a_tenant
                a_tenant_that_comes_again_has_none_of_the_event_types_it_had
            }
            keys {
                a_key_is_found_by_its_hash_as_it_was_made
                keys_are_listed_by_id_page_by_page_without_those_that_were_revoked
                a_revoked_key_is_known_as_revoked_and_revoked_once
                of_the_revoked_keys_the_first_are_forgotten
                a_tenant_has_at_most_so_many_keys_that_are_not_revoked
                the_last_use_of_a_key_only_moves_forward
                a_foreign_key_is_neither_listed_nor_revoked
                the_keys_of_a_deleted_tenant_are_gone_at_once
            }
            audit {
                an_entry_is_written_with_the_change_that_it_tells_of
                a_change_that_comes_too_late_is_not_told
                a_retry_and_a_cancel_are_told
                entries_are_listed_newest_first_page_by_page
                each_filter_of_the_audit_lets_its_own_through
                what_is_told_of_a_deleted_tenant_stays_without_its_data
                old_entries_are_forgotten_oldest_first_in_steps
                of_a_tenant_with_too_many_entries_its_own_oldest_go
                a_busy_tenant_pushes_out_nobody_elses_entries
                whoever_looks_again_and_again_is_told_of_once
                a_clock_that_was_far_ahead_hides_no_reading
                an_entry_is_never_earlier_than_the_one_before_it
            }
            audited {
                every_operation_that_brings_an_entry_writes_it
            }
            all_tenants {
                events_of_all_tenants_are_listed_newest_first_each_with_its_tenant
                a_list_over_all_tenants_is_filtered_like_the_list_of_one
                deliveries_of_all_tenants_are_listed_as_each_reads_alone
                each_filter_of_all_deliveries_lets_its_own_through
                subscriptions_of_all_tenants_are_listed_newest_first
                nothing_of_a_deleted_tenant_is_in_a_list_over_all
                a_rare_event_behind_many_of_all_tenants_is_found_on_a_later_page
            }
            subscription_tests {
                a_test_reads_back_as_it_was_made
                a_test_that_the_receiver_did_not_take_is_exhausted
                nothing_of_a_test_waits
                a_test_stands_in_the_lists_among_all_others
                a_test_that_took_long_hides_no_event_from_a_list_by_time
                an_inactive_subscription_is_tested_like_an_active_one
                nothing_is_written_of_a_test_of_what_is_gone
                a_test_is_sent_again_like_any_finished_delivery
                the_tests_of_a_deleted_tenant_are_erased
            }
            lists {
                events_are_listed_newest_first_page_by_page
                events_are_filtered_by_type_and_time
                deliveries_are_listed_by_event_newest_first_and_last_created_first
                each_filter_of_deliveries_lets_its_own_through
                a_list_shows_each_delivery_as_it_reads_alone
                a_cursor_of_another_make_is_refused
                a_list_goes_on_where_it_was_although_newer_ones_came
                a_rare_one_behind_many_rows_is_found_on_a_later_page
            }
            log {
                offsets_ascend_in_the_order_of_commits_and_within_each
                events_of_other_tenants_leave_no_trace_in_a_log
                a_test_is_not_in_the_log
                what_was_not_accepted_is_not_in_the_log
                a_log_is_read_on_where_the_last_reading_ended
                a_log_is_read_by_types
                a_reading_of_a_rare_type_ends_after_a_bounded_number_of_entries
                a_type_beyond_those_that_are_numbered_is_found_all_the_same
                an_offset_is_not_given_again_when_the_newest_events_were_forgotten
                the_log_of_a_deleted_tenant_is_gone_and_its_name_begins_anew
            }
            retention {
                an_old_event_goes_with_its_deliveries_and_attempts
                an_event_goes_only_when_it_is_older_than_that
                an_event_with_a_delivery_that_waits_stays_until_that_ends
                an_old_delivery_that_is_sent_again_stays_until_it_has_ended_again
                an_event_whose_fan_out_is_open_stays_until_that_is_finished
                what_was_called_off_goes_when_the_sweep_has_made_it_real
                an_event_that_is_larger_than_a_step_goes_at_once_for_every_reader
                small_steps_forget_the_same_as_large_ones_oldest_first
                an_idempotency_key_outlives_its_event
                without_a_bound_nothing_is_forgotten
                above_the_bytes_the_oldest_go_and_what_waits_stays
            }
            retention_of_tenants {
                a_tenants_shorter_age_is_its_own_and_the_shortest_wins
                what_waits_of_a_tenant_stays_until_it_has_ended
                above_a_tenants_bytes_its_oldest_go_and_nobody_elses
                bytes_that_came_before_the_limit_are_counted
                counting_a_tenants_bytes_ends_also_when_many_newer_events_of_it_come
                tenants_take_turns_whoever_has_more_to_forget
                a_limit_that_was_lifted_forgets_nothing_more
                a_limit_that_becomes_shorter_reaches_what_was_too_young
                a_large_event_of_a_tenant_goes_in_steps
                tenants_that_are_gone_have_no_limits
            }
            backlog {
                what_is_failed_as_too_much_is_announced_and_a_success_that_was_under_way_counts
                of_a_lane_beyond_its_deliveries_the_oldest_fail
                of_a_lane_beyond_its_bytes_the_oldest_fail
                what_has_ended_or_was_called_off_takes_nothing_of_the_budget
            }
            history {
                a_subscription_was_what_it_was_when_the_event_came
                it_is_known_why_and_since_when_it_was_inactive
                one_that_came_later_says_so_and_one_that_was_deleted_before_is_left_out
                each_names_its_own_deliveries_of_the_event
                the_rest_of_a_large_fan_out_is_to_come
                pages_of_every_size_hold_every_subscription_once
                nothing_is_said_about_an_event_that_is_not_there
            }
            replays {
                a_replay_of_what_failed_sends_it_again_oldest_first
                what_the_system_cancelled_is_sent_again_and_what_a_person_cancelled_is_not
                what_is_missing_gets_a_delivery_if_the_subscription_matches_it_now
                a_replay_of_everything_sends_what_succeeded_in_a_new_delivery
                a_replay_keeps_to_its_span
                a_replay_goes_in_steps_and_leaves_out_and_repeats_nothing
                a_step_ends_within_an_event_and_the_next_one_goes_on_there
                an_event_that_comes_after_the_beginning_is_no_part_of_the_replay
                while_too_much_waits_a_replay_waits_too
                a_cancelled_replay_queues_nothing_more
                a_subscription_has_one_replay_at_a_time_and_a_tenant_so_many
                nothing_is_replayed_to_a_subscription_that_would_not_get_it
                a_replay_fails_when_its_subscription_is_paused_or_deleted
                an_event_that_was_forgotten_is_passed_over
                a_test_of_a_subscription_is_not_replayed
                a_count_says_what_a_replay_queues_and_changes_nothing
                replays_are_listed_newest_first_and_read_back_as_they_were_begun
                the_oldest_replay_that_ended_makes_room_for_a_new_one
                the_replays_of_a_deleted_tenant_are_gone
            }
            isolation {
                a_foreign_object_reads_as_if_it_were_not_there
                a_list_holds_the_tenants_own_rows_only
                a_foreign_delivery_is_neither_retried_nor_cancelled
                a_foreign_subscription_is_neither_changed_nor_deleted
                a_key_means_nothing_in_another_tenant
                deleting_a_tenant_touches_no_other
            }
            sessions {
                a_session_knows_itself_among_the_living
                a_session_that_ran_out_is_lost
                a_lane_is_owned_by_one_node_at_a_time
                a_claim_of_many_lanes_takes_those_that_are_free
                a_released_lane_is_free_and_its_epoch_grows
                a_release_gives_only_the_named_lanes_back
                a_release_without_names_gives_every_lane_back
                the_lanes_of_a_lost_session_can_be_taken
                an_outcome_of_a_lane_of_another_node_is_fenced_and_not_written
                an_outcome_of_a_lost_session_is_fenced_and_not_written
                a_node_accepts_events_also_for_the_lanes_of_others
            }
            changes {
                each_change_of_the_configuration_is_announced_and_nothing_else
                a_key_is_announced_when_it_is_created_and_when_it_is_revoked
                a_lane_is_announced_when_something_enters_or_leaves_it_beside_the_commits
                a_change_can_be_seen_when_it_is_announced
                a_commit_is_answered_stale_only_behind_the_change_that_made_it_so
                events_are_announced_to_whoever_wants_them
                a_reader_that_falls_behind_is_told_everything
            }
            settings {
                a_setting_is_absent_until_it_is_put
                a_setting_that_is_put_again_is_replaced
                a_probe_writes_nothing_that_can_be_seen
            }
            model {
                after_any_operations_a_delivery_waits_in_one_place_or_has_ended
                a_lane_that_is_drained_in_small_refills_hands_out_each_delivery_once
            }
        }
    };
}

/// What [`conformance_suite!`] is made of.
#[doc(hidden)]
#[macro_export]
macro_rules! conformance_tests {
    (($factory:expr) $($topic:ident { $($check:ident)* })*) => {$(
        mod $topic {
            #[allow(unused_imports, reason = "the factory may need no name from the file")]
            use super::*;
            $(
                #[tokio::test]
                async fn $check() {
                    let fixture = $factory.await;
                    let store = $crate::conformance::Fixture::store(&fixture);
                    $crate::conformance::$topic::$check(store).await;
                }
            )*
        }
    )*};
}

#[cfg(test)]
mod tests {
    /// Each file of checks, with its topic.
    const TOPICS: &[(&str, &str)] = &[
        ("accept", include_str!("accept.rs")),
        ("audit", include_str!("audit.rs")),
        ("backlog", include_str!("backlog.rs")),
        ("changes", include_str!("changes.rs")),
        ("config", include_str!("config.rs")),
        ("event_types", include_str!("event_types.rs")),
        ("all_tenants", include_str!("all_tenants.rs")),
        ("failing", include_str!("failing.rs")),
        ("fanout", include_str!("fanout.rs")),
        ("gone", include_str!("gone.rs")),
        ("history", include_str!("history.rs")),
        ("idempotency", include_str!("idempotency.rs")),
        ("isolation", include_str!("isolation.rs")),
        ("keys", include_str!("keys.rs")),
        ("lanes", include_str!("lanes.rs")),
        ("lists", include_str!("lists.rs")),
        ("log", include_str!("log.rs")),
        ("model", include_str!("model.rs")),
        ("notices", include_str!("notices.rs")),
        ("outcomes", include_str!("outcomes.rs")),
        ("profiles", include_str!("profiles.rs")),
        ("replays", include_str!("replays.rs")),
        ("retention", include_str!("retention.rs")),
        ("retention_of_tenants", include_str!("retention_of_tenants.rs")),
        ("retry_and_cancel", include_str!("retry_and_cancel.rs")),
        ("sessions", include_str!("sessions.rs")),
        ("settings", include_str!("settings.rs")),
        ("subscription_tests", include_str!("subscription_tests.rs")),
        ("versions", include_str!("versions.rs")),
        ("watermarks", include_str!("watermarks.rs")),
    ];

    #[test]
    fn every_check_is_in_the_list() {
        let listed: Vec<_> = include_str!("suite.rs").lines().map(str::trim).collect();
        for (topic, source) in TOPICS {
            assert!(listed.contains(&format!("{topic} {{").as_str()), "{topic}");
            let checks = source.lines().filter_map(|line| line.strip_prefix("pub async fn "));
            for check in checks.filter_map(|line| line.split('(').next()) {
                assert!(listed.contains(&check), "{topic}::{check}");
            }
        }
    }
}
