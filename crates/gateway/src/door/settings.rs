//! What an office fills in about a service, and what must hold of it.

use tisheng_platform::outbound::Outbound;
use tisheng_platform::web::{Fields, FormErrors};

use super::model::{Holds, Kind, Provider, SecondFactor};
use super::store::Kept;

/// Characters of an address at most.
const ADDRESS: usize = 200;
/// Characters of a secret at most.
const SECRET: usize = 500;

/// What becomes of the secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NewSecret {
    /// It stays as it is.
    Keep,
    /// It is replaced.
    Set(String),
    /// There is none.
    None,
}

/// What an office says of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// What stands on its button.
    pub name: String,
    /// The issuer, or the address of the CAS server.
    pub address: String,
    /// The name we are registered under; empty for CAS.
    pub client: String,
    /// What we prove it with.
    pub secret: NewSecret,
    /// Scopes asked for besides `openid`.
    pub scopes: String,
    /// What names a person at the first arrival.
    pub claim: Option<(String, Holds)>,
    /// Whose second factor is asked for.
    pub second_factor: SecondFactor,
    /// Whether the people of the territory may use passwords.
    pub local_allowed: bool,
}

impl Settings {
    /// Reads the form about a service of `kind`; `outbound` says which addresses may be asked.
    ///
    /// # Errors
    /// What is wrong, by field.
    pub fn read(fields: &Fields, kind: Kind, outbound: &Outbound) -> Result<Self, FormErrors> {
        let mut check = fields.check();
        let name = check.required("name", "按钮名称", 20).to_owned();
        let address = check.required("address", "地址", ADDRESS);
        let address = match kind {
            Kind::Oidc => address.to_owned(),
            Kind::Cas => address.trim_end_matches('/').trim_end_matches("/login").to_owned(),
        };
        if !address.is_empty() {
            match outbound.admits(&address) {
                Ok(_) if address.contains('?') => check.fail("address", "地址中不能有问号和参数"),
                Ok(_) => {}
                Err(error) => check.fail("address", error.to_string()),
            }
        }
        let client = match kind {
            Kind::Oidc => check.required("client", "客户端标识", ADDRESS).to_owned(),
            Kind::Cas => String::new(),
        };
        let secret = match check.optional("secret", "客户端密钥", SECRET) {
            _ if kind == Kind::Cas || fields.has("no_secret", "yes") => NewSecret::None,
            "" => NewSecret::Keep,
            text => NewSecret::Set(text.to_owned()),
        };
        let scopes = match kind {
            Kind::Oidc => words(check.optional("scopes", "查询范围", ADDRESS)),
            Kind::Cas => String::new(),
        };
        if !are_words(&scopes) {
            check.fail("scopes", "查询范围只能由字母、数字和 _ . : / - 组成，用空格隔开");
        }
        let claim = claim(fields, &mut check);
        let factors = words(check.optional("factors", "多因素认证的标志", ADDRESS));
        let second_factor = if fields.has("second_factor", "provider") {
            if factors.is_empty() && kind == Kind::Oidc {
                check.fail("factors", "请填写身份提供方完成多因素认证时在 acr 或 amr 中返回的值，例如 mfa");
            }
            if !are_words(&factors) {
                check.fail("factors", "标志只能由字母、数字和 _ . : / - 组成，用空格隔开");
            }
            SecondFactor::Provider(factors.split_whitespace().map(str::to_owned).collect())
        } else {
            SecondFactor::Own
        };
        let local_allowed = !fields.has("local_off", "yes");
        if !local_allowed && claim.is_none() {
            let message = "关闭密码登录前，请先选定核对号码的字段：没有关联过的人不能再用密码确认身份";
            check.fail("local_off", message);
        }
        let settings = Self { name, address, client, secret, scopes, claim, second_factor, local_allowed };
        let errors = check.errors().titled(&[("claim_holds", "字段内容"), ("local_off", "密码登录")]);
        if errors.is_empty() { Ok(settings) } else { Err(errors) }
    }

    /// As it is stored, with the secret `sealed`.
    #[must_use]
    pub fn kept<'k>(&'k self, sealed: Option<&'k [u8]>, factors: &'k str) -> Kept<'k> {
        let claim = self.claim.as_ref();
        Kept {
            name: &self.name,
            address: &self.address,
            client: &self.client,
            secret: sealed,
            scopes: &self.scopes,
            claim: claim.map_or("", |(name, _)| name),
            claim_holds: claim.map_or("", |(_, holds)| holds.key()),
            second_factor: if self.second_factor == SecondFactor::Own { "own" } else { "provider" },
            factors,
            local_allowed: self.local_allowed,
        }
    }

    /// The values that prove a second factor elsewhere, separated by spaces.
    #[must_use]
    pub fn factors(&self) -> String {
        match &self.second_factor {
            SecondFactor::Own => String::new(),
            SecondFactor::Provider(values) => values.join(" "),
        }
    }
}

