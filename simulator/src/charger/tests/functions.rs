//! Firmware, logs, certificates, display, monitoring, reports, customer information.

use std::time::Duration;

use rpc::Version;
use serde_json::{Value, json};

use super::{charger, charger_with};
use crate::charger::Charger;
use crate::functions::Function;
use crate::scripted_csms::{LIMIT, ScriptedCsms};
use crate::token::Token;

/// The file that a good update is fetched from.
const FIRMWARE: &str = "https://files.example/keywatt-2.1.bin";

async fn quick(version: Version) -> (ScriptedCsms, Charger) {
    charger_with(version, |config| config.pace = Duration::from_millis(5)).await
}

/// The steps told, as soon as the last of them has come.
async fn steps(csms: &ScriptedCsms, action: &str, last: &str) -> Vec<String> {
    let read = |payloads: Vec<Value>| -> Vec<String> {
        payloads
            .iter()
            .map(|payload| payload["status"].as_str().unwrap().to_owned())
            .collect()
    };
    let mut count = 1;
    loop {
        let told = read(csms.wait_for(action, count).await);
        if told.iter().any(|status| status == last) {
            return told;
        }
        count = told.len() + 1;
    }
}

fn at() -> &'static str {
    "2026-01-01T00:00:00Z"
}

#[tokio::test]
async fn plain_firmware_of_1_6_goes_through_its_steps_and_boots_again() {
    let (csms, charger) = quick(Version::V16).await;
    let update = json!({ "location": FIRMWARE, "retrieveDate": at() });
    assert_eq!(csms.command("UpdateFirmware", update).await, json!({}));
    let told = steps(&csms, "FirmwareStatusNotification", "Installed").await;
    assert_eq!(
        told,
        ["Downloading", "Downloaded", "Installing", "Installed"]
    );
    let boot = csms.payloads("BootNotification").remove(0);
    assert_eq!(boot["firmwareVersion"], "keywatt-2.1");
    assert!(charger.connection().is_some());
}

#[tokio::test]
async fn signed_firmware_is_verified() {
    let key = rcgen::KeyPair::generate().unwrap();
    let params = rcgen::CertificateParams::new(vec!["maker.example".to_owned()]).unwrap();
    let certificate = params.self_signed(&key).unwrap().pem();
    for (version, action, notice) in [
        (
            Version::V16,
            "SignedUpdateFirmware",
            "SignedFirmwareStatusNotification",
        ),
        (
            Version::V201,
            "UpdateFirmware",
            "FirmwareStatusNotification",
        ),
    ] {
        let (csms, _charger) = quick(version).await;
        let update = |location: &str| {
            json!({ "requestId": 4, "firmware": {
                "location": location, "retrieveDateTime": at(),
                "signingCertificate": certificate, "signature": "c2lnbmVk",
            } })
        };
        let answer = csms.command(action, update(FIRMWARE)).await;
        assert_eq!(answer["status"], "Accepted");
        let told = steps(&csms, notice, "Installed").await;
        assert_eq!(
            told,
            [
                "Downloading",
                "Downloaded",
                "SignatureVerified",
                "Installing",
                "InstallRebooting",
                "Installed"
            ]
        );
        assert!(
            csms.payloads(notice)
                .iter()
                .all(|status| status["requestId"] == 4)
        );
        csms.forget();
        csms.command(action, update("https://files.example/forged.bin"))
            .await;
        let told = steps(&csms, notice, "InvalidSignature").await;
        assert_eq!(told, ["Downloading", "Downloaded", "InvalidSignature"]);
    }
}

#[tokio::test]
async fn a_newer_update_ends_an_older_one() {
    let (csms, _charger) = charger(Version::V201).await;
    let update = json!({ "requestId": 1, "firmware": {
        "location": FIRMWARE, "retrieveDateTime": "2099-01-01T00:00:00Z",
    } });
    let answer = csms.command("UpdateFirmware", update.clone()).await;
    assert_eq!(answer["status"], "Accepted");
    steps(&csms, "FirmwareStatusNotification", "DownloadScheduled").await;
    let answer = csms.command("UpdateFirmware", update).await;
    assert_eq!(answer["status"], "AcceptedCanceled");
}

