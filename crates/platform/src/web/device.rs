//! The device of a request in a few words, so that people recognise their own sessions.

use axum::http::{HeaderMap, header};

/// What a browser calls itself by, the particular before the general: nearly all claim to be
/// Safari too.
const BROWSERS: [(&str, &str); 13] = [
    ("MicroMessenger", "微信"),
    ("DingTalk", "钉钉"),
    ("HuaweiBrowser", "华为浏览器"),
    ("MiuiBrowser", "小米浏览器"),
    ("QQBrowser", "QQ浏览器"),
    ("UCBrowser", "UC浏览器"),
    ("360SE", "360浏览器"),
    ("Edg", "Edge"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
];

/// The same of systems.
const SYSTEMS: [(&str, &str); 9] = [
    ("HarmonyOS", "鸿蒙"),
    ("OpenHarmony", "鸿蒙"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "安卓"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
];

/// Browser and system that the request names, such as `Chrome（Windows）`; empty where it names
/// neither. Nothing else of what a browser tells about itself is kept.
#[must_use]
pub fn of_request(headers: &HeaderMap) -> String {
    let agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let named = |names: &[(&str, &'static str)]| {
        names.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, title)| *title)
    };
    match (named(&BROWSERS), named(&SYSTEMS)) {
        (Some(browser), Some(system)) => format!("{browser}（{system}）"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderValue, header};

    use super::of_request;

    #[test]
    fn browsers_and_systems_by_their_names() {
        let named = |agent: &'static str| {
            of_request(&HeaderMap::from_iter([(header::USER_AGENT, HeaderValue::from_static(agent))]))
        };
        let edge = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36 Edg/120.0.0.0";
        assert_eq!(named(edge), "Edge（Windows）");
        let phone = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 MicroMessenger/8.0.40";
        assert_eq!(named(phone), "微信（iPhone）");
        let harmony = "Mozilla/5.0 (Linux; Android 12; HarmonyOS; NOH-AN00) AppleWebKit/537.36 Chrome/99.0.4844.88 HuaweiBrowser/13.0 Mobile Safari/537.36";
        assert_eq!(named(harmony), "华为浏览器（鸿蒙）");
        assert_eq!(named("curl/8.4.0"), "");
        assert_eq!(of_request(&HeaderMap::new()), "");
    }
}
