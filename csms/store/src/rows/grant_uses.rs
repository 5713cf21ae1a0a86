//! What was taken of limited grants: no use is given twice, on one node or on many.

use jiff::Timestamp;
use model::{GrantId, Limits, PersonId, Receipt, UseId};

use super::queries;
use crate::arg::args;
use crate::link::{Columns, Record};
use crate::sql::statements;
use crate::{StoreError, Tx};

statements! {
    TAKE_USE = "INSERT INTO grant_uses (id, grant_id, person_id, running, minutes, wh, taken_at) \
        VALUES ($1, $2, $3, $4, 0, 0, $5) ON CONFLICT (id) DO NOTHING";
    USE = "SELECT id, grant_id, person_id, running FROM grant_uses WHERE id = $1";
    DROP_USE = "DELETE FROM grant_uses WHERE id = $1";
    BEGIN_TOTAL = "INSERT INTO grant_totals (grant_id, person_id, uses, minutes, wh, running) \
        VALUES ($1, $2, 0, 0, 0, 0) ON CONFLICT (grant_id, person_id) DO NOTHING";
    TAKE_TOTAL = "UPDATE grant_totals SET uses = uses + 1, running = running + $3 \
        WHERE grant_id = $1 AND person_id = $2 AND uses < $4 AND minutes < $5 AND wh < $6 \
        AND ($3 = 0 OR running = 0)";
    OVERDRAW_TOTAL = "UPDATE grant_totals SET uses = uses + 1, running = running + $3 \
        WHERE grant_id = $1 AND person_id = $2";
    GIVE_BACK_TOTAL = "UPDATE grant_totals SET uses = uses - 1, running = running - $3 \
        WHERE grant_id = $1 AND person_id = $2";
    SETTLE_USE = "UPDATE grant_uses SET running = FALSE, minutes = $2, wh = $3, settled_at = $4 \
        WHERE id = $1 AND running";
    SETTLE_TOTAL = "UPDATE grant_totals SET running = running - 1, minutes = minutes + $3, \
        wh = wh + $4 WHERE grant_id = $1 AND person_id = $2";
    TOTAL = "SELECT grant_id, person_id, uses, minutes, wh, running FROM grant_totals \
        WHERE grant_id = $1 AND person_id = $2";
    TOTALS = "SELECT grant_id, person_id, uses, minutes, wh, running FROM grant_totals \
        WHERE uses > 0";
    RUNNING_USES = "SELECT id, grant_id, person_id, running FROM grant_uses WHERE running";
}

queries! {
    /// A use that was taken.
    get_use(of: UseId) -> Option<TakenUse> = USE [of.0];
    /// The uses whose end is not known yet.
    running_uses() -> Vec<TakenUse> = RUNNING_USES [];
    /// What a person has used of a limited grant.
    get_total(grant: GrantId, person: PersonId) -> Option<GrantTotal> = TOTAL [grant, person];
    /// What was used of every limited grant.
    all_totals() -> Vec<GrantTotal> = TOTALS [];
}

/// A use that was taken of a limited grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TakenUse {
    /// What it is known by.
    pub of: UseId,
    /// Of which grant.
    pub grant: GrantId,
    /// Whose share.
    pub person: PersonId,
    /// How much it takes is not known yet.
    pub running: bool,
}

/// What a person has used of a limited grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GrantTotal {
    /// Which grant.
    pub grant: GrantId,
    /// Who.
    pub person: PersonId,
    /// Transactions begun and doors opened.
    pub uses: u32,
    /// Minutes of ended transactions.
    pub minutes: u32,
    /// Energy of ended transactions, Wh.
    pub wh: i64,
    /// Transactions that run.
    pub running: u32,
}

/// How long a use lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lasting {
    /// A door opens: it is over at once.
    Moment,
    /// A transaction: what it takes in minutes and energy is known at its end.
    Transaction,
}

/// Whether a limit holds a use back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strictness {
    /// Nothing left, nothing taken.
    Within,
    /// It has happened already: taken whatever is left.
    Overdraw,
}

impl Tx {
    /// Takes one use of a limited grant. `None`: nothing is left. A use that was taken before gives
    /// its receipt again and takes nothing.
    ///
    /// # Errors
    /// [`StoreError`].
    #[expect(clippy::too_many_arguments, reason = "what a use is, all of it needed")]
    pub async fn take_use(
        &mut self,
        of: UseId,
        grant: GrantId,
        person: PersonId,
        limits: Limits,
        lasting: Lasting,
        strictness: Strictness,
        at: Timestamp,
    ) -> Result<Option<Receipt>, StoreError> {
        let running = lasting == Lasting::Transaction && limits.are_measured();
        let fresh = self
            .touched(TAKE_USE, args![of.0, grant, person, running, at])
            .await?;
        if !fresh {
            let before = self.get_use(of).await?;
            let same = before.is_some_and(|it| it.grant == grant && it.person == person);
            return Ok(same.then(|| receipt(grant, person, of)));
        }
        self.run(BEGIN_TOTAL, args![grant, person]).await?;
        let running = i64::from(running);
        let taken = match strictness {
            Strictness::Within => {
                let most = |limit: Option<i64>| limit.unwrap_or(i64::MAX);
                let uses = most(limits.uses.map(i64::from));
                let minutes = most(limits.minutes.map(i64::from));
                let wh = most(limits.wh.map(|wh| i64::try_from(wh).unwrap_or(i64::MAX)));
                let args = args![grant, person, running, uses, minutes, wh];
                self.touched(TAKE_TOTAL, args).await?
            }
            Strictness::Overdraw => {
                self.touched(OVERDRAW_TOTAL, args![grant, person, running])
                    .await?
            }
        };
        if taken {
            return Ok(Some(receipt(grant, person, of)));
        }
        self.run(DROP_USE, args![of.0]).await?;
        Ok(None)
    }

    /// Gives a use back that did not begin after all. `false`: it was not taken.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn give_back_use(&mut self, of: UseId) -> Result<bool, StoreError> {
        let Some(it) = self.get_use(of).await? else {
            return Ok(false);
        };
        self.run(DROP_USE, args![of.0]).await?;
        let running = i64::from(it.running);
        self.touched(GIVE_BACK_TOTAL, args![it.grant, it.person, running])
            .await
    }

    /// A transaction ended: what its use took. `false`: it took nothing, or was settled already.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn settle_use(
        &mut self,
        of: UseId,
        minutes: u32,
        wh: i64,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let Some(it) = self.get_use(of).await? else {
            return Ok(false);
        };
        if !self
            .touched(SETTLE_USE, args![of.0, minutes, wh, at])
            .await?
        {
            return Ok(false);
        }
        self.touched(SETTLE_TOTAL, args![it.grant, it.person, minutes, wh])
            .await
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place where uses are taken"
)]
fn receipt(grant: GrantId, person: PersonId, of: UseId) -> Receipt {
    Receipt::of_taken(grant, person, of)
}

impl Record for TakenUse {
    fn record(columns: &mut Columns<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            of: UseId(columns.take()?),
            grant: columns.take()?,
            person: columns.take()?,
            running: columns.take()?,
        })
    }
}

impl Record for GrantTotal {
    fn record(columns: &mut Columns<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            grant: columns.take()?,
            person: columns.take()?,
            uses: columns.take()?,
            minutes: columns.take()?,
            wh: columns.take()?,
            running: columns.take()?,
        })
    }
}
