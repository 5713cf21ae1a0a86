//! Every kind of tampering with the logs is found and named.

use store::testing::TestDatabase;
use store::{AuditLog, Finding, Store};

use crate::audit::{change, expire, log};
use crate::support::*;

/// An organisation with 12 decisions at doors (segment 1) and 12 others (2), and 6 changes (3).
async fn world(database: &TestDatabase) -> Store {
    let store = open(database).await;
    let organisation = id();
    log(&store, organisation, 0..24).await;
    change(&store, organisation, 3).await;
    assert_eq!(is_whole(database).await.rows, 30);
    store
}

/// The segments by log: doors, decisions, changes.
async fn numbers(database: &TestDatabase) -> [String; 3] {
    let rows = database
        .run("SELECT log, CAST(number AS TEXT) FROM audit_segments ORDER BY number")
        .await
        .unwrap();
    AuditLog::ALL.map(|log| {
        let row = rows.iter().find(|row| row[0] == log.name());
        row.unwrap()[1].clone()
    })
}

async fn found_after(database: &TestDatabase, sql: &str) -> Vec<Finding> {
    database.run(sql).await.unwrap();
    verify(database).await.findings
}

fn told(findings: &[Finding]) -> Vec<String> {
    findings
        .iter()
        .map(|finding| {
            let text = finding.to_string();
            text.split_once(':').unwrap().0.to_owned()
        })
        .collect()
}

