//! One suite, every engine: the same batches leave the same rows, the same questions get the same answers.

#![expect(clippy::unwrap_used, reason = "clippy takes helpers of integration tests for no tests")]

#[path = "../support/agno.rs"]
mod agno;
mod attached;
#[path = "../support/captures.rs"]
mod captures;
mod catalog;
mod filters;
mod limits;
#[path = "../support/logs.rs"]
mod logs;
mod migrate;
mod names;
mod only_clickhouse;
#[path = "../support/place.rs"]
mod place;
mod resend;
mod retention;
mod rollups;
mod sessions;
#[path = "../support/specification.rs"]
mod specification;
#[path = "../support/mod.rs"]
mod support;
#[path = "../support/traces.rs"]
mod traces;
mod views;
mod writers;

use proptest::prelude::ProptestConfig;

use place::Engine;

/// Stamps the suite on an engine. `$cases` says how many of the cases of a property are tried, in hundredths.
macro_rules! suite {
    ($name:ident, $engine:expr, $cases:expr) => {
        mod $name {
            use super::*;

            #[test]
            fn captures_leave_the_rows_that_are_specified() {
                resend::captures_once($engine);
            }

            #[test]
            fn captures_leave_the_same_rows_however_they_come() {
                resend::captures($engine, cases(16, $cases));
            }

            #[test]
            fn any_traces_leave_the_same_rows_however_they_come() {
                resend::any_traces($engine, cases(96, $cases));
            }

            #[test]
            fn all_captures_sent_backwards_one_by_one_leave_the_same_rows() {
                resend::backwards($engine);
            }

            #[test]
            fn of_one_moment_instructions_come_first_and_answers_last() {
                resend::of_one_moment($engine);
            }

            #[test]
            fn every_engine_holds_what_sqlite_holds() {
                resend::same_as_sqlite($engine);
            }

            #[test]
            fn lists_answer_what_filters_mean() {
                filters::lists($engine, cases(12, $cases));
            }

            #[test]
            fn sessions_are_what_their_traces_say() {
                sessions::answers($engine);
            }

            #[test]
            fn rollups_are_the_sums_over_spans() {
                rollups::sums($engine);
            }

            #[test]
            fn views_tell_what_to_watch_in_production() {
                views::answers($engine);
            }

            #[test]
            fn long_and_awkward_texts_are_kept() {
                limits::awkward($engine);
            }

            #[test]
            fn a_span_of_many_megabytes_is_kept() {
                limits::large($engine);
            }

            #[test]
            fn a_span_that_is_too_large_keeps_no_other_out() {
                limits::too_large($engine);
            }

            #[test]
            fn what_rules_say_is_deleted_and_nothing_else() {
                retention::rules::any_rules($engine, cases(40, $cases));
            }

            #[test]
            fn many_traces_are_deleted_page_by_page() {
                retention::rules::many($engine);
            }

            #[test]
            fn the_oldest_traces_go_when_there_is_too_much() {
                retention::size::oldest_first($engine);
            }

            #[test]
            fn a_large_trace_is_deleted_in_steps() {
                retention::large::in_steps($engine);
            }

            #[test]
            fn spans_come_in_while_others_are_deleted() {
                retention::beside::several($engine);
            }

            #[test]
            fn a_store_deletes_in_the_background() {
                retention::beside::in_background($engine);
            }

            #[test]
            fn without_a_user_all_is_as_if_they_had_never_come() {
                retention::user::any_traces($engine, cases(40, $cases));
            }

            #[test]
            fn no_byte_is_left_of_a_user() {
                retention::user::no_byte_is_left($engine);
            }

            #[test]
            fn several_writers_leave_the_same_rows() {
                writers::several($engine);
            }

            #[test]
            fn a_migration_makes_the_place_of_the_tables_and_a_plan_does_not() {
                migrate::makes_the_place($engine);
            }

            #[test]
            fn what_is_planned_can_be_run_by_hand() {
                migrate::by_hand($engine);
            }

            #[test]
            fn where_no_place_is_none_is_made_to_read() {
                migrate::read_only_makes_no_place($engine);
            }

            #[test]
            fn tables_may_have_other_names() {
                names::others($engine);
            }

            #[test]
            fn tables_may_have_names_that_are_words_of_sql() {
                names::awkward($engine);
            }

            #[test]
            fn several_may_open_an_empty_database_at_once() {
                writers::open_at_once($engine);
            }
        }
    };
}

/// What is there on the databases that Agno and a catalogue may be in too.
macro_rules! relational {
    ($name:ident, $engine:expr, $cases:expr) => {
        mod $name {
            use super::*;

            #[test]
            fn a_database_of_agno_is_read_as_if_it_were_filled() {
                attached::of_agno_alone($engine);
            }

            #[test]
            fn what_agno_has_just_written_is_read_as_if_it_were_filled() {
                attached::of_both($engine);
            }

            #[test]
            fn where_no_traces_are_none_are_read() {
                attached::without_traces($engine);
            }

            #[test]
            fn what_a_migration_does_is_what_it_says() {
                migrate::plans($engine);
            }

            #[test]
            fn a_migration_drops_only_what_is_there() {
                migrate::drops_what_is_there($engine);
            }

            #[test]
            fn several_may_attach_to_a_database_of_agno_at_once() {
                migrate::at_once($engine);
            }

            #[test]
            fn how_far_the_rows_are_filled_can_be_seen() {
                migrate::fills($engine);
            }

            #[test]
            fn resources_go_once_no_span_has_them() {
                retention::resources::unused($engine);
            }

            #[test]
            fn what_agno_alone_wrote_is_deleted_too() {
                retention::agno::of_agno_alone($engine);
            }

            #[test]
            fn a_catalogue_stands_alone() {
                catalog::alone($engine);
            }

            #[test]
            fn a_catalogue_stands_beside_spans() {
                catalog::beside_spans($engine);
            }
        }
    };
}

fn cases(of_all: u32, hundredths: u32) -> ProptestConfig {
    let cases = (of_all * hundredths).div_ceil(100);
    ProptestConfig { cases, failure_persistence: None, max_shrink_iters: 100, ..ProptestConfig::default() }
}

suite!(sqlite, Engine::Sqlite, 100);
suite!(postgres, Engine::Postgres, 30);
suite!(mysql, Engine::MySql, 30);
suite!(clickhouse, Engine::ClickHouse, 10);

relational!(relational_sqlite, Engine::Sqlite, 100);
relational!(relational_postgres, Engine::Postgres, 30);
relational!(relational_mysql, Engine::MySql, 30);
