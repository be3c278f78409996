//! The CAS protocol 3.0: tickets confirmed by `/p3/serviceValidate`, and single logout.
//!
//! XML is read without document type definitions, so that nothing in it is fetched or expands.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use roxmltree::{Document, Node, ParsingOptions};
use tisheng_platform::Ctx;

use super::fault::DoorError;
use super::model::{Identity, Provider, masked};

/// The namespace of CAS answers (protocol, appendix A).
const CAS: &str = "http://www.yale.edu/tp/cas";
/// The namespace of a logout request (SAML 2.0, protocol).
const SAML: &str = "urn:oasis:names:tc:SAML:2.0:protocol";
/// Nodes of an answer at most.
const NODES: u32 = 5_000;
/// Characters of a name or ticket at most; the protocol recommends room for 256.
const LONGEST: usize = 256;
/// The name under which the user's own name stands, beside the attributes.
pub const USER: &str = "user";
/// The attribute in which a server says how the person signed in.
const CONTEXT: &str = "authnContextClass";

/// What a server says instead of confirming a ticket, in words for the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CasFault {
    /// The ticket has been used, is too old, or never was (`INVALID_TICKET`).
    #[error("登录凭证已失效或已使用过，请重新开始登录。")]
    Ticket,
    /// The ticket was made for another address (`INVALID_SERVICE`).
    #[error("登录凭证不是签发给本系统的，请重新开始登录；如果仍然如此，请告知管理员。")]
    Service,
    /// We are not registered (`UNAUTHORIZED_SERVICE` and its kin).
    #[error("身份提供方没有登记本系统的地址，请告知管理员。")]
    Unauthorised,
    /// Something else.
    #[error("身份提供方没有确认这次登录，请稍后再试；如果仍然如此，请告知管理员。")]
    Other,
}

/// Where a browser goes to sign in and come back to `service`.
#[must_use]
pub fn sign_in_at(provider: &Provider, service: &str) -> String {
    format!("{}/login?service={}", provider.address, encoded(service))
}

/// Where a browser goes to sign out there as well and come back to `service`.
#[must_use]
pub fn sign_out_at(provider: &Provider, service: &str) -> String {
    format!("{}/logout?service={}", provider.address, encoded(service))
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// Whether `ticket` may be one: letters, digits and hyphens that begin with `ST-` or `PT-`, with
/// the dots and underscores that servers put into theirs.
fn is_ticket(ticket: &str) -> bool {
    let signs = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_');
    ticket.len() <= LONGEST
        && (ticket.starts_with("ST-") || ticket.starts_with("PT-"))
        && ticket.bytes().all(signs)
}

/// Asks the server whom it gave `ticket` to, for our address `service`. Asks another host.
///
/// # Errors
/// [`DoorError::Ticket`], [`DoorError::Unreachable`], [`DoorError::Answer`].
pub async fn validate(
    ctx: &Ctx,
    provider: &Provider,
    service: &str,
    ticket: &str,
) -> Result<Identity, DoorError> {
    if !is_ticket(ticket) {
        return Err(CasFault::Ticket.into());
    }
    let asked = format!(
        "{}/p3/serviceValidate?service={}&ticket={}",
        provider.address,
        encoded(service),
        encoded(ticket)
    );
    let reply = ctx.app.outbound.get(&asked, &[]).await?;
    let text = std::str::from_utf8(&reply.body).map_err(|_| DoorError::Answer("不是 UTF-8 文字"))?;
    let user = read(text)??;
    let claim = provider.claim.as_ref().and_then(|(name, _)| user.attribute(name));
    let shown = masked(&user.name).to_string();
    let factors = user.attributes.iter().filter(|(name, _)| name == CONTEXT);
    let factors = factors.map(|(_, value)| value.clone()).collect();
    Ok(Identity { subject: user.name, shown, claim, factors, ticket: ticket.to_owned() })
}

/// Whether a CAS server answers at the provider's address, in words for its office.
///
/// # Errors
/// [`DoorError`] with what is wrong.
pub async fn check(ctx: &Ctx, provider: &Provider, service: &str) -> Result<String, DoorError> {
    // No server has given out this ticket, so that a right one refuses it.
    match validate(ctx, provider, service, "ST-tisheng-check").await {
        Err(DoorError::Ticket(CasFault::Ticket)) => {
            Ok("连接正常：CAS 3.0 的票据核验地址可以访问。".to_owned())
        }
        Err(DoorError::Ticket(CasFault::Unauthorised)) => {
            Err(DoorError::Answer("对方没有登记本系统的回调地址"))
        }
        Err(DoorError::Ticket(CasFault::Service)) => {
            Ok("连接正常：CAS 3.0 的票据核验地址可以访问。".to_owned())
        }
        Err(other) => Err(other),
        Ok(_) => Err(DoorError::Answer("对方确认了一张不存在的票据")),
    }
}

/// Somebody whom the server confirms.
#[derive(Debug, PartialEq, Eq)]
struct User {
    name: String,
    attributes: Vec<(String, String)>,
}

impl User {
    fn attribute(&self, name: &str) -> Option<String> {
        let mut found = self.attributes.iter().filter(|(key, _)| key == name).map(|(_, value)| value);
        // What has several values names nobody for certain.
        match (found.next(), found.next()) {
            (Some(one), None) => Some(one.clone()),
            (None, _) if name == USER => Some(self.name.clone()),
            _ => None,
        }
    }
}

fn parse(text: &str) -> Result<Document<'_>, DoorError> {
    let options = ParsingOptions { nodes_limit: NODES, ..ParsingOptions::default() };
    Document::parse_with_options(text, options).map_err(|_| DoorError::Answer("不是 CAS 3.0 的 XML 应答"))
}