/// The name of the claim and what it holds: both or neither.
fn claim(fields: &Fields, check: &mut tisheng_platform::web::Checked<'_>) -> Option<(String, Holds)> {
    let name = check.optional("claim", "字段名", 60);
    let holds: Option<Holds> = fields.text("claim_holds").parse().ok();
    if !are_words(name) || name.contains(' ') {
        check.fail("claim", "字段名只能由字母、数字和 _ . : / - 组成");
    }
    match (name, holds) {
        ("", None) => None,
        ("", Some(_)) => {
            check.fail("claim", "请填写字段名，或者不选字段内容");
            None
        }
        (_, None) => {
            check.fail("claim_holds", "请选择这个字段里是证件号码还是手机号");
            None
        }
        (name, Some(holds)) => Some((name.to_owned(), holds)),
    }
}

/// `text` with single spaces.
fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn are_words(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_alphanumeric() || b" _.:/-".contains(&b))
}

/// The form as it would have been filled in for `provider`.
#[must_use]
pub fn filled(provider: &Provider) -> Fields {
    let (claim, holds) = match &provider.claim {
        Some((name, holds)) => (name.as_str(), holds.key()),
        None => ("", ""),
    };
    let (factor, factors) = match &provider.second_factor {
        SecondFactor::Own => ("own", String::new()),
        SecondFactor::Provider(values) => ("provider", values.join(" ")),
    };
    let version = provider.version.to_string();
    let pairs = [
        ("name", provider.name.as_str()),
        ("address", &provider.address),
        ("client", &provider.client),
        ("scopes", &provider.scopes),
        ("claim", claim),
        ("claim_holds", holds),
        ("second_factor", factor),
        ("factors", &factors),
        ("local_off", if provider.local_allowed { "" } else { "yes" }),
        ("version", &version),
    ];
    Fields::new(pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
}

#[cfg(test)]
mod tests {
    use tisheng_platform::outbound::Outbound;
    use tisheng_platform::web::Fields;

    use super::{Holds, Kind, NewSecret, SecondFactor, Settings};

    fn read(kind: Kind, changes: &[(&str, &str)]) -> Result<Settings, Vec<String>> {
        let mut pairs = vec![("name", "教育云"), ("address", "https://sso.test"), ("client", "tisheng")];
        pairs.retain(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
        pairs.extend(changes);
        let owned = pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Settings::read(&Fields::new(owned), kind, &Outbound::new(&[]))
            .map_err(|errors| errors.iter().map(|(field, _)| field.to_owned()).collect())
    }

    #[test]
    fn a_service_is_described_in_a_few_words() {
        let plain = read(Kind::Oidc, &[]).expect("right");
        assert_eq!(
            (plain.claim, plain.second_factor, plain.secret),
            (None, SecondFactor::Own, NewSecret::Keep)
        );
        assert!(plain.local_allowed);
        let whole = read(
            Kind::Oidc,
            &[
                ("secret", "s"),
                ("scopes", " profile  phone "),
                ("claim", "id_no"),
                ("claim_holds", "paper"),
                ("second_factor", "provider"),
                ("factors", "mfa otp"),
                ("local_off", "yes"),
            ],
        );
        let whole = whole.expect("right");
        assert_eq!(whole.claim, Some(("id_no".to_owned(), Holds::Paper)));
        assert_eq!((whole.scopes.as_str(), whole.factors().as_str()), ("profile phone", "mfa otp"));
        assert_eq!((whole.secret, whole.local_allowed), (NewSecret::Set("s".to_owned()), false));
        let cas =
            read(Kind::Cas, &[("address", "https://sso.test/cas/login"), ("client", ""), ("secret", "x")]);
        let cas = cas.expect("right");
        assert_eq!((cas.address.as_str(), cas.secret), ("https://sso.test/cas", NewSecret::None));
        let issuer = read(Kind::Oidc, &[("address", "https://sso.test/")]).expect("right");
        assert_eq!(issuer.address, "https://sso.test/", "an issuer stays as it writes itself");
    }

    #[test]
    fn what_is_wrong_is_told_by_field() {
        for (kind, changes, field) in [
            (Kind::Oidc, &[("name", "")][..], "name"),
            (Kind::Oidc, &[("client", "")], "client"),
            (Kind::Oidc, &[("address", "http://sso.test")], "address"),
            (Kind::Oidc, &[("address", "https://10.0.0.1")], "address"),
            (Kind::Oidc, &[("address", "https://sso.test?a=b")], "address"),
            (Kind::Oidc, &[("scopes", "a\"b")], "scopes"),
            (Kind::Oidc, &[("claim", "a b"), ("claim_holds", "phone")], "claim"),
            (Kind::Oidc, &[("claim", "a")], "claim_holds"),
            (Kind::Oidc, &[("claim_holds", "phone")], "claim"),
            (Kind::Oidc, &[("second_factor", "provider")], "factors"),
            (Kind::Oidc, &[("local_off", "yes")], "local_off"),
            (Kind::Cas, &[("local_off", "yes")], "local_off"),
        ] {
            assert_eq!(read(kind, changes), Err(vec![field.to_owned()]), "{changes:?}");
        }
        assert!(read(Kind::Cas, &[("second_factor", "provider")]).is_ok(), "CAS may be taken at its word");
    }
}
