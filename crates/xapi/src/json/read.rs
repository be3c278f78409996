//! Reading JSON, in one pass over its bytes.

use std::borrow::Cow;
use std::collections::HashSet;

use super::{JsonError, Object, Value};

/// Levels of lists and objects within each other.
const DEPTH: usize = 64;
/// Properties from which on names are looked up in a set rather than compared with each other.
const MANY: usize = 16;

/// Reads `text` as one value.
pub fn value(text: &str) -> Result<Value<'_>, JsonError> {
    let mut reader = Reader { text, bytes: text.as_bytes(), at: 0 };
    reader.space();
    let value = reader.value(0)?;
    reader.space();
    if reader.at < reader.bytes.len() { Err(reader.wrong("more after the value")) } else { Ok(value) }
}

struct Reader<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    const fn wrong(&self, problem: &'static str) -> JsonError {
        JsonError { at: self.at, problem }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    fn word(&mut self, word: &'static str, value: Value<'a>) -> Result<Value<'a>, JsonError> {
        if !self.bytes[self.at..].starts_with(word.as_bytes()) {
            return Err(self.wrong("a value was expected"));
        }
        self.at += word.len();
        Ok(value)
    }

    fn value(&mut self, depth: usize) -> Result<Value<'a>, JsonError> {
        match self.peek() {
            Some(b'"') => self.string().map(Value::Text),
            Some(b'{' | b'[') if depth == DEPTH => Err(self.wrong("more than 64 levels")),
            Some(b'{') => self.members(depth).map(Value::Object),
            Some(b'[') => self.list(depth).map(Value::List),
            Some(b't') => self.word("true", Value::Bool(true)),
            Some(b'f') => self.word("false", Value::Bool(false)),
            Some(b'n') => self.word("null", Value::Null),
            Some(b'-' | b'0'..=b'9') => self.number().map(Value::Number),
            Some(_) => Err(self.wrong("a value was expected")),
            None => Err(self.wrong("the text ends within a value")),
        }
    }

    fn list(&mut self, depth: usize) -> Result<Vec<Value<'a>>, JsonError> {
        let mut values = Vec::new();
        self.at += 1;
        self.space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(values);
        }
        loop {
            self.space();
            values.push(self.value(depth + 1)?);
            self.space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    return Ok(values);
                }
                _ => return Err(self.wrong("`,` or `]` was expected")),
            }
        }
    }

    fn members(&mut self, depth: usize) -> Result<Object<'a>, JsonError> {
        let mut object: Object<'a> = Vec::new();
        let mut names: HashSet<Cow<'a, str>> = HashSet::new();
        self.at += 1;
        self.space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(object);
        }
        loop {
            self.space();
            let begin = self.at;
            if self.peek() != Some(b'"') {
                return Err(self.wrong("the name of a property was expected"));
            }
            let name = self.string()?;
            let known = if object.len() < MANY {
                object.iter().any(|(known, _)| *known == name)
            } else {
                if names.is_empty() {
                    names.extend(object.iter().map(|(known, _)| known.clone()));
                }
                !names.insert(name.clone())
            };
            if known {
                return Err(JsonError { at: begin, problem: "a property is named twice" });
            }
            self.space();
            if self.peek() != Some(b':') {
                return Err(self.wrong("`:` was expected"));
            }
            self.at += 1;
            self.space();
            object.push((name, self.value(depth + 1)?));
            self.space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(object);
                }
                _ => return Err(self.wrong("`,` or `}` was expected")),
            }
        }
    }

    fn digits(&mut self) -> Result<(), JsonError> {
        let begin = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == begin { Err(self.wrong("a digit was expected")) } else { Ok(()) }
    }

    fn number(&mut self) -> Result<&'a str, JsonError> {
        let begin = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(&self.text[begin..self.at])
    }

    fn string(&mut self) -> Result<Cow<'a, str>, JsonError> {
        self.at += 1;
        let begin = self.at;
        while let Some(byte) = self.peek() {
            match byte {
                b'"' => {
                    let text = &self.text[begin..self.at];
                    self.at += 1;
                    return Ok(Cow::Borrowed(text));
                }
                b'\\' => return self.escaped(begin).map(Cow::Owned),
                0..0x20 => return Err(self.wrong("a control character has to be escaped")),
                _ => self.at += 1,
            }
        }
        Err(self.wrong("the text ends within a string"))
    }

    /// The rest of a string that began at `begin` and has an escape where the reader stands.
    fn escaped(&mut self, begin: usize) -> Result<String, JsonError> {
        let mut out = self.text[begin..self.at].to_owned();
        let mut plain = self.at;
        while let Some(byte) = self.peek() {
            match byte {
                b'"' => {
                    out.push_str(&self.text[plain..self.at]);
                    self.at += 1;
                    return Ok(out);
                }
                b'\\' => {
                    out.push_str(&self.text[plain..self.at]);
                    self.at += 1;
                    out.push(self.escape()?);
                    plain = self.at;
                }
                0..0x20 => return Err(self.wrong("a control character has to be escaped")),
                _ => self.at += 1,
            }
        }
        Err(self.wrong("the text ends within a string"))
    }

    fn escape(&mut self) -> Result<char, JsonError> {
        let byte = self.peek();
        self.at += 1;
        Ok(match byte {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                let first = self.four()?;
                if (0xd800..0xdc00).contains(&first) {
                    if !self.bytes[self.at..].starts_with(b"\\u") {
                        return Err(self.wrong("half of a surrogate pair"));
                    }
                    self.at += 2;
                    let second = self.four()?;
                    if !(0xdc00..0xe000).contains(&second) {
                        return Err(self.wrong("half of a surrogate pair"));
                    }
                    let code = 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00);
                    char::from_u32(code).ok_or_else(|| self.wrong("no character"))?
                } else {
                    char::from_u32(first).ok_or_else(|| self.wrong("half of a surrogate pair"))?
                }
            }
            _ => return Err(self.wrong("no such escape")),
        })
    }

    fn four(&mut self) -> Result<u32, JsonError> {
        let digits = self.bytes.get(self.at..self.at + 4).ok_or_else(|| self.wrong("four digits"))?;
        let mut code = 0;
        for digit in digits {
            let digit = char::from(*digit).to_digit(16).ok_or_else(|| self.wrong("four digits"))?;
            code = code * 16 + digit;
        }
        self.at += 4;
        Ok(code)
    }
}
