//! Meter values: recorded once, however often they are sent.

use model::neutral::{MeterReport, StationReply};
use model::{MeterSample, TransactionRef};
use sha2::{Digest, Sha256};
use store::Droppable;

use super::{Connection, StationFailure};
use crate::App;
use crate::secret::hex;

/// Samples with their natural keys: everything that was sent, hashed. The transaction as the
/// station names it is part of it: a charger without a clock says the same of the next one.
pub(super) fn keyed(
    samples: impl Iterator<Item = MeterSample>,
    evse: Option<u32>,
    transaction: Option<&TransactionRef>,
) -> Vec<(String, MeterSample, Option<u32>)> {
    let transaction = match transaction {
        Some(TransactionRef::Number(number)) => Some(number.to_string()),
        Some(TransactionRef::Text(name)) => Some(name.clone()),
        Some(TransactionRef::New) | None => None,
    };
    samples
        .map(|sample| {
            let mut hash = Sha256::new();
            let number = evse.map(|evse| evse.to_string());
            let parts = [
                number.as_deref(),
                Some(sample.at.text.as_str()),
                Some(sample.value.as_str()),
                Some(sample.measurand.as_str()),
                sample.unit.as_deref(),
                sample.context.as_deref(),
                sample.phase.as_deref(),
                sample.location.as_deref(),
                sample.signed.as_deref(),
                transaction.as_deref(),
            ];
            for part in parts {
                let text = part.unwrap_or("");
                hash.update(u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
                hash.update(text);
            }
            let digest = hash.finalize();
            (hex(digest.get(..16).unwrap_or(&digest)), sample, evse)
        })
        .collect()
}

impl App {
    /// Values of a transaction wait for the commit: the station forgets them once answered.
    /// Others may be dropped when there are too many.
    pub(super) async fn meter_report(
        &self,
        connection: &Connection,
        report: MeterReport,
    ) -> Result<StationReply, StationFailure> {
        let now = self.clock.now();
        let station = connection.station.key.clone();
        let in_transaction =
            report.transaction.is_some() || self.charges_at(connection, report.evse);
        let samples = keyed(
            report.samples.into_iter(),
            Some(report.evse),
            report.transaction.as_ref(),
        );
        if samples.is_empty() {
            return Ok(StationReply::Received);
        }
        if !in_transaction {
            self.store.offer(Droppable::Samples {
                station,
                received_at: now,
                samples,
            });
            return Ok(StationReply::Received);
        }
        let evse = report.evse;
        let reference = report.transaction;
        let energy = samples
            .iter()
            .rev()
            .find_map(|(_, sample, _)| sample.energy_wh);
        let metered = self
            .store
            .write(self.settings.hold, move |tx| {
                let (station, reference, samples) =
                    (station.clone(), reference.clone(), samples.clone());
                Box::pin(async move {
                    let named = match &reference {
                        Some(TransactionRef::Number(number)) => {
                            tx.find_transaction_by_number(&station, *number).await?
                        }
                        Some(TransactionRef::Text(name)) => {
                            tx.find_transaction_by_name(&station, name).await?
                        }
                        Some(TransactionRef::New) | None => None,
                    };
                    let transaction = match named {
                        Some(named) => Some(named),
                        // Q29: no number, 0 or a wrong one: by EVSE, if that is unambiguous.
                        None => {
                            let mut here = tx
                                .open_of_station(&station)
                                .await?
                                .into_iter()
                                .filter(|open| open.evse_number == Some(evse));
                            let only = here.next();
                            only.filter(|_| here.next().is_none())
                        }
                    };
                    let id = transaction.as_ref().map(|transaction| transaction.id);
                    tx.insert_samples(&station, id, &samples, now).await?;
                    let Some(mut transaction) = transaction else {
                        return Ok(None);
                    };
                    if transaction.ended_at.is_none()
                        && let (Some(start), Some(register)) = (transaction.meter_start_wh, energy)
                        && register >= start
                        && transaction.energy_wh < Some(register - start)
                    {
                        transaction.energy_wh = Some(register - start);
                        tx.update_transaction(&transaction).await?;
                    }
                    Ok(Some(transaction))
                })
            })
            .await
            .map_err(|error| {
                tracing::error!(%error, station.id = %connection.station.key, "not recorded");
                StationFailure::NotRecorded
            })?;
        if let Some(transaction) = metered {
            self.metered(&transaction).await;
        }
        Ok(StationReply::Received)
    }

    /// Whether a transaction is in progress at the charger: then values without its number are
    /// most likely its own.
    fn charges_at(&self, connection: &Connection, evse: u32) -> bool {
        evse > 0
            && super::transaction::charger_of(connection).is_some_and(|charger| {
                self.pep
                    .usage(|usage| usage.at_charger(charger).next().is_some())
            })
    }
}
