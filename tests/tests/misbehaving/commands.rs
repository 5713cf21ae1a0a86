//! Commands that are answered wrongly, late or not at all.

use serde_json::json;

use crate::{BOTH, Scene};

fn accepted(id: &str) -> serde_json::Value {
    json!([3, id, { "status": "Accepted" }])
}

#[tokio::test]
async fn no_answer_is_told_as_such_and_holds_up_nobody_else() {
    for version in BOTH {
        let scene = Scene::set(&["--command-seconds", "2"]).await;
        let mut bad = scene.bad(version).await;
        let command = scene.command("ClearCache");
        bad.asked("ClearCache").await;
        scene.others_are_served().await;
        // It is served itself while its answer is missing.
        bad.works().await;
        command.await.unwrap().problem(504, "station_no_answer");
        let finding = scene.finding("no_answer").await;
        assert_eq!(finding["detail"], "ClearCache");
        bad.works().await;
        scene.others_are_served().await;
    }
}

#[tokio::test]
async fn a_late_answer_is_nobodys() {
    for version in BOTH {
        let scene = Scene::set(&["--command-seconds", "2"]).await;
        let mut bad = scene.bad(version).await;
        let first = scene.command("ClearCache");
        let late = bad.asked("ClearCache").await;
        first.await.unwrap().problem(504, "station_no_answer");
        let second = scene.command("ClearCache");
        let id = bad.asked("ClearCache").await;
        bad.send(&accepted(&late)).await;
        bad.works().await;
        bad.send(&json!([3, id, { "status": "Rejected" }])).await;
        let answer = second.await.unwrap().ok();
        assert_eq!(answer["payload"]["status"], "Rejected", "{answer}");
        scene.finding("late_answer").await;
        scene.others_are_served().await;
    }
}

#[tokio::test]
async fn an_error_is_an_answer() {
    for version in BOTH {
        let scene = Scene::set(&[]).await;
        let mut bad = scene.bad(version).await;
        for (frame, code, description) in [
            (
                json!(["InternalError", "broken", { "a": 1 }]),
                "InternalError",
                "broken",
            ),
            // Without description and details, and with a code of its own (Q17, Q19).
            (json!(["NoSuchCode"]), "NoSuchCode", ""),
        ] {
            let command = scene.command("ClearCache");
            let id = bad.asked("ClearCache").await;
            let mut error = vec![json!(4), json!(id)];
            error.extend(frame.as_array().unwrap().clone());
            bad.send(&json!(error)).await;
            let answer = command.await.unwrap().ok();
            assert_eq!(
                (&answer["status"], &answer["code"]),
                (&json!("error"), &json!(code))
            );
            assert_eq!(answer["description"], description);
        }
        bad.works().await;
        scene.others_are_served().await;
    }
}

#[tokio::test]
async fn an_answer_with_a_wrong_id_answers_nothing() {
    for version in BOTH {
        let scene = Scene::set(&["--command-seconds", "3"]).await;
        let mut bad = scene.bad(version).await;
        let command = scene.command("ClearCache");
        let id = bad.asked("ClearCache").await;
        for wrong in ["", "1", &id[..id.len() - 1]] {
            bad.send(&accepted(wrong)).await;
        }
        bad.send(&json!([3, 7, { "status": "Accepted" }])).await;
        bad.works().await;
        scene.others_are_served().await;
        command.await.unwrap().problem(504, "station_no_answer");
        scene.finding("unknown_answer").await;
        bad.works().await;
    }
}

#[tokio::test]
async fn a_second_answer_changes_nothing() {
    for version in BOTH {
        let scene = Scene::set(&[]).await;
        let mut bad = scene.bad(version).await;
        for number in 0..3 {
            let command = scene.command("ClearCache");
            let id = bad.asked("ClearCache").await;
            let status = format!("Status{number}");
            bad.send(&json!([3, id, { "status": status }])).await;
            bad.send(&accepted(&id)).await;
            bad.send(&json!([4, id, "InternalError", "", {}])).await;
            let answer = command.await.unwrap().ok();
            assert_eq!(answer["payload"]["status"], status, "{answer}");
        }
        scene.finding("duplicate_answer").await;
        bad.works().await;
        scene.others_are_served().await;
    }
}

#[tokio::test]
async fn a_connection_that_breaks_in_the_middle_of_a_command_is_told() {
    for version in BOTH {
        let scene = Scene::set(&[]).await;
        let mut bad = scene.bad(version).await;
        let command = scene.command("ClearCache");
        let id = bad.asked("ClearCache").await;
        drop(bad);
        command
            .await
            .unwrap()
            .problem(504, "station_connection_lost");
        let mut again = scene.bad(version).await;
        // Its answer comes over the new connection, where nobody waits for it.
        again.send(&accepted(&id)).await;
        again.works().await;
        scene.finding("unknown_answer").await;
        scene.others_are_served().await;
    }
}

#[tokio::test]
async fn answers_that_cannot_be_read_are_no_answers() {
    for version in BOTH {
        let scene = Scene::set(&["--command-seconds", "20"]).await;
        let mut bad = scene.bad(version).await;
        for broken in [r#"[3,"ID",{"#, r#"[3,"ID"]"#, r#"[4,"ID",7,"",{}]"#] {
            let command = scene.command("ClearCache");
            let id = bad.asked("ClearCache").await;
            assert!(bad.try_send(broken.replace("ID", &id)).await);
            command.await.unwrap().problem(504, "station_no_answer");
        }
        scene.finding("unreadable_answer").await;
        bad.works().await;
        scene.others_are_served().await;
    }
}
