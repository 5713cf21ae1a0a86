//! Writes: from a request to what a use case takes, and from what became of it to an answer.

use app::Caller;
use app::admin::{Answer, Begun, Done, Kept, Once, Write};
use axum::body::Bytes;
use axum::extract::{FromRequest, OriginalUri, Request};
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{HeaderValue, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::auth::{authenticate, bad_header};
use crate::body::{parse, read, read_csv};
use crate::problem::Problem;
use crate::state::Api;

/// A write: who asks, for what, and under which Idempotency-Key.
pub(crate) struct Ask<B> {
    pub(crate) caller: Caller,
    pub(crate) once: Option<Once>,
    pub(crate) body: B,
}

impl<B> Ask<B> {
    /// What the use case needs, to answer with `D`.
    pub(crate) fn write<D, T>(self, status: StatusCode) -> (Write<T>, B)
    where
        D: for<'a> From<&'a T> + Serialize,
    {
        self.into_write(Answer {
            status: status.as_u16(),
            show: show::<D, T>,
            kept: Kept::Body,
        })
    }

    /// The same for an answer with a secret in it, which is not kept.
    pub(crate) fn write_secret<D, T>(self) -> (Write<T>, B)
    where
        D: for<'a> From<&'a T> + Serialize,
    {
        let status = StatusCode::CREATED.as_u16();
        self.into_write(Answer {
            status,
            show: show::<D, T>,
            kept: Kept::Nothing,
        })
    }

    /// The same for an answer that has a body where there is something to show.
    pub(crate) fn write_if_any<D, T>(self) -> (Write<Option<T>>, B)
    where
        D: for<'a> From<&'a T> + Serialize,
    {
        let status = StatusCode::NO_CONTENT.as_u16();
        self.into_write(Answer {
            status,
            show: |value: &Option<T>| value.as_ref().map_or_else(String::new, show::<D, T>),
            kept: Kept::Body,
        })
    }

    /// The same for an answer without a body.
    pub(crate) fn write_nothing(self) -> (Write<()>, B) {
        let status = StatusCode::NO_CONTENT.as_u16();
        self.into_write(Answer {
            status,
            show: |()| String::new(),
            kept: Kept::Body,
        })
    }

    fn into_write<T>(self, answer: Answer<T>) -> (Write<T>, B) {
        let Self { caller, once, body } = self;
        (
            Write {
                caller,
                once,
                answer,
            },
            body,
        )
    }
}

fn show<D, T>(value: &T) -> String
where
    D: for<'a> From<&'a T> + Serialize,
{
    serde_json::to_string(&D::from(value)).unwrap_or_else(|error| {
        tracing::error!(%error, "an answer could not be written");
        String::new()
    })
}

impl<B: DeserializeOwned> FromRequest<Api> for Ask<B> {
    type Rejection = Response;

    async fn from_request(request: Request, api: &Api) -> Result<Self, Response> {
        let (parts, body) = request.into_parts();
        let caller = authenticate(&parts, api)
            .await
            .map_err(IntoResponse::into_response)?;
        let bytes = read(&parts.headers, body)
            .await
            .map_err(IntoResponse::into_response)?;
        let once = begin_new(&parts, api, &caller, &bytes)
            .await
            .map_err(|answer| *answer)?;
        let body = parse(&parts.headers, &bytes).map_err(IntoResponse::into_response)?;
        Ok(Self { caller, once, body })
    }
}

/// A write with a list in CSV as its body.
pub(crate) struct AskFile(pub(crate) Ask<Bytes>);

impl FromRequest<Api> for AskFile {
    type Rejection = Response;

    async fn from_request(request: Request, api: &Api) -> Result<Self, Response> {
        let (parts, body) = request.into_parts();
        let caller = authenticate(&parts, api)
            .await
            .map_err(IntoResponse::into_response)?;
        let body = read_csv(&parts.headers, body)
            .await
            .map_err(IntoResponse::into_response)?;
        let once = begin_new(&parts, api, &caller, &body)
            .await
            .map_err(|answer| *answer)?;
        Ok(Self(Ask { caller, once, body }))
    }
}

/// Begins a request with its key, if it has one; one that was answered already is answered so.
async fn begin_new(
    parts: &Parts,
    api: &Api,
    caller: &Caller,
    body: &Bytes,
) -> Result<Option<Once>, Box<Response>> {
    match begin(parts, api, caller, body).await {
        Ok(None) => Ok(None),
        Ok(Some(Begun::New(once))) => Ok(Some(once)),
        Ok(Some(Begun::Answered(done))) => {
            let mut response = Written(done).into_response();
            let replayed = HeaderValue::from_static("true");
            response
                .headers_mut()
                .insert("keywatt-idempotent-replay", replayed);
            Err(Box::new(response))
        }
        Err(problem) => Err(Box::new(problem.into_response())),
    }
}

async fn begin(
    parts: &Parts,
    api: &Api,
    caller: &Caller,
    body: &Bytes,
) -> Result<Option<Begun>, Problem> {
    let Some(key) = parts.headers.get("idempotency-key") else {
        return Ok(None);
    };
    let key = key
        .to_str()
        .ok()
        .map(str::trim)
        .filter(|key| (1..=255).contains(&key.len()))
        .ok_or_else(|| bad_header("Idempotency-Key", "1 to 255 printable ASCII characters"))?;
    let path = parts
        .extensions
        .get::<OriginalUri>()
        .map_or_else(|| parts.uri.to_string(), |uri| uri.0.to_string());
    let request = [parts.method.as_str().as_bytes(), path.as_bytes(), body];
    Ok(Some(api.begin_once(caller.proof, key, &request).await?))
}

/// The answer to a write.
pub(crate) struct Written(pub(crate) Done);

impl IntoResponse for Written {
    fn into_response(self) -> Response {
        let Done {
            status,
            body,
            revision,
        } = self.0;
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = if body.is_empty() {
            status.into_response()
        } else {
            let kind = if status.is_success() {
                "application/json"
            } else {
                crate::problem::PROBLEM_JSON
            };
            (status, [(CONTENT_TYPE, kind)], body).into_response()
        };
        if let Some(revision) = revision {
            response
                .headers_mut()
                .insert("keywatt-revision", HeaderValue::from(revision.0));
        }
        response
    }
}
