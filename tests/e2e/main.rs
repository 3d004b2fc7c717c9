//! End to end: the real binary on free ports, mail in through `swaks`, mail out to a smarthost of
//! the tests' own. One story a file; `house` is where they are set, and what it asserts when it
//! closes holds for every story.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test may
#![allow(clippy::print_stdout, clippy::print_stderr)] // what is shown when a story fails

mod dns;
mod house;
mod letter;
mod load;
mod mx;
mod parcel;
mod smarthost;
mod strace;
mod wire;

mod t01_buyer_writes_seller;
mod t02_seller_answers;
mod t03_a_thread_on_both_sides;
mod t04_a_second_order;
mod t05_unknown_alias;
mod t06_wrong_sender;
mod t07_too_long;
mod t08_smarthost_down_and_back;
mod t09_observe_mode;
mod t10_provisioning;
mod t110_tracking;
mod t111_what_a_pdf_says;
mod t112_what_a_picture_shows;
mod t113_the_same_to_many;
mod t114_dead_over_a_mail;
mod t115_before_and_after;
mod t11_the_data_dir;
mod t120_finding;
mod t121_expiring;
mod t122_evidence;
mod t123_backup;
mod t12_the_plug_is_pulled;
mod t13_automatic_mail;
mod t14_the_log;
mod t15_the_demo;
mod t16_shapes_of_mail;
mod t17_several_recipients;
mod t18_notices;
mod t19_addresses_outside_ascii;
mod t20_dead_at_a_sync;
mod t21_sync_means_sync;
mod t22_the_disk_is_full;
mod t23_slow_and_silent_peers;
mod t24_an_orderly_end;
mod t30_who_can_be_reached;
mod t31_registering;
mod t32_limits;
mod t33_guesses;
mod t34_deleting;
mod t35_importing;
mod t40_html_goes_out;
mod t45_files_go_along;
mod t46_files_that_stay;
mod t47_dangerous_files;
mod t48_mails_in_mails;
mod t49_signed_and_sealed;
mod t50_help_desks;
mod t51_ids;
mod t52_pictures_in_the_text;
mod t55_mx_hosts;
mod t56_mx_manners;
mod t57_dkim;
mod t58_mta_sts;
mod t60_spf;
mod t61_spoofing;
mod t62_dkim_of_others;
mod t65_doctor;
mod t66_loops;
mod t67_faults_and_restarts;
mod t68_greylisting;
mod t69_it_was_me;
mod t70_reports;
mod t81_abuse_waits;
mod t82_a_refund_or_a_bad_review;
mod t83_posing_as_the_marketplace;
mod t85_what_a_message_is_for;
mod t86_language_packs;
mod t90_held;
mod t91_strikes;
mod t92_explaining;
