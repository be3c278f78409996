//! What is said of a tool, by a form or by the tool itself, and what must hold of it.

use serde_json::{Map, Value};
use tisheng_platform::outbound::Outbound;
use tisheng_platform::web::{Checked, Fields, FormErrors};

use super::model::Tool;
use super::names::{TOOL, message};
use crate::jose::KeySet;

/// Characters of an address at most.
const ADDRESS: usize = 500;
/// Characters of a name at most.
const NAME: usize = 60;
/// Characters of pasted keys at most.
const KEYS: usize = 20_000;
/// Addresses to which messages may be sent, at most.
const REDIRECTS: usize = 20;

/// What is said of a tool.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// What people call it.
    pub name: String,
    /// Where a launch begins.
    pub login: String,
    /// What is opened unless a link says otherwise.
    pub target: String,
    /// Where a message may be sent.
    pub redirects: Vec<String>,
    /// The address of its keys; empty where they are pasted.
    pub key_set: String,
    /// Its keys, where they are pasted.
    pub keys: String,
    /// What is opened to choose courses; empty for nothing.
    pub picker: String,
    /// Whether it may know the names of teachers.
    pub names: bool,
    /// Whether it opens the courses of its platform of which nobody has said so.
    pub whole: bool,
}

impl Settings {
    /// Whether everything leads to where it did, and messages are signed by the same.
    #[must_use]
    pub fn leads_where(&self, tool: &Tool) -> bool {
        let pasted = self.keys.is_empty() || self.keys == tool.keys;
        pasted
            && (&self.login, &self.target, &self.picker) == (&tool.login, &tool.target, &tool.picker)
            && (&self.redirects, &self.key_set) == (&tool.redirects, &tool.key_set)
    }

    /// Reads the form; `outbound` says which addresses may be asked.
    ///
    /// # Errors
    /// What is wrong, by field.
    pub fn read(fields: &Fields, outbound: &Outbound) -> Result<Self, FormErrors> {
        let mut check = fields.check();
        let name = check.required("name", "工具名称", NAME).to_owned();
        let login = address(&mut check, outbound, ("login", "登录发起地址"), true);
        let target = address(&mut check, outbound, ("target", "打开地址"), true);
        let picker = address(&mut check, outbound, ("picker", "选课地址"), false);
        let redirects: Vec<String> = fields.text("redirects").split_whitespace().map(str::to_owned).collect();
        if redirects.is_empty() {
            check.fail("redirects", "请填写回调地址，工具的每个回调地址写一行");
        } else if redirects.len() > REDIRECTS {
            check.fail("redirects", format!("回调地址最多 {REDIRECTS} 个"));
        }
        for one in &redirects {
            if let Err(sentence) = admitted(outbound, one) {
                check.fail("redirects", format!("“{one}”：{sentence}"));
            }
        }
        let key_set = address(&mut check, outbound, ("key_set", "公钥地址"), false);
        let keys = check.optional("keys", "公钥", KEYS).to_owned();
        match (key_set.is_empty(), keys.is_empty()) {
            (true, true) => check.fail("key_set", "公钥地址和公钥至少填一项，否则无法核验工具发来的内容"),
            (false, false) => check.fail("keys", "公钥地址和公钥只填一项"),
            (true, false) if !holds_a_key(&keys) => {
                check.fail("keys", "公钥应是 JWKS 格式（含 keys 数组），并且有 RS256 或 ES256 的签名公钥");
            }
            _ => {}
        }
        let names = fields.has("names", "yes");
        let whole = fields.has("whole", "yes");
        let errors = check.errors().titled(&[("redirects", "回调地址")]);
        let settings = Self { name, login, target, redirects, key_set, keys, picker, names, whole };
        if errors.is_empty() { Ok(settings) } else { Err(errors) }
    }