#[tokio::test]
async fn logs_go_where_they_can() {
    for version in Version::ALL {
        let (csms, _charger) = quick(version).await;
        for (location, last) in [
            ("https://files.example/", "Uploaded"),
            ("https://files.example/denied/", "PermissionDenied"),
            ("carrier-pigeon:3", "NotSupportedOperation"),
        ] {
            csms.forget();
            let log = json!({
                "requestId": 3, "logType": "SecurityLog", "log": { "remoteLocation": location },
            });
            let answer = csms.command("GetLog", log).await;
            assert_eq!(answer["status"], "Accepted");
            assert_eq!(answer["filename"], "CP1-security.log");
            let told = steps(&csms, "LogStatusNotification", last).await;
            assert_eq!(told, ["Uploading", last]);
        }
    }
    let (csms, _charger) = quick(Version::V16).await;
    csms.command("GetDiagnostics", json!({ "location": "ftp://missing/" }))
        .await;
    let told = steps(&csms, "DiagnosticsStatusNotification", "UploadFailed").await;
    assert_eq!(told, ["Uploading", "UploadFailed"]);
}

#[tokio::test]
async fn firmware_is_published_and_taken_back() {
    let (csms, _charger) = quick(Version::V201).await;
    let publish = json!({ "requestId": 1, "location": FIRMWARE, "checksum": "abc" });
    csms.command("PublishFirmware", publish).await;
    let told = steps(&csms, "PublishFirmwareStatusNotification", "Published").await;
    assert_eq!(
        told,
        ["Downloading", "Downloaded", "ChecksumVerified", "Published"]
    );
    for status in ["Unpublished", "NoFirmware"] {
        // As soon as the download is over.
        let mut answer = json!({ "status": "DownloadOngoing" });
        while answer["status"] == "DownloadOngoing" {
            answer = csms
                .command("UnpublishFirmware", json!({ "checksum": "abc" }))
                .await;
        }
        assert_eq!(answer["status"], status);
    }
}

#[tokio::test]
async fn a_certificate_is_asked_for_signed_and_taken() {
    for version in Version::ALL {
        let (csms, charger) = charger(version).await;
        let answer = charger.sign_certificate().await.unwrap();
        assert_eq!(answer["status"], "Accepted");
        let csr = csms.payloads("SignCertificate").remove(0)["csr"].clone();
        assert!(csr.as_str().unwrap().contains("CERTIFICATE REQUEST"));
        // A certificate of another key is refused; the right one needs an authority to sign it.
        let key = rcgen::KeyPair::generate().unwrap();
        let params = rcgen::CertificateParams::new(vec!["CP1".to_owned()]).unwrap();
        let other = params.self_signed(&key).unwrap().pem();
        let signed = |pem: String| json!({ "certificateChain": pem });
        let answer = csms.command("CertificateSigned", signed(other)).await;
        assert_eq!(answer["status"], "Rejected");
        let request = rcgen::CertificateSigningRequestParams::from_pem(csr.as_str().unwrap());
        let issuer = rcgen::Issuer::from_params(&params, &key);
        let right = request.unwrap().signed_by(&issuer).unwrap().pem();
        let answer = csms.command("CertificateSigned", signed(right)).await;
        assert_eq!(answer["status"], "Accepted");
    }
}

#[tokio::test]
async fn root_certificates_are_installed_listed_and_deleted() {
    for (version, kind) in [
        (Version::V16, "CentralSystemRootCertificate"),
        (Version::V201, "CSMSRootCertificate"),
    ] {
        let (csms, charger) = charger(version).await;
        let key = rcgen::KeyPair::generate().unwrap();
        let params = rcgen::CertificateParams::new(vec!["root.example".to_owned()]).unwrap();
        let root = params.self_signed(&key).unwrap().pem();
        let install = json!({ "certificateType": kind, "certificate": root });
        let answer = csms.command("InstallCertificate", install).await;
        assert_eq!(answer["status"], "Accepted");
        assert_eq!(charger.certificates(), 1);
        let wanted = match version {
            Version::V16 => json!({ "certificateType": kind }),
            Version::V201 => json!({ "certificateType": [kind] }),
        };
        let list = csms.command("GetInstalledCertificateIds", wanted).await;
        let hash = match version {
            Version::V16 => &list["certificateHashData"][0],
            Version::V201 => &list["certificateHashDataChain"][0]["certificateHashData"],
        };
        for status in ["Accepted", "NotFound"] {
            let delete = json!({ "certificateHashData": hash });
            let answer = csms.command("DeleteCertificate", delete).await;
            assert_eq!(answer["status"], status);
        }
    }
}

