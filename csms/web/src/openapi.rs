//! The OpenAPI document: from the endpoints, with what is the same for all of them.

use http::Method;
use utoipa::openapi::path::{Operation, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::schema::{ArrayItems, ObjectBuilder, Schema, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    Components, ContentBuilder, InfoBuilder, OpenApi, Ref, RefOr, Required, ResponseBuilder,
    ResponsesBuilder,
};
use utoipa::{PartialSchema, ToSchema};

use crate::problem::{PROBLEM_JSON, ProblemBody};

/// The name of the security scheme.
const BEARER: &str = "bearer";
/// That of controllers of doors.
const DEVICE_KEY: &str = "device_key";

/// Completes the document made from the endpoints.
pub(crate) fn complete(mut openapi: OpenApi) -> OpenApi {
    openapi.info = InfoBuilder::new()
        .title("Keywatt")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "Who may use which charger and which door. Errors are RFC 9457 problems. Lists come \
             in pieces: follow `next_cursor`. Writes take an `Idempotency-Key`: repeated within \
             24 hours they are answered as before and change nothing again. Changes of access \
             answer with `Keywatt-Revision`; reads take it as `Keywatt-Min-Revision`. A reason \
             for the change log can be given as `Keywatt-Reason`. A change that would newly refuse \
             many answers 409 `confirmation_needed` with a phrase, and is made when that is sent \
             as `Keywatt-Confirm`.",
        ))
        .build();
    let components = openapi.components.get_or_insert_with(Components::new);
    let mut schemas = vec![(ProblemBody::name().into_owned(), ProblemBody::schema())];
    ProblemBody::schemas(&mut schemas);
    components.schemas.extend(schemas);
    name_items(components);
    components.security_schemes.insert(
        BEARER.to_owned(),
        RefOr::T(SecurityScheme::Http(
            HttpBuilder::new()
                .scheme(HttpAuthScheme::Bearer)
                .description(Some("An API key `kw_…` or the token of a session"))
                .build(),
        )),
    );
    components.security_schemes.insert(
        DEVICE_KEY.to_owned(),
        RefOr::T(SecurityScheme::Http(
            HttpBuilder::new()
                .scheme(HttpAuthScheme::Bearer)
                .description(Some(
                    "The device key of a lock whose controller speaks HTTP",
                ))
                .build(),
        )),
    );
    openapi.security = Some(vec![SecurityRequirement::new(BEARER, Vec::<String>::new())]);
    for (path, item) in &mut openapi.paths.paths {
        for (method, operation) in operations(item) {
            let open = operation.security.is_some();
            document_errors(operation, path, &method, open);
            if method != Method::GET && !open && !is_question(path) {
                document_idempotency(operation);
            }
        }
    }
    openapi
}

/// A POST that only asks.
fn is_question(path: &str) -> bool {
    ["/explain", "/lookup", "/look-up"]
        .iter()
        .any(|end| path.ends_with(end))
}

/// Lists of something hold references to its schema instead of a copy.
fn name_items(components: &mut Components) {
    let names: Vec<String> = components.schemas.keys().cloned().collect();
    for (name, schema) in &mut components.schemas {
        let Some(item) = name.strip_prefix("ListBody_") else {
            continue;
        };
        let RefOr::T(Schema::Object(list)) = schema else {
            continue;
        };
        if !names.iter().any(|name| name == item) {
            continue;
        }
        if let Some(RefOr::T(Schema::Array(items))) = list.properties.get_mut("items") {
            let reference = RefOr::Ref(Ref::from_schema_name(item));
            items.items = ArrayItems::RefOrSchema(Box::new(reference));
        }
    }
}

/// The operations of a path.
pub(crate) fn operations(item: &mut PathItem) -> Vec<(Method, &mut Operation)> {
    let PathItem {
        get,
        put,
        post,
        delete,
        patch,
        ..
    } = item;
    [
        (Method::GET, get),
        (Method::PUT, put),
        (Method::POST, post),
        (Method::DELETE, delete),
        (Method::PATCH, patch),
    ]
    .into_iter()
    .filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
    .collect()
}

fn document_errors(operation: &mut Operation, path: &str, method: &Method, open: bool) {
    let named = path.contains('{');
    let writes = *method != Method::GET;
    let mut errors = vec![
        ("400", "The request cannot be read: query, header or JSON"),
        ("401", "No valid credentials"),
        ("429", "Too many requests; see Retry-After"),
        ("500", "A fault of ours"),
        (
            "503",
            "The database is away, or the revision asked for is not here yet",
        ),
    ];
    if !open {
        errors.push((
            "403",
            "An action is missing: `missing_action`, `who_can_give`",
        ));
    }
    // An invitation is named by its token, in the body.
    if named || !open || path.starts_with("/v1/invitations/") {
        errors.push(("404", "There is no such thing, or not for the caller"));
    }
    if writes {
        errors.push((
            "409",
            "It stands against something that is there; see `code`",
        ));
        errors.push(("413", "The body is larger than 1 MiB"));
        errors.push(("415", "The body is not JSON"));
    }
    errors.push(("422", "Fields are not valid: `errors`"));
    if ["/start", "/stop", "/open", "/ocpp/{action}"]
        .iter()
        .any(|end| path.ends_with(end))
    {
        errors.push(("504", "The station does not answer"));
    }
    let mut responses = ResponsesBuilder::new();
    for (status, response) in std::mem::take(&mut operation.responses.responses) {
        responses = responses.response(status, response);
    }
    for (status, description) in errors {
        let content = ContentBuilder::new()
            .schema(Some(RefOr::Ref(Ref::from_schema_name(ProblemBody::name()))))
            .build();
        let response = ResponseBuilder::new()
            .description(description)
            .content(PROBLEM_JSON, content)
            .build();
        responses = responses.response(status, response);
    }
    operation.responses = responses.build();
}

fn document_idempotency(operation: &mut Operation) {
    let parameter = ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some("Makes the request happen once, for 24 hours"))
        .schema(Some(
            ObjectBuilder::new()
                .schema_type(Type::String)
                .max_length(Some(255))
                .build(),
        ))
        .build();
    operation
        .parameters
        .get_or_insert_default()
        .push(RefOr::T(parameter));
}
