//! `keywatt audit verify`: whether the logs are as they were written.

use anyhow::Context;
use store::{AuditReader, AuditReport};

use crate::cli::AuditVerifyArgs;
use crate::config::Config;
use crate::{FAILED, OK, logging, pepper, print_line};

/// Looks at every chain, prints what it found, and exits with 1 if anything is not as it was
/// written.
pub(crate) async fn verify(args: AuditVerifyArgs) -> anyhow::Result<u8> {
    let config = Config::for_database(args.database)?;
    logging::init(&Config {
        log: "warn".to_owned(),
        ..config.clone()
    });
    let pepper = pepper::read(&config.pepper_file)?;
    let key = app::secret::audit_key(&pepper);
    let reader = AuditReader::open(&config.database)?;
    let report = reader
        .verify(&key, args.organisation)
        .await
        .context("the logs cannot be read; `keywatt migrate` brings an older database up to date");
    reader.close().await;
    let report = report?;
    for finding in &report.findings {
        print_line(&finding.to_string());
    }
    for line in summary(&report) {
        print_line(&line);
    }
    Ok(if report.is_whole() { OK } else { FAILED })
}

fn summary(report: &AuditReport) -> Vec<String> {
    let AuditReport {
        segments,
        rows,
        checkpoints,
        checkpoint_rows,
        erased_rows,
        erased_names,
        unchained,
        found,
        ..
    } = report;
    let mut lines = vec![format!("looked at {rows} rows in {segments} segments")];
    if *checkpoints > 0 {
        lines.push(format!(
            "{checkpoint_rows} rows in {checkpoints} segments were deleted by retention; their \
             checkpoints are there"
        ));
    }
    if *erased_names > 0 {
        lines.push(format!(
            "{erased_names} pseudonyms are of people who were erased, and {erased_rows} changes \
             showed them"
        ));
    }
    if *unchained > 0 {
        lines.push(format!(
            "{unchained} rows are from before the logs were chained, and cannot be looked at"
        ));
    }
    lines.push(match found {
        0 => "everything is as it was written".to_owned(),
        1 => "1 thing is not as it was written".to_owned(),
        found => format!("{found} things are not as they were written"),
    });
    lines
}