#[tokio::test]
async fn messages_come_on_the_display_and_go() {
    let (csms, charger) = charger(Version::V201).await;
    let set = |id: i64, format: &str, transaction: Option<&str>| {
        let mut message = json!({
            "id": id, "priority": "NormalCycle",
            "message": { "format": format, "content": format!("number {id}") },
        });
        if let Some(transaction) = transaction {
            message["transactionId"] = transaction.into();
        }
        csms.command("SetDisplayMessage", json!({ "message": message }))
    };
    for id in 1..=6 {
        assert_eq!(set(id, "UTF8", None).await["status"], "Accepted");
    }
    assert_eq!(
        set(7, "HTML", None).await["status"],
        "NotSupportedMessageFormat"
    );
    assert_eq!(
        set(7, "UTF8", Some("x")).await["status"],
        "UnknownTransaction"
    );
    assert_eq!(charger.displayed().len(), 6);
    csms.command("GetDisplayMessages", json!({ "requestId": 2 }))
        .await;
    let told = csms.wait_for("NotifyDisplayMessages", 2).await;
    assert_eq!(told[0]["tbc"], true);
    assert_eq!(told[1]["messageInfo"].as_array().unwrap().len(), 2);
    for status in ["Accepted", "Unknown"] {
        let answer = csms
            .command("ClearDisplayMessage", json!({ "id": 1 }))
            .await;
        assert_eq!(answer["status"], status);
    }
}

#[tokio::test]
async fn monitors_are_set_told_and_notice_changes() {
    let (csms, _charger) = charger(Version::V201).await;
    let interval = json!({
        "component": { "name": "OCPPCommCtrlr" }, "variable": { "name": "HeartbeatInterval" },
    });
    let monitor = |kind: &str, value: f64| {
        let mut item = interval.clone();
        item["type"] = kind.into();
        item["value"] = value.into();
        item["severity"] = json!(4);
        json!({ "setMonitoringData": [item] })
    };
    let answer = csms
        .command("SetVariableMonitoring", monitor("UpperThreshold", 500.0))
        .await;
    let result = &answer["setMonitoringResult"][0];
    assert_eq!(result["status"], "Accepted");
    let id = result["id"].as_i64().unwrap();
    let twice = csms
        .command("SetVariableMonitoring", monitor("UpperThreshold", 600.0))
        .await;
    assert_eq!(twice["setMonitoringResult"][0]["status"], "Duplicate");
    let change = |value: &str| {
        let mut item = interval.clone();
        item["attributeValue"] = value.into();
        json!({ "setVariableData": [item] })
    };
    csms.command("SetVariables", change("900")).await;
    let event = csms.wait_for("NotifyEvent", 1).await.remove(0);
    let data = &event["eventData"][0];
    assert_eq!(data["actualValue"], "900");
    assert_eq!(data["variableMonitoringId"], id);
    csms.command("SetVariables", change("100")).await;
    let events = csms.wait_for("NotifyEvent", 2).await;
    assert_eq!(events[1]["eventData"][0]["cleared"], true);
    csms.command("GetMonitoringReport", json!({ "requestId": 8 }))
        .await;
    let report = csms.wait_for("NotifyMonitoringReport", 1).await.remove(0);
    assert_eq!(report["monitor"][0]["variableMonitoring"][0]["id"], id);
    let clear = csms
        .command("ClearVariableMonitoring", json!({ "id": [id, 99] }))
        .await;
    assert_eq!(clear["clearMonitoringResult"][0]["status"], "Accepted");
    assert_eq!(clear["clearMonitoringResult"][1]["status"], "NotFound");
}

#[tokio::test]
async fn reports_are_whole_or_of_what_was_asked_for() {
    let (csms, _charger) = charger(Version::V201).await;
    let base = json!({ "requestId": 1, "reportBase": "FullInventory" });
    csms.command("GetBaseReport", base).await;
    let mut seen = 0;
    loop {
        let parts = csms.wait_for("NotifyReport", seen + 1).await;
        seen = parts.len();
        if parts.iter().any(|part| part["tbc"] == false) {
            let numbers: Vec<i64> = parts
                .iter()
                .map(|part| part["seqNo"].as_i64().unwrap())
                .collect();
            assert!(numbers.len() > 1);
            assert!(numbers.is_sorted());
            break;
        }
    }
    csms.forget();
    let one = json!({ "requestId": 2, "componentVariable": [
        { "component": { "name": "AuthCtrlr" }, "variable": { "name": "Enabled" } },
    ] });
    csms.command("GetReport", one).await;
    let report = csms.wait_for("NotifyReport", 1).await.remove(0);
    assert_eq!(report["reportData"].as_array().unwrap().len(), 1);
    let none = json!({ "requestId": 3, "componentVariable": [
        { "component": { "name": "CoffeeMachine" } },
    ] });
    assert_eq!(
        csms.command("GetReport", none).await["status"],
        "EmptyResultSet"
    );
}

