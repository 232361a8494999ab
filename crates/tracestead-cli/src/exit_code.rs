//! How the command ended. The standard library's type of that name cannot be read, and Python wants a number.

/// How the command ended, as others see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExitCode(u8);

impl ExitCode {
    /// It did what it was asked for.
    pub const SUCCESS: Self = Self(0);
    /// It failed.
    pub const FAILURE: Self = Self(1);
    /// It was typed wrong, or configured wrong.
    pub(crate) const WRONG: Self = Self(2);

    /// Returns the number.
    #[must_use]
    pub fn as_u8(self) -> u8 {
        self.0
    }
}

impl From<u8> for ExitCode {
    fn from(code: u8) -> Self {
        Self(code)
    }
}
