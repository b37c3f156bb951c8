//! JSON, as much of it as headers of files need: values as a tree, and texts in their quotes.
//!
//! It is read here rather than by `serde_json`, whose seven seconds of CPU every program that
//! depends on netwright would wait for; that crate is the referee in the tests.

use std::fmt::Write as _;

/// Deeper lists and tables are refused, so that a file cannot exhaust the stack.
const DEEPEST: usize = 100;

/// A value.
#[derive(Debug, PartialEq)]
pub(super) enum Json {
    /// `null`, `true` or `false`.
    Word(&'static str),
    /// A number as it is written.
    Number(String),
    Text(String),
    List(Vec<Json>),
    /// As it is written.
    Table(Vec<(String, Json)>),
}

impl Json {
    /// The one value that a file holds.
    pub(super) fn parse(bytes: &[u8]) -> Result<Json, String> {
        let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
        let mut reader = Reader { text, at: 0 };
        let value = reader.value(DEEPEST)?;
        reader.space();
        if reader.at == text.len() { Ok(value) } else { Err(reader.wrong("the end")) }
    }

    /// An entry of a table; of equal names the last one counts.
    pub(super) fn get(&self, name: &str) -> Option<&Json> {
        match self {
            Json::Table(entries) => {
                entries.iter().rfind(|(found, _)| found == name).map(|(_, value)| value)
            }
            _ => None,
        }
    }

    pub(super) fn as_text(&self) -> Option<&str> {
        match self {
            Json::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A list of integers that are sizes.
    pub(super) fn as_sizes(&self) -> Option<Vec<usize>> {
        let Json::List(items) = self else { return None };
        let size = |item: &Json| match item {
            Json::Number(digits) => digits.parse().ok(),
            _ => None,
        };
        items.iter().map(size).collect()
    }
}

/// A text in its quotes.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            // Writing to a string cannot fail.
            '\0'..='\u{1f}' => drop(write!(out, "\\u{:04x}", u32::from(c))),
            _ => out.push(c),
        }
    }
    out.push('"');
    out
}

struct Reader<'a> {
    text: &'a str,
    /// The next byte.
    at: usize,
}

impl Reader<'_> {
    fn wrong(&self, expected: &str) -> String {
        format!("byte {} of its header is wrong: {expected} is expected", self.at)
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    fn value(&mut self, depth: usize) -> Result<Json, String> {
        self.space();
        match self.peek() {
            Some(b'{' | b'[') if depth == 0 => Err(self.wrong("less depth")),
            Some(b'{') => self.table(depth - 1),
            Some(b'[') => self.list(depth - 1),
            Some(b'"') => self.text().map(Json::Text),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => self.word(),
        }
    }

    fn table(&mut self, depth: usize) -> Result<Json, String> {
        let mut entries = Vec::new();
        self.items(b'}', |reader| {
            reader.space();
            let name = reader.text()?;
            reader.space();
            if !reader.eat(b':') {
                return Err(reader.wrong("`:`"));
            }
            entries.push((name, reader.value(depth)?));
            Ok(())
        })?;
        Ok(Json::Table(entries))
    }

    fn list(&mut self, depth: usize) -> Result<Json, String> {
        let mut items = Vec::new();
        self.items(b']', |reader| {
            items.push(reader.value(depth)?);
            Ok(())
        })?;
        Ok(Json::List(items))
    }

    /// What stands between brackets, with a comma between two.
    fn items(
        &mut self,
        end: u8,
        mut item: impl FnMut(&mut Self) -> Result<(), String>,
    ) -> Result<(), String> {
        self.at += 1;
        self.space();
        if self.eat(end) {
            return Ok(());
        }
        loop {
            item(self)?;
            self.space();
            if self.eat(end) {
                return Ok(());
            }
            if !self.eat(b',') {
                return Err(self.wrong("a comma or a closing bracket"));
            }
        }
    }

    fn word(&mut self) -> Result<Json, String> {
        let rest = &self.text[self.at..];
        let found = ["null", "true", "false"].into_iter().find(|word| rest.starts_with(word));
        let word = found.ok_or_else(|| self.wrong("a value"))?;
        self.at += word.len();
        Ok(Json::Word(word))
    }

    fn number(&mut self) -> Result<Json, String> {
        let from = self.at;
        self.eat(b'-');
        if !self.eat(b'0') {
            self.digits()?;
        }
        if self.eat(b'.') {
            self.digits()?;
        }
        if self.eat(b'e') || self.eat(b'E') {
            let _ = self.eat(b'+') || self.eat(b'-');
            self.digits()?;
        }
        Ok(Json::Number(self.text[from..self.at].to_string()))
    }

    /// At least one.
    fn digits(&mut self) -> Result<(), String> {
        let from = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        if self.at > from { Ok(()) } else { Err(self.wrong("a digit")) }
    }

    fn text(&mut self) -> Result<String, String> {
        if !self.eat(b'"') {
            return Err(self.wrong("a text"));
        }
        let mut out = String::new();
        loop {
            let from = self.at;
            while self.peek().is_some_and(|byte| byte >= b' ' && byte != b'"' && byte != b'\\') {
                self.at += 1;
            }
            // All bytes of a longer character are above these, so this cuts between characters.
            out.push_str(&self.text[from..self.at]);
            match self.peek() {
                Some(b'"') => break self.at += 1,
                Some(b'\\') => out.push(self.escape()?),
                _ => return Err(self.wrong("the text's end")),
            }
        }
        Ok(out)
    }

    fn escape(&mut self) -> Result<char, String> {
        self.at += 2;
        Ok(match self.text.as_bytes().get(self.at - 1) {
            Some(&same @ (b'"' | b'\\' | b'/')) => char::from(same),
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'u') => return self.unicode(),
            _ => {
                self.at -= 1;
                return Err(self.wrong("an escape"));
            }
        })
    }

    /// A character by its number in UTF-16: one or two units of four digits.
    fn unicode(&mut self) -> Result<char, String> {
        let mut units = vec![self.unit()?];
        if matches!(units[0], 0xd800..0xdc00) && self.eat(b'\\') && self.eat(b'u') {
            units.push(self.unit()?);
        }
        match char::decode_utf16(units).next() {
            Some(Ok(c)) => Ok(c),
            _ => Err(self.wrong("another half of a character")),
        }
    }

    fn unit(&mut self) -> Result<u16, String> {
        let digits = self.text.get(self.at..self.at + 4).unwrap_or_default();
        let all = digits.len() == 4 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        let unit = u16::from_str_radix(digits, 16).ok().filter(|_| all);
        let unit = unit.ok_or_else(|| self.wrong("four hexadecimal digits"))?;
        self.at += 4;
        Ok(unit)
    }
}

#[cfg(test)]
mod tests;