#[tokio::test]
async fn what_is_known_about_a_customer_is_told_and_forgotten() {
    let (csms, charger) = charger(Version::V201).await;
    let token = Token::card("04A1B2C3");
    charger.authorize(&token).await.unwrap();
    assert_eq!(charger.cached_tokens(), 1);
    let ask = |clear: bool| {
        json!({
            "requestId": 1, "report": true, "clear": clear,
            "idToken": { "idToken": "04A1B2C3", "type": "ISO14443" },
        })
    };
    csms.command("CustomerInformation", ask(true)).await;
    let told = csms.wait_for("NotifyCustomerInformation", 1).await;
    let data = told[0]["data"].as_str().unwrap();
    assert!(data.contains("cache"), "{data}");
    assert!(!data.contains("04A1B2C3"), "a token is never told: {data}");
    assert_eq!(charger.cached_tokens(), 0);
    let nobody = json!({ "requestId": 1, "report": true, "clear": false });
    assert_eq!(
        csms.command("CustomerInformation", nobody).await["status"],
        "Invalid"
    );
}

#[tokio::test]
async fn running_cost_comes_on_the_display_and_transactions_are_told() {
    let (csms, charger) = charger(Version::V201).await;
    let start = charger
        .start_transaction(1, &Token::card("04A1"))
        .await
        .unwrap();
    let name = start.transaction.unwrap();
    let cost = json!({ "totalCost": 2.5, "transactionId": name });
    assert_eq!(csms.command("CostUpdated", cost).await, json!({}));
    assert_eq!(charger.view(1).unwrap().display, "cost so far 2.50");
    let status = csms
        .command("GetTransactionStatus", json!({ "transactionId": name }))
        .await;
    assert_eq!(
        status,
        json!({ "ongoingIndicator": true, "messagesInQueue": false })
    );
}

#[tokio::test]
async fn a_station_says_honestly_what_it_lacks() {
    for version in Version::ALL {
        let (csms, charger) = charger_with(version, |config| {
            config.without = vec![Function::Reservation, Function::LocalList];
        })
        .await;
        let cancel = json!({ "reservationId": 1 });
        let answer = csms.command("CancelReservation", cancel).await;
        assert_eq!(answer["error"], "NotSupported");
        let (list, refusal) = match version {
            Version::V16 => (
                json!({ "listVersion": 1, "updateType": "Full" }),
                "NotSupported",
            ),
            Version::V201 => (
                json!({ "versionNumber": 1, "updateType": "Full" }),
                "Failed",
            ),
        };
        let answer = csms.command("SendLocalList", list).await;
        assert_eq!(answer["status"], refusal);
        drop(charger);
    }
    let (csms, _charger) = charger_with(Version::V16, |config| {
        config.without = vec![Function::Reservation];
    })
    .await;
    let key = json!({ "key": ["SupportedFeatureProfiles"] });
    let answer = csms.command("GetConfiguration", key).await;
    let profiles = answer["configurationKey"][0]["value"].as_str().unwrap();
    assert!(!profiles.contains("Reservation"), "{profiles}");
}

#[tokio::test]
async fn what_is_triggered_is_told() {
    for (version, action, wanted, told) in [
        (
            Version::V16,
            "TriggerMessage",
            "FirmwareStatusNotification",
            "FirmwareStatusNotification",
        ),
        (
            Version::V16,
            "TriggerMessage",
            "DiagnosticsStatusNotification",
            "DiagnosticsStatusNotification",
        ),
        (
            Version::V16,
            "ExtendedTriggerMessage",
            "SignChargePointCertificate",
            "SignCertificate",
        ),
        (
            Version::V201,
            "TriggerMessage",
            "LogStatusNotification",
            "LogStatusNotification",
        ),
        (
            Version::V201,
            "TriggerMessage",
            "SignChargingStationCertificate",
            "SignCertificate",
        ),
        (
            Version::V201,
            "TriggerMessage",
            "PublishFirmwareStatusNotification",
            "PublishFirmwareStatusNotification",
        ),
    ] {
        let (csms, charger) = charger(version).await;
        let answer = csms
            .command(action, json!({ "requestedMessage": wanted }))
            .await;
        assert_eq!(answer["status"], "Accepted", "{wanted}");
        csms.wait_for(told, 1).await;
        charger
            .wait_until(LIMIT, |charger| charger.connection().is_some())
            .await
            .unwrap();
    }
}
