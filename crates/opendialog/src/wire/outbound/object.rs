//! The `data` of a message as keys and values.

use serde::{Deserialize, Serialize};
use serde_json::{Error, Map, Value};

use crate::wire::Slot;
use crate::wire::fields::{Field, Fields};
use crate::wire::scalar::{Named, Scalar};

/// Keys that can each be absent.
pub(crate) trait Keys {
    /// Sets a key, if it is one of these.
    fn set(&mut self, key: &str, value: &Field<'_>) -> Result<bool, Error>;

    /// Adds what is not absent.
    fn list<'a>(&'a self, fields: &mut Fields<'a>);
}

/// The `data` of a message of one type. Serde's `flatten` would read it three times: into a
/// buffer, then the keys that all types share and the type's own, each looking through the buffer.
pub(crate) trait Object: Default {
    /// Sets any key.
    fn set(&mut self, key: &str, value: &Field<'_>) -> Result<(), Error>;

    /// The keys and values.
    fn to_fields(&self) -> Fields<'_>;

    /// Reads all keys.
    ///
    /// # Errors
    /// A value does not fit its key.
    fn from_fields(fields: &Fields<'_>) -> Result<Self, Error> {
        let mut object = Self::default();
        for (key, value) in fields.iter() {
            object.set(key, value)?;
        }
        Ok(object)
    }
}

/// Reads a value into a key's slot.
pub(crate) fn set<'de, T: Deserialize<'de>>(
    slot: &mut Slot<T>,
    value: &'de Field<'_>,
) -> Result<bool, Error> {
    *slot = Slot::deserialize(value)?;
    Ok(true)
}

/// Keeps a key that is not known.
pub(crate) fn keep(rest: &mut Map<String, Value>, key: &str, value: &Field<'_>) {
    rest.insert(key.to_owned(), value.to_value());
}

/// Adds a key, if it is there.
pub(crate) fn list<'a, T: AsField>(fields: &mut Fields<'a>, key: &'static str, slot: &'a Slot<T>) {
    match slot {
        Slot::Absent => {}
        Slot::Null => fields.push(key, Field::Null),
        Slot::Given(value) => fields.push(key, value.as_field()),
    }
}

/// What a key can hold.
pub(crate) trait AsField {
    /// The value, borrowed if it can be.
    fn as_field(&self) -> Field<'_>;
}

impl AsField for String {
    fn as_field(&self) -> Field<'_> {
        self.as_str().into()
    }
}

impl AsField for bool {
    fn as_field(&self) -> Field<'_> {
        Field::Bool(*self)
    }
}

impl AsField for Value {
    fn as_field(&self) -> Field<'_> {
        self.into()
    }
}

impl AsField for Scalar {
    fn as_field(&self) -> Field<'_> {
        (&self.0).into()
    }
}

impl AsField for Named {
    fn as_field(&self) -> Field<'_> {
        (&self.0).into()
    }
}

impl<T: Serialize> AsField for Vec<T> {
    fn as_field(&self) -> Field<'_> {
        as_json(self)
    }
}

/// A value with a structure of its own.
pub(crate) fn as_json(value: &impl Serialize) -> Field<'static> {
    serde_json::to_value(value).unwrap_or_default().into()
}

/// Declares keys that can each be absent.
macro_rules! keys {
    ($(#[$doc:meta])* $name:ident {
        $($(#[$field_doc:meta])* $field:ident: $type:ty,)*
    } $({ $($more:tt)* })?) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Default, serde::Serialize)]
        pub struct $name {
            $(
                $(#[$field_doc])*
                #[serde(skip_serializing_if = "crate::wire::Slot::is_absent")]
                pub $field: crate::wire::Slot<$type>,
            )*
            $($($more)*)?
        }

        impl crate::wire::outbound::object::Keys for $name {
            fn set(
                &mut self,
                key: &str,
                #[allow(unused_variables, reason = "some have no keys of their own")]
                value: &crate::wire::fields::Field<'_>,
            ) -> Result<bool, serde_json::Error> {
                match key {
                    $(stringify!($field) => {
                        crate::wire::outbound::object::set(&mut self.$field, value)
                    })*
                    _ => Ok(false),
                }
            }

            fn list<'a>(
                &'a self,
                #[allow(unused_variables, reason = "some have no keys of their own")]
                fields: &mut crate::wire::fields::Fields<'a>,
            ) {
                $(crate::wire::outbound::object::list(fields, stringify!($field), &self.$field);)*
            }
        }
    };
}
pub(super) use keys;

/// Declares the `data` of a message: every key is a [`Slot`], and unknown keys are kept.
macro_rules! data_struct {
    ($(#[$doc:meta])* $name:ident { $($fields:tt)* }) => {
        crate::wire::outbound::object::keys! {
            $(#[$doc])*
            $name { $($fields)* } {
                /// The keys that all types share.
                #[serde(flatten)]
                pub common: crate::wire::outbound::Common,
                /// Keys that are not listed above.
                #[serde(flatten)]
                pub rest: serde_json::Map<String, serde_json::Value>,
            }
        }

        impl crate::wire::outbound::object::Object for $name {
            fn set(
                &mut self,
                key: &str,
                value: &crate::wire::fields::Field<'_>,
            ) -> Result<(), serde_json::Error> {
                use crate::wire::outbound::object::{Keys, keep};
                if !Keys::set(self, key, value)? && !self.common.set(key, value)? {
                    keep(&mut self.rest, key, value);
                }
                Ok(())
            }

            fn to_fields(&self) -> crate::wire::fields::Fields<'_> {
                use crate::wire::outbound::object::Keys;
                let mut fields = crate::wire::fields::Fields::with_capacity(8);
                Keys::list(self, &mut fields);
                self.common.list(&mut fields);
                fields.extend(&self.rest);
                fields
            }
        }
    };
}
pub(super) use data_struct;