    /// Reads what a tool says of itself (Dynamic Registration 1.0, 3.5).
    ///
    /// # Errors
    /// The word of the standard (RFC 7591, 3.2.2) and the sentence of the first thing that is wrong.
    pub fn registered(
        said: &Map<String, Value>,
        outbound: &Outbound,
    ) -> Result<Self, (&'static str, String)> {
        const METADATA: &str = "invalid_client_metadata";
        let text = |of: &Map<String, Value>, name: &str| {
            of.get(name).and_then(Value::as_str).unwrap_or_default().trim().to_owned()
        };
        let nothing = Map::new();
        let tool = said.get(TOOL).and_then(Value::as_object).unwrap_or(&nothing);
        let redirects: Vec<String> = said
            .get("redirect_uris")
            .and_then(Value::as_array)
            .map(|all| all.iter().filter_map(Value::as_str).map(str::to_owned).collect())
            .unwrap_or_default();
        if redirects.is_empty() || redirects.len() > REDIRECTS {
            let sentence = format!("redirect_uris has to name 1 to {REDIRECTS} addresses");
            return Err(("invalid_redirect_uri", sentence));
        }
        for one in &redirects {
            let wrong = |_| ("invalid_redirect_uri", format!("{one} is no address that may be used here"));
            admitted(outbound, one).map_err(wrong)?;
        }
        let method = text(said, "token_endpoint_auth_method");
        if !method.is_empty() && method != "private_key_jwt" {
            return Err((METADATA, "token_endpoint_auth_method has to be private_key_jwt".to_owned()));
        }
        let messages = tool.get("messages").and_then(Value::as_array);
        let picks = messages
            .into_iter()
            .flatten()
            .filter_map(Value::as_object)
            .find(|one| text(one, "type") == message::PICK);
        let target = text(tool, "target_link_uri");
        let picker = match picks {
            Some(one) => {
                Some(text(one, "target_link_uri")).filter(|t| !t.is_empty()).unwrap_or(target.clone())
            }
            None => String::new(),
        };
        let settings = Self {
            name: text(said, "client_name").chars().filter(|c| !c.is_control()).take(NAME).collect(),
            login: text(said, "initiate_login_uri"),
            target,
            redirects,
            key_set: text(said, "jwks_uri"),
            keys: String::new(),
            picker,
            names: false,
            whole: false,
        };
        for (name, address, needed) in [
            ("initiate_login_uri", &settings.login, true),
            ("jwks_uri", &settings.key_set, true),
            ("target_link_uri", &settings.target, true),
            ("target_link_uri of LtiDeepLinkingRequest", &settings.picker, false),
        ] {
            if address.is_empty() && needed {
                return Err((METADATA, format!("{name} has to be given")));
            }
            if !address.is_empty() && admitted(outbound, address).is_err() {
                return Err((METADATA, format!("{name}: {address} is no address that may be used here")));
            }
        }
        if settings.name.is_empty() {
            return Err((METADATA, "client_name has to be given".to_owned()));
        }
        Ok(settings)
    }
}

/// The address in the field `name`; what is wrong with it is added to `check`.
fn address(
    check: &mut Checked<'_>,
    outbound: &Outbound,
    (name, title): (&str, &str),
    needed: bool,
) -> String {
    let text =
        if needed { check.required(name, title, ADDRESS) } else { check.optional(name, title, ADDRESS) };
    if !text.is_empty()
        && let Err(sentence) = admitted(outbound, text)
    {
        check.fail(name, sentence);
    }
    text.to_owned()
}

/// Whether a browser may be sent there, or a key set asked for.
fn admitted(outbound: &Outbound, address: &str) -> Result<(), String> {
    if address.chars().any(|c| c.is_whitespace() || c.is_control()) || address.len() > ADDRESS {
        return Err("地址中不能有空格，也不能太长".to_owned());
    }
    outbound.admits(address).map(drop).map_err(|error| error.to_string())
}

fn holds_a_key(text: &str) -> bool {
    KeySet::read(text.as_bytes()).is_some_and(|keys| !keys.is_useless())
}

