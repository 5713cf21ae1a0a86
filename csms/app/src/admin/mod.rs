//! The use cases of the admin API, one file per resource.
//!
//! Each begins with a permit for the node it happens on; lists show what the caller sees. Input
//! is checked here, whatever way it came in; `web` only gives it its form.

mod api_keys;
mod areas;
mod audit;
mod authority;
mod calendars;
mod cards_file;
mod chargers;
mod codes;
mod configuration;
mod credentials;
mod decisions;
mod doors;
mod emergencies;
mod enrolments;
mod erasure;
mod evses;
mod export;
mod fields;
mod findings;
mod flags;
mod grants;
mod guard;
mod handovers;
mod installations;
mod invitations;
mod joining;
mod leaving;
mod limits;
mod listing;
mod locks;
mod managed_elsewhere;
mod me;
mod organisations;
mod owner;
mod ownership;
mod partner_links;
mod partners;
mod partnerships;
mod people;
mod permits;
mod promises;
mod raw;
pub mod raw_permissions;
mod reports;
mod rules;
mod schedules;
mod sessions;
mod station_settings;
mod stations;
mod tags;
mod transactions;
mod unknown_cards;
mod what_if;
mod write;

use std::ops::Deref;
use std::sync::Arc;

use tokio::sync::RwLock;
use uuid::Uuid;

use crate::App;

pub use api_keys::{ApiKeyView, NewApiKey, NewKey};
pub use areas::{AreaPatch, AreaView, NewArea};
pub use audit::AuditEntry;
pub use authority::{AuthorityView, Shadow, WebhookSettings};
pub use calendars::{CalendarPatch, NewCalendar};
pub use cards_file::{
    Export, ImportCard, ImportLine, ImportPerson, ImportQuery, ImportReport, Numbers,
};
pub use chargers::{ChargerPatch, ChargerView, NewCharger};
pub use codes::{CodeMade, NewCode};
pub use configuration::ConfigurationView;
pub use credentials::{CredentialPatch, NewCredential};
pub use decisions::DecisionQuery;
pub use doors::{AccessPatch, DoorPatch, DoorView, NewDoor, RemoteOpen, sides};
pub use emergencies::{DoorModeView, EmergencyView, NewEmergency};
pub use enrolments::NewEnrolment;
pub use evses::NewEvse;
pub use export::{ExportQuery, LogExport};
pub use fields::{LabelsPatch, SuspensionPatch};
pub use flags::FlagQuery;
pub use grants::{GrantQuery, GrantView, NewGrant};
pub use guard::confirmed;
pub use handovers::{HandoverView, NewHandover};
pub use installations::{
    FlagsReset, InstallationPatch, InstallationView, NewInstallation, StopOnRevocation,
};
pub use invitations::{InvitationLink, InvitationView, NewInvitation};
pub use joining::{Joined, Registration};
pub use listing::{ListQuery, Listing};
pub use locks::{LockPatch, LockView, NewLock, UnlockConnector};
pub use me::{Me, Membership};
pub use organisations::{NewOrganisation, OrganisationPatch};
pub(crate) use owner::app_credential;
pub use owner::{NewOwner, OwnerMade};
pub use partner_links::{AskedView, Consent, MadePartnerLink, NewPartnerLink, PartnerLinkView};
pub use partners::{PartnerView, Verification};
pub use partnerships::{NewPartnership, PartnershipView};
pub use people::{AppCredential, NewPerson, PersonPatch};
pub use promises::{OfferView, Terms};
pub use schedules::{NewSchedule, SchedulePatch};
pub use sessions::{LoggedIn, Login};
pub use station_settings::SettingsPatch;
pub use stations::{Claim, ClaimKind, Detail, RefusedView, StationView, Telemetry};
pub use tags::{NewTag, Smart, TagPatch};
pub use transactions::TransactionQuery;
pub use what_if::{Between, Proposal, Trial, TrialResult};
pub use write::{Answer, Begun, Done, Kept, Once, OnceError, Write};

// What `web` shows of the engine and the database, which it does not know itself.
pub use authz::{ConsideredGrant, Explanation, GrantFinding, Outcome, StepFinding, StepLine};
pub use store::{DoorStateRow, StationReport, StoredSample};

/// The use cases of the admin API.
pub struct Admin {
    app: Arc<App>,
    /// Whoever adds below a node or gives a right shares it; whoever removes a node or takes a
    /// right away has it alone, so that what was looked at still holds at the commit.
    order: RwLock<()>,
    limits: limits::Limits,
    in_flight: write::InFlight,
}

impl std::fmt::Debug for Admin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Admin")
            .field("app", &self.app)
            .finish_non_exhaustive()
    }
}

impl Admin {
    /// Over the inside.
    #[must_use]
    pub fn new(app: Arc<App>) -> Self {
        Self {
            app,
            order: RwLock::new(()),
            limits: limits::Limits::default(),
            in_flight: write::InFlight::default(),
        }
    }
}

impl Deref for Admin {
    type Target = App;
    fn deref(&self) -> &App {
        &self.app
    }
}

/// A new id, in the order of time.
fn new_id<T: From<Uuid>>() -> T {
    T::from(Uuid::now_v7())
}
