//! What is handed to the owner of an account, so that a first password is chosen.

use tisheng_kernel::Instant;
use tisheng_platform::App;

use super::accounts::Issued;

/// A one-time address with whose it is: a slip of paper, or a line of a list.
#[derive(Debug, Clone)]
pub struct Slip {
    /// Whose account.
    pub name: String,
    /// The school or another place; empty where there is none.
    pub place: String,
    /// The name to sign in with.
    pub login: String,
    /// The address at which the owner chooses a password.
    pub address: String,
    /// Until when it counts.
    pub until: Instant,
}

impl Slip {
    /// The address as a picture to scan; nothing where the address of the installation is too long for
    /// one, and is typed.
    #[must_use]
    pub fn picture(&self) -> String {
        tisheng_qr::svg(&self.address).unwrap_or_default()
    }
}

impl Issued {
    /// The address at which the owner chooses a password.
    #[must_use]
    pub fn address(&self, app: &App) -> String {
        format!("{}/s/{}", app.config.public_url.trim_end_matches('/'), self.token)
    }
}