/// What the answer `text` says.
fn read(text: &str) -> Result<Result<User, CasFault>, DoorError> {
    let document = parse(text)?;
    let root = document.root_element();
    let unclear = || DoorError::Answer("不是 CAS 3.0 的 XML 应答");
    if !root.has_tag_name((CAS, "serviceResponse")) {
        return Err(unclear());
    }
    // A right answer has one of the two, once.
    let mut children = root.children().filter(Node::is_element);
    let (Some(said), None) = (children.next(), children.next()) else { return Err(unclear()) };
    if said.has_tag_name((CAS, "authenticationFailure")) {
        return Ok(Err(fault(said.attribute("code").unwrap_or_default())));
    }
    if !said.has_tag_name((CAS, "authenticationSuccess")) {
        return Err(unclear());
    }
    let within = |name: &'static str| {
        let mut found = said.children().filter(move |node| node.has_tag_name((CAS, name)));
        (found.next(), found.next())
    };
    let (Some(name), None) = within("user") else { return Err(unclear()) };
    let name = content(&name).filter(|name| name.chars().count() <= LONGEST).ok_or_else(unclear)?;
    let listed = within("attributes").0.into_iter().flat_map(|list| list.children().filter(Node::is_element));
    let attributes =
        listed.filter_map(|node| Some((node.tag_name().name().to_owned(), content(&node)?))).collect();
    Ok(Ok(User { name, attributes }))
}

