//! Proof that a decision allowed an action: what code with an effect takes as an argument.

use std::marker::PhantomData;

use model::{Action, NodeId, PersonId, Reason, Receipt};

use crate::Terms;

/// An action as a type.
pub trait Act: sealed::Sealed {
    /// The action.
    const ACTION: Action;
}

mod sealed {
    pub trait Sealed {}
}

/// The actions, as types.
pub mod act {
    use super::{Act, sealed};
    use model::Action;

    macro_rules! acts {
        ($($name:ident),+ $(,)?) => {$(
            #[doc = concat!("[`Action::", stringify!($name), "`]")]
            #[derive(Clone, Copy, Debug)]
            pub enum $name {}
            impl sealed::Sealed for $name {}
            impl Act for $name { const ACTION: Action = Action::$name; }
        )+};
    }

    acts!(
        Use,
        RemoteUse,
        StopOwn,
        StopAny,
        ViewOwn,
        ViewAll,
        ManageAccess,
        ManageSettings,
        ManageSecurity,
        Service,
        ServiceTest,
        Reports,
        Emergency,
    );
}

/// An allowed action on a node. Made only by [`Terms::permit`], so it cannot be had without a
/// decision; not `Clone`, so it is used once.
#[derive(Debug)]
#[must_use]
pub struct Permit<A: Act> {
    node: NodeId,
    person: Option<PersonId>,
    act: PhantomData<A>,
}

impl<A: Act> Permit<A> {
    /// The node it holds for; the effect happens there and nowhere else.
    #[must_use]
    pub const fn node(&self) -> NodeId {
        self.node
    }

    /// Who was allowed.
    #[must_use]
    pub const fn person(&self) -> Option<PersonId> {
        self.person
    }
}

impl Terms {
    /// The permit these terms give; `None` when another action was decided, or when something must
    /// be taken first ([`Terms::reserved`]).
    #[must_use]
    pub fn permit<A: Act>(&self) -> Option<Permit<A>> {
        let node = self.found.node?;
        if self.taking.is_some() {
            return None;
        }
        // Whoever may only stop their own transaction may not start one.
        let action = match self.reason {
            Reason::StopOwn => Action::StopOwn,
            _ => self.action,
        };
        (action == A::ACTION).then_some(Permit {
            node,
            person: self.found.person,
            act: PhantomData,
        })
    }

    /// The terms once their use was taken in the database; `None` when the receipt is for another
    /// grant, person or use.
    #[must_use]
    pub fn reserved(self, receipt: &Receipt) -> Option<Self> {
        let taking = self.taking?;
        let same = taking.grant == receipt.grant()
            && taking.person == receipt.person()
            && taking.of == Some(receipt.of());
        same.then_some(Self {
            taking: None,
            ..self
        })
    }
}
