//! Query strings, path ids, and lists in pieces.

use app::admin::{ListQuery, Listing};
use axum::extract::{FromRequestParts, Path, Query};
use http::StatusCode;
use http::request::Parts;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::problem::Problem;
use crate::state::Api;

/// A query string; what it cannot be is a problem.
pub(crate) struct Params<Q>(pub(crate) Q);

impl<Q: DeserializeOwned> FromRequestParts<Api> for Params<Q> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Api) -> Result<Self, Problem> {
        Query::try_from_uri(&parts.uri)
            .map(|Query(query)| Self(query))
            .map_err(|rejection| {
                let text = rejection.body_text();
                let message = text
                    .rsplit_once("query string: ")
                    .map_or(text.as_str(), |(_, m)| m);
                Problem::new(StatusCode::BAD_REQUEST, "invalid_query", message)
            })
    }
}

/// The id in the path; what is no id names nothing.
pub(crate) struct Id<T>(pub(crate) T);

impl<T: From<Uuid> + Send> FromRequestParts<Api> for Id<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        match Path::<Uuid>::from_request_parts(parts, api).await {
            Ok(Path(id)) => Ok(Self(id.into())),
            Err(_) => Err(Problem::not_found()),
        }
    }
}

/// The texts in the path; what cannot be decoded names nothing.
pub(crate) struct Named<T>(pub(crate) T);

impl<T: DeserializeOwned + Send> FromRequestParts<Api> for Named<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        match Path::<T>::from_request_parts(parts, api).await {
            Ok(Path(text)) => Ok(Self(text)),
            Err(_) => Err(Problem::not_found()),
        }
    }
}

/// Which piece of a list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct PageParams {
    /// At most so many.
    #[serde(default)]
    #[param(minimum = 1, maximum = 200, default = 50)]
    pub(crate) limit: Option<u32>,
    /// `next_cursor` of the piece before.
    #[serde(default)]
    pub(crate) cursor: Option<String>,
}

/// A piece of a list.
pub(crate) fn piece(limit: Option<u32>, cursor: Option<String>) -> Result<ListQuery, Problem> {
    let limit = limit.unwrap_or(50);
    if !(1..=200).contains(&limit) {
        return Err(Problem::new(
            StatusCode::BAD_REQUEST,
            "invalid_query",
            "limit: from 1 to 200",
        ));
    }
    Ok(ListQuery { limit, cursor })
}

impl PageParams {
    pub(crate) fn piece(self) -> Result<ListQuery, Problem> {
        piece(self.limit, self.cursor)
    }
}

/// A piece of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ListBody<T> {
    /// What there is.
    pub(crate) items: Vec<T>,
    /// Where it goes on; null: that was the end.
    pub(crate) next_cursor: Option<String>,
}

impl<T> ListBody<T> {
    pub(crate) fn of<R>(list: Listing<R>) -> axum::Json<Self>
    where
        T: for<'a> From<&'a R>,
    {
        axum::Json(Self {
            items: list.items.iter().map(T::from).collect(),
            next_cursor: list.next,
        })
    }
}