on_both! {
    async fn a_missing_row_is_named(database) {
        let _store = world(&database).await;
        let [doors, _, changes] = numbers(&database).await;
        let found = found_after(&database, &format!(
            "DELETE FROM decisions WHERE segment = {doors} AND sequence IN (3, 4); \
             DELETE FROM change_log WHERE segment = {changes} AND sequence = 1"
        )).await;
        assert_eq!(told(&found), ["missing rows", "missing row"], "{found:#?}");
        let Finding::MissingRows { from, to, .. } = found[0] else { panic!("{found:?}") };
        assert_eq!((from, to), (3, 4));
    }

    async fn a_truncated_tail_is_named(database) {
        let _store = world(&database).await;
        let [doors, _, changes] = numbers(&database).await;
        let found = found_after(&database, &format!(
            "DELETE FROM decisions WHERE segment = {doors} AND sequence > 10; \
             DELETE FROM change_log WHERE segment = {changes}"
        )).await;
        assert_eq!(told(&found), ["truncated tail", "truncated tail"], "{found:#?}");
        let Finding::TruncatedTail { written, left, .. } = found[0] else { panic!("{found:?}") };
        assert_eq!((written, left), (12, 10));
    }

    async fn a_tail_cut_off_with_its_record_is_named(database) {
        let _store = world(&database).await;
        let [doors, ..] = numbers(&database).await;
        let found = found_after(&database, &format!(
            "DELETE FROM decisions WHERE segment = {doors} AND sequence > 10; \
             UPDATE audit_segments SET length = 10, head = (SELECT hash FROM decisions \
             WHERE segment = {doors} AND sequence = 10) WHERE number = {doors}"
        )).await;
        assert_eq!(told(&found), ["changed record"], "{found:#?}");
    }

    async fn a_changed_row_is_named_alone(database) {
        let _store = world(&database).await;
        let [doors, _, changes] = numbers(&database).await;
        let found = found_after(&database, &format!(
            "UPDATE decisions SET reason = 'NO_GRANT' WHERE segment = {doors} AND sequence = 5; \
             UPDATE change_log SET after_row = '{{}}' WHERE segment = {changes} AND sequence = 2; \
             UPDATE change_log SET reason = 'other' WHERE segment = {changes} AND sequence = 4; \
             UPDATE change_log SET before_row = NULL WHERE segment = {changes} AND sequence = 6"
        )).await;
        let rows: Vec<i64> = found
            .iter()
            .map(|finding| match finding {
                Finding::ChangedRow { sequence, .. } => *sequence,
                other => panic!("{other}"),
            })
            .collect();
        assert_eq!(rows, [5, 2, 4, 6], "{found:#?}");
    }

    async fn a_chain_made_anew_behind_a_change_is_named(database) {
        let _store = world(&database).await;
        let [doors, ..] = numbers(&database).await;
        // As if all hashes behind it were computed again: only the signature tells.
        let found = found_after(&database, &format!(
            "DELETE FROM decisions WHERE segment = {doors} AND sequence = 12; \
             UPDATE audit_segments SET length = 11, head = (SELECT hash FROM decisions \
             WHERE segment = {doors} AND sequence = 11), last_at = last_at - 1 \
             WHERE number = {doors}"
        )).await;
        assert_eq!(told(&found), ["changed record"], "{found:#?}");
    }

    async fn the_wrong_order_is_named(database) {
        let _store = world(&database).await;
        let [doors, others, changes] = numbers(&database).await;
        let found = found_after(&database, &format!(
            "UPDATE decisions SET sequence = 7 - sequence WHERE segment = {doors} \
             AND sequence IN (3, 4); \
             UPDATE decisions SET sequence = 13 - sequence WHERE segment = {others} \
             AND sequence IN (1, 12); \
             UPDATE change_log SET sequence = 6 - sequence WHERE segment = {changes} \
             AND sequence IN (2, 4)"
        )).await;
        let moved: Vec<(i64, i64)> = found
            .iter()
            .map(|finding| match finding {
                Finding::WrongOrder { sequence, written, .. } => (*sequence, *written),
                other => panic!("{other}: {found:#?}"),
            })
            .collect();
        let mut moved = moved;
        moved.sort_unstable();
        assert_eq!(moved, [(1, 12), (2, 4), (3, 4), (4, 2), (4, 3), (12, 1)]);
    }

    async fn an_added_row_is_named(database) {
        let _store = world(&database).await;
        let [doors, others, _] = numbers(&database).await;
        let copy = |segment: &str, sequence: i64, new: i64, suffix: &str| format!(
            "INSERT INTO decisions (id, at, as_of, revision, entry, action, reason, allowed, \
             duration_ns, segment, sequence, hash) SELECT id || '{suffix}', at, as_of, revision, \
             entry, action, reason, allowed, duration_ns, segment, {new}, hash FROM decisions \
             WHERE segment = {segment} AND sequence = {sequence};"
        );
        let sql = copy(&doors, 12, 13, "x") + &copy(&others, 6, 6, "y");
        let found = found_after(&database, &sql).await;
        assert_eq!(told(&found), ["added row", "added row"], "{found:#?}");
        let found = found_after(&database, "UPDATE decisions SET segment = 99 WHERE sequence = 13").await;
        assert_eq!(told(&found), ["added rows", "added row"], "{found:#?}");
    }

    async fn a_segment_that_is_gone_is_named(database) {
        let store = world(&database).await;
        log(&store, id(), 0..2).await;
        let [doors, others, _] = numbers(&database).await;
        let found = found_after(&database, &format!(
            "DELETE FROM decisions WHERE segment = {doors}; \
             DELETE FROM audit_segments WHERE number = {doors}"
        )).await;
        assert_eq!(told(&found), ["gap"], "{found:#?}");
        // The last of all, and the count with it.
        let found = found_after(&database, &format!(
            "DELETE FROM decisions WHERE segment = 5; DELETE FROM audit_segments WHERE number = 5; \
             DELETE FROM decisions WHERE segment = {others}"
        )).await;
        assert_eq!(told(&found), ["gap", "gap", "truncated tail"], "{found:#?}");
        let found = found_after(&database, "UPDATE audit_register SET value = 4").await;
        assert_eq!(told(&found), ["changed record", "gap", "truncated tail"], "{found:#?}");
    }

    async fn a_gap_is_covered_by_a_checkpoint_only(database) {
        let store = world(&database).await;
        let [_, others, _] = numbers(&database).await;
        assert_eq!(expire(&store, AuditLog::Doors, at(100)).await, 1);
        assert_eq!(is_whole(&database).await.checkpoints, 1);
        let found = found_after(&database, &format!(
            "DELETE FROM decisions WHERE segment = {others}; \
             UPDATE audit_segments SET deleted_at = 1, purged = TRUE WHERE number = {others}"
        )).await;
        assert_eq!(told(&found), ["changed record"], "{found:#?}");
    }

    async fn a_pseudonym_given_to_somebody_else_is_named(database) {
        let _store = world(&database).await;
        let found = found_after(&database, "UPDATE pseudonyms SET target_id = 'other' \
            WHERE pseudonym = (SELECT MIN(pseudonym) FROM pseudonyms)").await;
        assert_eq!(told(&found), ["changed record"], "{found:#?}");
        let found = found_after(&database, "DELETE FROM pseudonyms WHERE pseudonym = \
            (SELECT MIN(person_id) FROM decisions WHERE segment IS NOT NULL)").await;
        let missing = Finding::MissingPseudonyms { table: "decisions", rows: 1 };
        assert!(found.contains(&missing), "{found:#?}");
        // Erased by somebody else than the program.
        let found = found_after(&database, "UPDATE pseudonyms SET target_id = NULL, \
            person_id = NULL, key = NULL, erased_at = 1").await;
        assert!(found.len() > 40, "{found:#?}");
    }

    async fn any_changed_byte_of_a_chained_column_is_found(database) {
        let _store = world(&database).await;
        let sqlite = store::testing::is_sqlite(&database.url);
        let mut random = 0x2545_F491_4F6C_DD1D_u64;
        let mut pick = move |below: usize| {
            // Marsaglia's xorshift: which byte is changed differs from column to column.
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            usize::try_from(random % u64::try_from(below).unwrap()).unwrap()
        };
        let mut changed = 0;
        for (table, columns) in [("decisions", DECISION_COLUMNS), ("change_log", CHANGE_COLUMNS)] {
            let [_, others, changes] = numbers(&database).await;
            let segment = if table == "decisions" { others } else { changes };
            for column in columns.split_whitespace() {
                for sequence in [1, 2, 6] {
                    let place = format!("segment = {segment} AND sequence = {sequence}");
                    let read = if column.ends_with("hash") {
                        if sqlite { format!("hex({column})") } else { format!("encode({column}, 'hex')") }
                    } else if BOOLEANS.contains(&column) {
                        format!("CASE WHEN {column} THEN 'TRUE' ELSE 'FALSE' END")
                    } else {
                        format!("CAST({column} AS TEXT)")
                    };
                    let rows = database
                        .run(&format!(
                            "SELECT COALESCE({read}, 'NULL') FROM {table} WHERE {place}"
                        ))
                        .await
                        .unwrap();
                    let old = &rows[0][0];
                    let (old, new) = literals(column, old, sqlite, &mut pick);
                    let what = format!("{table}.{column} of row {sequence}: {old} -> {new}");
                    let found = found_after(
                        &database,
                        &format!("UPDATE {table} SET {column} = {new} WHERE {place}"),
                    )
                    .await;
                    assert!(!found.is_empty(), "{what}");
                    let place = if column == "segment" {
                        format!("segment = {new} AND sequence = {sequence}")
                    } else {
                        place
                    };
                    database
                        .run(&format!("UPDATE {table} SET {column} = {old} WHERE {place}"))
                        .await
                        .unwrap();
                    is_whole(&database).await;
                    changed += 1;
                }
            }
        }
        assert_eq!(changed, (21 + 14) * 3);
    }
}