/// The text of an element that has nothing but text.
fn content(node: &Node<'_, '_>) -> Option<String> {
    if node.children().any(|child| child.is_element()) {
        return None;
    }
    let text: String = node.children().filter(Node::is_text).filter_map(|child| child.text()).collect();
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// The protocol's error codes (2.5.3).
fn fault(code: &str) -> CasFault {
    match code {
        "INVALID_TICKET" | "INVALID_TICKET_SPEC" => CasFault::Ticket,
        "INVALID_SERVICE" => CasFault::Service,
        "UNAUTHORIZED_SERVICE" | "UNAUTHORIZED_SERVICE_PROXY" => CasFault::Unauthorised,
        _ => CasFault::Other,
    }
}

/// The ticket whose session the server ends with the logout request `text`. CAS signs nothing: who
/// knows a ticket that was given out for our address is the server, or we are.
#[must_use]
pub fn ended(text: &str) -> Option<String> {
    let document = parse(text).ok()?;
    let root = document.root_element();
    if !root.has_tag_name((SAML, "LogoutRequest")) {
        return None;
    }
    let mut named = root.children().filter(|node| node.has_tag_name((SAML, "SessionIndex")));
    let (Some(index), None) = (named.next(), named.next()) else { return None };
    content(&index).filter(|ticket| is_ticket(ticket))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{CasFault, User, ended, is_ticket, read};

    fn answer(inside: &str) -> String {
        format!(
            "<cas:serviceResponse xmlns:cas=\"http://www.yale.edu/tp/cas\">{inside}</cas:serviceResponse>"
        )
    }

    fn success(inside: &str) -> String {
        answer(&format!("<cas:authenticationSuccess>{inside}</cas:authenticationSuccess>"))
    }

    fn user(text: &str) -> Option<User> {
        read(text).ok().and_then(Result::ok)
    }

    #[test]
    fn a_confirmed_user_has_attributes() {
        let text = success(
            "<cas:user> zhang.san </cas:user><cas:attributes>\
            <cas:mobile>19900000001</cas:mobile><cas:role>a</cas:role><cas:role>b</cas:role>\
            <cas:odd><cas:inner/></cas:odd></cas:attributes>",
        );
        let user = user(&text).expect("a user");
        assert_eq!(user.name, "zhang.san");
        assert_eq!(user.attribute("mobile").as_deref(), Some("19900000001"));
        assert_eq!(user.attribute("role"), None, "which of two nobody says");
        assert_eq!((user.attribute("odd"), user.attribute("none")), (None, None));
        assert_eq!(user.attribute("user").as_deref(), Some("zhang.san"));
    }

    #[test]
    fn each_refusal_has_its_words() {
        for (code, fault) in [
            ("INVALID_TICKET", CasFault::Ticket),
            ("INVALID_SERVICE", CasFault::Service),
            ("UNAUTHORIZED_SERVICE", CasFault::Unauthorised),
            ("INTERNAL_ERROR", CasFault::Other),
        ] {
            let text =
                answer(&format!("<cas:authenticationFailure code=\"{code}\">no</cas:authenticationFailure>"));
            assert!(matches!(read(&text), Ok(Err(found)) if found == fault), "{code}");
        }
    }

    #[test]
    fn what_looks_like_an_answer_is_not_one() {
        let honest = "<cas:user>a</cas:user>";
        let both = "<cas:authenticationFailure code=\"INVALID_TICKET\"/><cas:authenticationSuccess><cas:user>a</cas:user></cas:authenticationSuccess>";
        for text in [
            String::new(),
            "<html/>".to_owned(),
            success(""),
            success("<cas:user/>"),
            success("<cas:user>a</cas:user><cas:user>b</cas:user>"),
            success("<cas:user>a<!-- x --><b/></cas:user>"),
            success(&format!("<cas:user>{}</cas:user>", "a".repeat(257))),
            answer(both),
            success(honest).replace("yale.edu/tp/cas", "evil.test"),
            format!("<a>{}</a>", success(honest)),
            format!(
                "<!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/passwd\">]>{}",
                success("<cas:user>&b;</cas:user>")
            ),
            format!("<!DOCTYPE a [<!ENTITY b \"bbbb\">]>{}", success("<cas:user>&b;</cas:user>")),
        ] {
            assert_eq!(user(&text), None, "{text}");
        }
        // A comment does not cut a name short.
        let split = user(&success("<cas:user>admin<!-- x -->istrator</cas:user>")).expect("a user");
        assert_eq!(split.name, "administrator");
    }

    #[test]
    fn a_logout_names_one_ticket() {
        let request = |inside: &str| {
            format!(
                "<samlp:LogoutRequest xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" \
                xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" ID=\"1\" Version=\"2.0\" \
                IssueInstant=\"2021-03-10T01:00:00Z\"><saml:NameID>@NOT_USED@</saml:NameID>{inside}</samlp:LogoutRequest>"
            )
        };
        let index = "<samlp:SessionIndex>ST-1-abc.d_e</samlp:SessionIndex>";
        assert_eq!(ended(&request(index)).as_deref(), Some("ST-1-abc.d_e"));
        assert_eq!(ended(&request(&index.repeat(2))), None);
        assert_eq!(ended(&request("")), None);
        assert_eq!(ended(&request(index).replace("ST-", "TGT-")), None);
        assert_eq!(ended(&success("<cas:user>a</cas:user>")), None);
    }

    #[test]
    fn tickets_are_short_and_plain() {
        assert!(is_ticket("ST-1856339-aA5Yuvrxzpv8Tau1cYQ7"));
        for odd in ["", "ST", "TGT-1", "ST-1&service=x", "ST-1/../", &format!("ST-{}", "a".repeat(300))] {
            assert!(!is_ticket(odd), "{odd}");
        }
    }

    proptest! {
        #[test]
        fn a_name_comes_through_as_it_was_written(name in "[a-z0-9.@\u{4e00}-\u{4e20}<>&\"' ]{1,40}") {
            prop_assume!(!name.trim().is_empty());
            let escaped = name.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
            let user = user(&success(&format!("<cas:user>{escaped}</cas:user>"))).expect("a user");
            prop_assert_eq!(user.name, name.trim());
        }

        #[test]
        fn nothing_that_arrives_breaks_the_reading(text in ".{0,300}") {
            let _ = (read(&text).is_ok(), ended(&text));
        }
    }
}
