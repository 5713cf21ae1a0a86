//! The facts as Cedar policies and entities.

use std::fmt::Write;

use anyhow::Result;
use cedar_policy::{
    Authorizer, Context, Decision, Entities, EntityId, EntityTypeName, EntityUid, PolicySet,
    Request,
};
use jiff::Timestamp;
use model::{CredentialKind, Effect, Grant, Member, PersonState, Subject};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::world::{Question, World};

/// A world in Cedar.
pub struct Cedar {
    policies: PolicySet,
    entities: Entities,
    authorizer: Authorizer,
    types: [EntityTypeName; 3],
}

impl Cedar {
    /// Tells Cedar of a world.
    ///
    /// # Errors
    /// When Cedar does not understand it.
    pub fn new(world: &World) -> Result<Self> {
        let mut text = String::from(
            "forbid (principal, action, resource) when { principal.suspended };\n\
             forbid (principal, action, resource) when {\n\
               principal.suspended_from <= context.now && context.now < principal.suspended_until\n\
             };\n\
             forbid (principal, action, resource) when { principal.member_until <= context.now };\n",
        );
        for grant in &world.grants {
            policy(&mut text, grant)?;
        }
        Ok(Self {
            policies: text.parse()?,
            entities: Entities::from_json_value(Value::Array(entities(world)), None)?,
            authorizer: Authorizer::new(),
            types: ["Person".parse()?, "Action".parse()?, "Node".parse()?],
        })
    }

    /// What Cedar says.
    ///
    /// # Errors
    /// When the question is not one.
    pub fn allows(&self, question: &Question) -> Result<bool> {
        let [person, action, node] = &self.types;
        let uid = |of: &EntityTypeName, id: String| {
            EntityUid::from_type_name_and_id(of.clone(), EntityId::new(id))
        };
        let context = json!({"now": question.at.as_microsecond(), "kind": "app"});
        let request = Request::new(
            uid(person, question.person.to_string()),
            uid(action, question.action.name().to_owned()),
            uid(node, question.node.to_string()),
            Context::from_json_value(context, None)?,
            None,
        )?;
        let response = self
            .authorizer
            .is_authorized(&request, &self.policies, &self.entities);
        if let Some(error) = response.diagnostics().errors().next() {
            anyhow::bail!("{error}");
        }
        Ok(response.decision() == Decision::Allow)
    }
}

fn policy(text: &mut String, grant: &Grant) -> Result<()> {
    let effect = match grant.effect {
        Effect::Allow => "permit",
        Effect::Deny => "forbid",
    };
    let subject = match grant.subject {
        Subject::Person(id) => format!("principal == Person::\"{id}\""),
        Subject::Tag(id) => format!("principal in Tag::\"{id}\""),
        Subject::Partner(id) => format!("principal in Organisation::\"{id}\""),
    };
    let actions: Vec<String> = grant
        .actions
        .iter()
        .map(|action| format!("Action::\"{}\"", action.name()))
        .collect();
    write!(
        text,
        "{effect} ({subject}, action in [{}], resource in Node::\"{}\")",
        actions.join(", "),
        grant.node
    )?;
    let mut when = Vec::new();
    if let Some(from) = grant.valid_from {
        when.push(format!("{} <= context.now", from.as_microsecond()));
    }
    if let Some(until) = grant.valid_until {
        when.push(format!("context.now < {}", until.as_microsecond()));
    }
    if let Some(tag) = grant.condition.points {
        when.push(format!("resource in Tag::\"{tag}\""));
    }
    if let Some(kinds) = grant.condition.kinds {
        let names: Vec<String> = kinds
            .iter()
            .map(|kind: CredentialKind| format!("\"{}\"", kind.name()))
            .collect();
        when.push(format!("[{}].contains(context.kind)", names.join(", ")));
    }
    if !when.is_empty() {
        write!(text, " when {{ {} }}", when.join(" && "))?;
    }
    text.push_str(";\n");
    Ok(())
}

fn entities(world: &World) -> Vec<Value> {
    let mut all = Vec::new();
    let tags_of = |id: Uuid| -> Vec<Value> {
        let rows = world.memberships.iter().filter(|row| row.member.id() == id);
        rows.map(|row| json!({"type": "Tag", "id": row.tag.to_string()}))
            .collect()
    };
    let micros = |at: Option<Timestamp>, else_: i64| at.map_or(else_, Timestamp::as_microsecond);
    for person in &world.people {
        let mut parents = tags_of(person.id.0);
        parents.push(json!({"type": "Organisation", "id": person.organisation.to_string()}));
        let suspension = person.suspension;
        all.push(json!({
            "uid": {"type": "Person", "id": person.id.to_string()},
            "parents": parents,
            "attrs": {
                "suspended": person.state == PersonState::Suspended,
                "suspended_from": micros(suspension.map(|it| it.from), i64::MAX),
                "suspended_until": micros(suspension.and_then(|it| it.until), i64::MAX),
                "member_until": micros(person.member_until, i64::MAX),
            },
        }));
    }
    for tag in &world.tags {
        all.push(json!({
            "uid": {"type": "Tag", "id": tag.id.to_string()},
            "parents": tags_of(tag.id.0),
            "attrs": {},
        }));
    }
    for (node, above) in &world.above {
        let in_tags = world
            .memberships
            .iter()
            .filter(|row| row.member == Member::Point(*node));
        let mut parents: Vec<Value> = in_tags
            .map(|row| json!({"type": "Tag", "id": row.tag.to_string()}))
            .collect();
        parents.extend(above.map(|above| json!({"type": "Node", "id": above.to_string()})));
        all.push(json!({
            "uid": {"type": "Node", "id": node.to_string()},
            "parents": parents,
            "attrs": {},
        }));
    }
    all
}
