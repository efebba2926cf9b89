//! A digest that is the same in every process and in every version, for numbers that clients see
//! and for recognising a repeated item. Not for anything that must not be guessed.

/// 64-bit FNV-1a.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Digest(u64);

impl Digest {
    /// The digest of nothing.
    pub(crate) const fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    /// Adds one piece; pieces are kept apart.
    pub(crate) fn add(self, bytes: &[u8]) -> Self {
        let step = |digest: u64, byte: u8| {
            let mixed = digest ^ u64::from(byte);
            mixed.wrapping_mul(0x0100_0000_01b3)
        };
        let mut digest = self.0;
        for byte in bytes {
            digest = step(digest, *byte);
        }
        Self(step(digest, 0xff))
    }

    /// The digest.
    pub(crate) const fn value(self) -> u64 {
        self.0
    }

    /// A number from 1 to 2³¹, as the wire has them.
    pub(crate) const fn number(self) -> i64 {
        (self.0 >> 33) as i64 + 1
    }
}
