//! What happens, as it happens: Server-Sent Events.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use app::Caller;
use app::events::{Event, Gap};
use axum::extract::State;
use axum::response::Sse;
use axum::response::sse::{Event as Line, KeepAlive};
use futures_util::{Stream, StreamExt, stream};
use http::HeaderMap;
use model::Action;
use serde_json::{Value, json};
use tokio_stream::wrappers::BroadcastStream;
use tokio_stream::wrappers::errors::BroadcastStreamRecvError;

use crate::auth::Auth;
use crate::problem::Problem;
use crate::state::Api;

/// How often an idle stream shows that it lives.
const ALIVE: Duration = Duration::from_secs(15);
/// How often it is looked whether the caller still is one.
const STILL_VALID: Duration = Duration::from_secs(30);

/// Watch what happens
///
/// Server-Sent Events: those of nodes where the caller holds `view_all`, and those that concern
/// them; `station.finding` needs `service`, `handshake.refused` `manage_security`. Resumable with `Last-Event-ID`; `event: gap` says that some were lost in between. Ends
/// when the API key or session does.
#[utoipa::path(
    get, path = "/v1/events", operation_id = "watch_events", tag = "events",
    params(("Last-Event-ID" = Option<String>, Header, description = "The last event seen")),
    responses((status = 200, description = "The stream", content_type = "text/event-stream",
        body = String)),
)]
pub(crate) async fn watch(
    State(api): State<Api>,
    Auth(caller): Auth,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Line, Infallible>>>, Problem> {
    let last = headers
        .get("last-event-id")
        .and_then(|value| value.to_str().ok());
    let subscription = api.events.subscribe_from(last);
    let gap = match subscription.gap {
        Gap::None => None,
        Gap::Lost => Some(gap_line()),
    };
    let shows = {
        let (api, caller) = (api.clone(), caller.clone());
        move |event: &Event| shows(&api, &caller, event)
    };
    let missed: Vec<Line> = subscription
        .missed
        .iter()
        .filter(|event| shows(event))
        .map(line)
        .collect();
    let live = BroadcastStream::new(subscription.live).filter_map(move |next| {
        let line = match next {
            Ok(event) => shows(&event).then(|| line(&event)),
            // The watcher was too slow.
            Err(BroadcastStreamRecvError::Lagged(_)) => Some(gap_line()),
        };
        async move { line }
    });
    let lines = stream::iter(gap).chain(stream::iter(missed)).chain(live);
    let lines = lines.take_until(until_invalid(api, caller)).map(Ok);
    Ok(Sse::new(lines).keep_alive(KeepAlive::new().interval(ALIVE)))
}

/// Returns when the key or session is no longer good, or the server is going away.
async fn until_invalid(api: Api, caller: Caller) {
    loop {
        tokio::select! {
            () = api.closing() => return,
            () = tokio::time::sleep(STILL_VALID) => {}
        }
        if !api.still_valid(&caller).await {
            return;
        }
    }
}

fn shows(api: &Api, caller: &Caller, event: &Event) -> bool {
    let own = event.person.is_some() && api.pep.person_of(caller, event.node) == event.person;
    api.pep.holds(caller, event.needs, event.node)
        || (own && api.pep.holds(caller, Action::ViewOwn, event.node))
}

fn line(event: &Arc<Event>) -> Line {
    let body: Value = json!({
        "at": event.at,
        "kind": event.kind,
        "node_id": event.node,
        "person_id": event.person,
        "data": event.data.json(),
    });
    Line::default()
        .id(event.id())
        .event(event.kind)
        .data(body.to_string())
}

fn gap_line() -> Line {
    Line::default().event("gap").data("{}")
}
