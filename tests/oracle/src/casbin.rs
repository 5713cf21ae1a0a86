//! The facts as Casbin rules: people with rights on single nodes, which is what is measured.

use anyhow::{Result, bail};
use casbin::{CoreApi, DefaultModel, Enforcer, MemoryAdapter, MgmtApi};
use model::Subject;

use crate::world::{Question, World};

const MODEL: &str = "
[request_definition]
r = sub, obj, act

[policy_definition]
p = sub, obj, act

[role_definition]
g = _, _

[policy_effect]
e = some(where (p.eft == allow))

[matchers]
m = r.sub == p.sub && r.act == p.act && g(r.obj, p.obj)
";

/// A world in Casbin.
pub struct Casbin(Enforcer);

impl Casbin {
    /// Tells Casbin of a world without conditions.
    ///
    /// # Errors
    /// When it does not understand it, or the world has what the model above has no words for.
    pub async fn new(world: &World) -> Result<Self> {
        let model = DefaultModel::from_str(MODEL).await?;
        let mut enforcer = Enforcer::new(model, MemoryAdapter::default()).await?;
        let mut rules = Vec::new();
        for grant in &world.grants {
            let Subject::Person(person) = grant.subject else {
                bail!("only people have rights here");
            };
            for action in grant.actions.iter() {
                rules.push(vec![
                    person.to_string(),
                    grant.node.to_string(),
                    action.name().to_owned(),
                ]);
            }
        }
        rules.sort();
        rules.dedup();
        enforcer.add_policies(rules).await?;
        let above = world
            .above
            .iter()
            .filter_map(|(node, above)| Some(vec![node.to_string(), (*above)?.to_string()]))
            .collect();
        enforcer.add_grouping_policies(above).await?;
        Ok(Self(enforcer))
    }

    /// What Casbin says.
    ///
    /// # Errors
    /// When the question is not one.
    pub fn allows(&self, question: &Question) -> Result<bool> {
        let asked = (
            question.person.to_string(),
            question.node.to_string(),
            question.action.name().to_owned(),
        );
        Ok(self.0.enforce(asked)?)
    }
}