/// The hashed columns and the hash; where a row stands is looked at apart.
const DECISION_COLUMNS: &str = "id organisation_id at as_of revision entry station_key message_id \
    action node_id evse_number person_id credential_id api_key_id token reason grant_id \
    duration_ns allowed hash segment";
const CHANGE_COLUMNS: &str = "revision organisation_id kind row_id actor_person_id \
    actor_api_key_id request_id at subject content_hash reason before_row after_row hash";
const NUMBERS: [&str; 6] = [
    "at",
    "as_of",
    "revision",
    "evse_number",
    "duration_ns",
    "segment",
];
const BOOLEANS: [&str; 1] = ["allowed"];

/// The value that is there and one with another byte, as SQL.
fn literals(
    column: &str,
    old: &str,
    sqlite: bool,
    pick: &mut impl FnMut(usize) -> usize,
) -> (String, String) {
    if old == "NULL" {
        let new = if NUMBERS.contains(&column) { "0" } else { "''" };
        return ("NULL".to_owned(), new.to_owned());
    }
    if BOOLEANS.contains(&column) {
        let new = if old == "TRUE" { "FALSE" } else { "TRUE" };
        return (old.to_owned(), new.to_owned());
    }
    if NUMBERS.contains(&column) {
        // Another revision is not there yet.
        let number: i64 = old.parse().unwrap();
        let bit = 1_i64 << (8 + pick(40));
        return (old.to_owned(), (number ^ bit).to_string());
    }
    let mut bytes = old.to_ascii_lowercase().into_bytes();
    let original = if column.ends_with("hash") {
        String::from_utf8(bytes.clone()).unwrap()
    } else {
        bytes = old.as_bytes().to_vec();
        old.to_owned()
    };
    let mut at = pick(bytes.len());
    while !bytes[at].is_ascii_alphanumeric() {
        at = (at + 1) % bytes.len();
    }
    bytes[at] = if bytes[at] == b'0' { b'1' } else { b'0' };
    let new = String::from_utf8(bytes).unwrap();
    let literal = |text: &str| {
        if column.ends_with("hash") {
            if sqlite {
                format!("X'{text}'")
            } else {
                format!("'\\x{text}'")
            }
        } else {
            format!("'{}'", text.replace('\'', "''"))
        }
    };
    (literal(&original), literal(&new))
}
