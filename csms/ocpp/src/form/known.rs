//! Whether a text is a value of an enumeration: rust-ocpp's types are asked, so that the values
//! are written down once.

use serde::de::value::{Error, StrDeserializer};
use serde::de::{DeserializeOwned, IntoDeserializer};

/// Whether `text` is one of the values of `T`.
pub(crate) fn known<T: DeserializeOwned>(text: &str) -> bool {
    let reader: StrDeserializer<'_, Error> = text.into_deserializer();
    T::deserialize(reader).is_ok()
}

#[cfg(test)]
mod tests {
    use rust_ocpp::v1_6::types::{Reason, UnitOfMeasure};
    use rust_ocpp::v2_0_1::enumerations::id_token_enum_type::IdTokenEnumType;

    use super::known;

    #[test]
    fn values_are_known_by_their_exact_spelling() {
        assert!(known::<Reason>("EVDisconnected"));
        assert!(!known::<Reason>("evdisconnected"));
        assert!(!known::<Reason>(""));
        assert!(known::<IdTokenEnumType>("eMAID"));
        assert!(!known::<IdTokenEnumType>("EMAID"));
        assert!(known::<UnitOfMeasure>("Celcius"));
        assert!(known::<UnitOfMeasure>("Celsius"));
        assert!(!known::<UnitOfMeasure>("Hertz"));
    }
}