/// The form as it would have been filled in for `tool`.
#[must_use]
pub fn filled(tool: &Tool) -> Fields {
    let keys = if tool.key_set.is_empty() { tool.keys.as_str() } else { "" };
    let (redirects, version) = (tool.redirects.join("\n"), tool.version.to_string());
    let pairs = [
        ("name", tool.name.as_str()),
        ("login", &tool.login),
        ("target", &tool.target),
        ("redirects", &redirects),
        ("key_set", &tool.key_set),
        ("keys", keys),
        ("picker", &tool.picker),
        ("names", if tool.names { "yes" } else { "" }),
        ("whole", if tool.whole { "yes" } else { "" }),
        ("version", &version),
    ];
    Fields::new(pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use tisheng_platform::outbound::Outbound;
    use tisheng_platform::web::Fields;

    use super::Settings;

    fn read(changes: &[(&str, &str)]) -> Result<Settings, Vec<String>> {
        let mut pairs = vec![
            ("name", "微课工具"),
            ("login", "https://tool.test/login"),
            ("target", "https://tool.test/launch"),
            ("redirects", "https://tool.test/launch\nhttps://tool.test/pick"),
            ("key_set", "https://tool.test/keys"),
        ];
        pairs.retain(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
        pairs.extend(changes);
        let owned = pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Settings::read(&Fields::new(owned), &Outbound::new(&[]))
            .map_err(|errors| errors.iter().map(|(field, _)| field.to_owned()).collect())
    }

    #[test]
    fn a_tool_is_described_by_its_addresses_and_keys() {
        let plain = read(&[]).expect("right");
        assert_eq!(plain.redirects.len(), 2);
        assert!(!plain.names && plain.picker.is_empty());
        for (changes, field) in [
            (&[("name", "")][..], "name"),
            (&[("login", "tool.test")], "login"),
            (&[("target", "http://tool.test")], "target"),
            (&[("redirects", "")], "redirects"),
            (&[("redirects", "https://tool.test/a https://10.0.0.1/b")], "redirects"),
            (&[("picker", "https://tool.test/#pick")], "picker"),
            (&[("key_set", "")], "key_set"),
            (&[("keys", "{\"keys\":[]}")], "keys"),
            (&[("key_set", ""), ("keys", "{\"keys\":[]}")], "keys"),
        ] {
            assert_eq!(read(changes), Err(vec![field.to_owned()]), "{changes:?}");
        }
    }

    #[test]
    fn a_tool_describes_itself() {
        let outbound = Outbound::new(&[]);
        let said = |changes: Value| {
            let mut said = json!({
                "client_name": "微课工具", "initiate_login_uri": "https://tool.test/login",
                "redirect_uris": ["https://tool.test/launch"], "jwks_uri": "https://tool.test/keys",
                "token_endpoint_auth_method": "private_key_jwt",
                "https://purl.imsglobal.org/spec/lti-tool-configuration": {
                    "target_link_uri": "https://tool.test/launch",
                    "messages": [{ "type": "LtiDeepLinkingRequest" }],
                },
            });
            for (name, value) in changes.as_object().expect("an object") {
                said[name] = value.clone();
            }
            Settings::registered(said.as_object().expect("an object"), &outbound)
        };
        let whole = said(json!({})).expect("right");
        assert_eq!((whole.picker.as_str(), whole.names), ("https://tool.test/launch", false));
        for (changes, error) in [
            (json!({ "redirect_uris": [] }), "invalid_redirect_uri"),
            (json!({ "redirect_uris": ["https://127.0.0.1/"] }), "invalid_redirect_uri"),
            (json!({ "client_name": "" }), "invalid_client_metadata"),
            (json!({ "jwks_uri": null }), "invalid_client_metadata"),
            (json!({ "initiate_login_uri": "javascript:alert(1)" }), "invalid_client_metadata"),
            (json!({ "token_endpoint_auth_method": "client_secret_post" }), "invalid_client_metadata"),
            (
                json!({ "https://purl.imsglobal.org/spec/lti-tool-configuration": {} }),
                "invalid_client_metadata",
            ),
        ] {
            assert_eq!(said(changes.clone()).expect_err("wrong").0, error, "{changes}");
        }
    }
}
