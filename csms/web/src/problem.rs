//! Errors as RFC 9457 problems.

use app::admin::OnceError;
use app::{ApiError, FieldError};
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use model::command::CommandError;
use serde::Serialize;
use utoipa::ToSchema;

/// The media type of a problem.
pub(crate) const PROBLEM_JSON: &str = "application/problem+json";

/// An error as it is answered.
#[derive(Debug, Clone)]
pub(crate) struct Problem(Box<ProblemBody>);

/// What went wrong (RFC 9457). `code` is stable; the words may change.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct ProblemBody {
    /// `urn:keywatt:problem:` and the code.
    #[serde(rename = "type")]
    #[schema(example = "urn:keywatt:problem:forbidden")]
    kind: String,
    /// In a few words.
    title: &'static str,
    /// The HTTP status.
    #[schema(example = 403)]
    status: u16,
    /// In plain words.
    detail: String,
    /// Stable, for programs.
    #[schema(example = "forbidden")]
    code: &'static str,
    /// The fields at fault.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Fault>,
    /// With 403: the action that is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    missing_action: Option<&'static str>,
    /// With 403: why the decision came out so, e.g. `NO_GRANT`.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    /// With 403: who can give it, names of at most five people.
    #[serde(skip_serializing_if = "Option::is_none")]
    who_can_give: Option<Vec<String>>,
    /// With 409 `confirmation_needed`: what to send as `Keywatt-Confirm` to go ahead.
    #[serde(skip_serializing_if = "Option::is_none")]
    confirmation: Option<Confirmation>,
    /// With 429 and 503: when to come back.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_seconds: Option<u64>,
}

/// A change that would refuse many, and how to go ahead with it.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct Confirmation {
    /// To be sent as the header `Keywatt-Confirm` with the same request.
    #[schema(example = "refuse 12 of 40")]
    phrase: String,
    /// People who would newly be refused where they come; where authority changes hands,
    /// credentials.
    would_refuse: usize,
    /// Those who may now and were seen in the last 30 days.
    of: usize,
    /// Of those who would be refused: the service that is to decide said nothing of them.
    #[serde(skip_serializing_if = "is_zero")]
    unanswered: usize,
}

// By reference, as serde calls it.
#[allow(clippy::trivially_copy_pass_by_ref)]
const fn is_zero(number: &usize) -> bool {
    *number == 0
}

/// A field at fault.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct Fault {
    /// As a path: `evses[0].number`.
    #[schema(example = "evses[0].number")]
    field: String,
    /// Stable, e.g. `required`, `too_long`, `unknown`.
    #[schema(example = "out_of_range")]
    code: &'static str,
    /// In plain words.
    message: String,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self(Box::new(ProblemBody {
            kind: format!("urn:keywatt:problem:{code}"),
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            detail: detail.into(),
            code,
            errors: Vec::new(),
            missing_action: None,
            reason: None,
            who_can_give: None,
            confirmation: None,
            retry_after_seconds: None,
        }))
    }

    pub(crate) fn status(&self) -> u16 {
        self.0.status
    }

    pub(crate) fn not_found() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "not_found",
            "there is no such thing, or not for you",
        )
    }

    pub(crate) fn unauthenticated() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "unauthenticated",
            "send a valid API key or session token as `Authorization: Bearer …`",
        )
    }

    pub(crate) fn invalid(errors: Vec<FieldError>) -> Self {
        let detail = match errors.as_slice() {
            [one] => format!("{}: {}", one.field, one.message),
            several => format!("{} fields are not valid", several.len()),
        };
        let errors = errors
            .into_iter()
            .map(
                |FieldError {
                     field,
                     code,
                     message,
                 }| Fault {
                    field,
                    code,
                    message,
                },
            )
            .collect();
        let mut problem = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", detail);
        problem.0.errors = errors;
        problem
    }

    pub(crate) fn field(field: &str, code: &'static str, message: impl Into<String>) -> Self {
        Self::invalid(vec![FieldError::new(field, code, message)])
    }

    fn retry_after(mut self, seconds: u64) -> Self {
        self.0.retry_after_seconds = Some(seconds);
        self
    }

    /// The body, for the memory of an answer.
    pub(crate) fn to_json(&self) -> String {
        serde_json::to_string(&self.0).unwrap_or_default()
    }
}

