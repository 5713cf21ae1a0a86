//! On which occasion a station is told a status: some statuses mean something on one only.

/// The message that is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Occasion {
    /// Authorize, `Door.Authorize`.
    Authorize,
    /// 1.6 StartTransaction, 2.0.1 TransactionEvent Started.
    Start,
    /// 2.0.1 TransactionEvent Updated.
    Update,
    /// 1.6 StopTransaction, 2.0.1 TransactionEvent Ended.
    Stop,
}

impl Occasion {
    /// Every occasion.
    pub const ALL: [Occasion; 4] = [
        Occasion::Authorize,
        Occasion::Start,
        Occasion::Update,
        Occasion::Stop,
    ];
}

impl From<model::Phase> for Occasion {
    fn from(phase: model::Phase) -> Self {
        match phase {
            model::Phase::Started => Occasion::Start,
            model::Phase::Updated => Occasion::Update,
            model::Phase::Ended => Occasion::Stop,
        }
    }
}