impl From<ApiError> for Problem {
    fn from(error: ApiError) -> Self {
        let detail = error.to_string();
        match error {
            ApiError::NotFound => Self::not_found(),
            ApiError::Forbidden {
                action,
                ask,
                reason,
            } => {
                let detail = if ask.is_empty() {
                    format!("{detail}: {}", reason.words())
                } else {
                    format!(
                        "{detail}: {}; {} can give it",
                        reason.words(),
                        ask.join(", ")
                    )
                };
                let mut problem = Self::new(StatusCode::FORBIDDEN, "forbidden", detail);
                problem.0.missing_action = Some(action.name());
                problem.0.reason = Some(reason.code());
                problem.0.who_can_give = Some(ask);
                problem
            }
            ApiError::Invalid(errors) => Self::invalid(errors),
            ApiError::Conflict {
                code:
                    code @ ("session_required" | "invitation_for_another" | "handover_for_another"),
                detail,
            } => Self::new(StatusCode::FORBIDDEN, code, detail),
            ApiError::Conflict { code, detail } => Self::new(StatusCode::CONFLICT, code, detail),
            ApiError::ConfirmationNeeded(impact) => {
                let phrase = impact.phrase();
                let detail = format!("{detail}; to go ahead, send `Keywatt-Confirm: {phrase}`");
                let mut problem = Self::new(StatusCode::CONFLICT, "confirmation_needed", detail);
                problem.0.confirmation = Some(Confirmation {
                    phrase,
                    would_refuse: impact.refused,
                    of: impact.may,
                    unanswered: impact.unanswered,
                });
                problem
            }
            ApiError::TooMany {
                retry_after_seconds,
            } => Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", detail)
                .retry_after(retry_after_seconds),
            ApiError::Unauthenticated => Self::unauthenticated(),
            ApiError::Station(error) => Self::from(error),
            ApiError::Unavailable => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail).retry_after(1)
            }
            ApiError::Internal => Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail),
        }
    }
}

impl From<CommandError> for Problem {
    fn from(error: CommandError) -> Self {
        let (status, code) = match &error {
            CommandError::Offline => (StatusCode::CONFLICT, "station_offline"),
            CommandError::Busy => (StatusCode::CONFLICT, "station_busy"),
            CommandError::NotAccepted => (StatusCode::CONFLICT, "station_not_accepted"),
            CommandError::NoAnswer => (StatusCode::GATEWAY_TIMEOUT, "station_no_answer"),
            CommandError::Lost => (StatusCode::GATEWAY_TIMEOUT, "station_connection_lost"),
            CommandError::UnknownAction { .. } => {
                (StatusCode::UNPROCESSABLE_ENTITY, "unknown_ocpp_action")
            }
            CommandError::InvalidPayload { .. } => {
                (StatusCode::UNPROCESSABLE_ENTITY, "invalid_ocpp_payload")
            }
        };
        Self::new(status, code, error.to_string())
    }
}

impl From<OnceError> for Problem {
    fn from(error: OnceError) -> Self {
        match error {
            OnceError::Reused => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "idempotency_key_reused",
                "this Idempotency-Key was used for another request",
            ),
            OnceError::InProgress => Self::new(
                StatusCode::CONFLICT,
                "idempotency_in_progress",
                "the first request with this Idempotency-Key is still on its way",
            )
            .retry_after(1),
            OnceError::Secret => Self::new(
                StatusCode::CONFLICT,
                "idempotency_replay_secret",
                "this request was carried out; its answer held a secret, which is shown once \
                 and kept nowhere",
            ),
            OnceError::Api(error) => error.into(),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status =
            StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, self.to_json()).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(
                WWW_AUTHENTICATE,
                HeaderValue::from_static("Bearer realm=\"keywatt\""),
            );
        }
        if let Some(seconds) = self.0.retry_after_seconds {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_the_action_and_who_can_give_it() {
        let problem = Problem::from(ApiError::Forbidden {
            action: model::Action::ManageAccess,
            ask: vec!["Ann".to_owned()],
            reason: model::Reason::NoGrant,
        });
        let body: serde_json::Value = serde_json::from_str(&problem.to_json()).unwrap();
        assert_eq!(body["status"], 403);
        assert_eq!(body["code"], "forbidden");
        assert_eq!(body["missing_action"], "manage_access");
        assert_eq!(body["who_can_give"][0], "Ann");
        assert_eq!(body["reason"], "NO_GRANT");
        assert_eq!(body["type"], "urn:keywatt:problem:forbidden");
    }

    #[test]
    fn every_failure_of_a_command_has_its_status() {
        for (error, status) in [
            (CommandError::Offline, 409),
            (CommandError::Busy, 409),
            (CommandError::NoAnswer, 504),
            (CommandError::Lost, 504),
            (CommandError::NotAccepted, 409),
            (
                CommandError::UnknownAction {
                    action: "X".into(),
                    version: "1.6",
                },
                422,
            ),
            (
                CommandError::InvalidPayload {
                    action: "X".into(),
                    problem: "x".into(),
                },
                422,
            ),
        ] {
            assert_eq!(Problem::from(error).status(), status);
        }
    }
}
