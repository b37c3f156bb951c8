//! A place in a token list: looking ahead, taking, and skipping to where parsing can go on.
//!
//! syn's `ParseStream` stops at the first error; a recovering parser wants to look at any token
//! ahead and to cut a list at its commas before it reads the items.

use std::rc::Rc;

use crate::diag::Extent;
use proc_macro2::{Delimiter, Group, Ident, Punct, Spacing, Span, TokenStream, TokenTree};

/// A position in a list of tokens. Clones are cheap: the list is shared.
#[derive(Clone)]
pub(super) struct Cursor {
    tokens: Rc<[TokenTree]>,
    at: usize,
    until: usize,
    end: Span,
}

impl Cursor {
    /// The start of `tokens`; `end` is where a missing last token is reported.
    pub(super) fn new(tokens: TokenStream, end: Span) -> Self {
        let mut flat = Vec::new();
        flatten(tokens, &mut flat);
        Cursor { at: 0, until: flat.len(), tokens: flat.into(), end }
    }

    /// The start of what stands between the brackets of `group`.
    pub(super) fn inside(group: &Group) -> Self {
        Cursor::new(group.stream(), group.span_close())
    }

    /// Whether no token is left.
    pub(super) fn is_empty(&self) -> bool {
        self.at >= self.until
    }

    /// The number of tokens left.
    pub(super) fn len(&self) -> usize {
        self.until.saturating_sub(self.at)
    }

    /// The token `ahead` places from here.
    pub(super) fn peek(&self, ahead: usize) -> Option<&TokenTree> {
        self.tokens[..self.until].get(self.at + ahead)
    }

    /// Takes a token.
    pub(super) fn next(&mut self) -> Option<TokenTree> {
        let token = self.peek(0).cloned()?;
        self.at += 1;
        Some(token)
    }

    /// The next token's span, or the end's.
    pub(super) fn span(&self) -> Span {
        self.peek(0).map_or(self.end, TokenTree::span)
    }

    /// All tokens left, or where the next one is missing.
    pub(super) fn place(&self) -> Extent {
        let last = self.len().checked_sub(1).and_then(|last| self.peek(last));
        Extent { start: self.span(), end: last.map_or(self.end, TokenTree::span) }
    }

    /// The tokens left.
    pub(super) fn stream(&self) -> TokenStream {
        self.tokens[self.at.min(self.until)..self.until].iter().cloned().collect()
    }

    /// Skips all that is left.
    pub(super) fn skip_all(&mut self) {
        self.at = self.until;
    }

    /// The part of `start` that lies before this place.
    pub(super) fn since(&self, start: &Cursor) -> Cursor {
        Cursor { until: self.at, ..start.clone() }
    }

    /// Takes `count` tokens as a list of their own.
    pub(super) fn take(&mut self, count: usize) -> Cursor {
        let until = (self.at + count).min(self.until);
        let end = self.tokens[..self.until].get(until).map_or(self.end, TokenTree::span);
        let part = Cursor { until, end, ..self.clone() };
        self.at = until;
        part
    }

    /// Without its first and last token, the brackets of `<…>`.
    pub(super) fn between(self) -> Cursor {
        let until = self.until.saturating_sub(1);
        let end = self.tokens.get(until).map_or(self.end, TokenTree::span);
        Cursor { at: (self.at + 1).min(until), until, end, ..self }
    }

    fn punct(&self, ahead: usize) -> Option<&Punct> {
        match self.peek(ahead) {
            Some(TokenTree::Punct(punct)) => Some(punct),
            _ => None,
        }
    }

    /// Whether the sign `ahead` is `sign`.
    pub(super) fn is(&self, ahead: usize, sign: char) -> bool {
        self.punct(ahead).is_some_and(|punct| punct.as_char() == sign)
    }

    /// Whether the two signs `ahead` are one, such as `->`, `=>` or `::`. A `>` behind a name is
    /// not joined to what precedes it, so that `<3>,` and `<3>->` come out right.
    pub(super) fn is_pair(&self, ahead: usize, first: char, second: char) -> bool {
        let joint = |punct: &Punct| punct.as_char() == first && punct.spacing() == Spacing::Joint;
        self.punct(ahead).is_some_and(joint) && self.is(ahead + 1, second)
    }

    /// Whether a single `:` stands there, not a `::`.
    pub(super) fn is_colon(&self, ahead: usize) -> bool {
        self.is(ahead, ':') && !self.is_pair(ahead, ':', ':')
    }

    /// Whether a single `=` stands there, not `==` or `=>`.
    pub(super) fn is_equals(&self, ahead: usize) -> bool {
        self.is(ahead, '=') && !self.is_pair(ahead, '=', '=') && !self.is_pair(ahead, '=', '>')
    }

    /// The word `ahead`.
    pub(super) fn word(&self, ahead: usize) -> Option<&Ident> {
        match self.peek(ahead) {
            Some(TokenTree::Ident(word)) => Some(word),
            _ => None,
        }
    }

    /// Whether the word `ahead` is `text`.
    pub(super) fn is_word(&self, ahead: usize, text: &str) -> bool {
        self.word(ahead).is_some_and(|word| word == text)
    }

    /// The group `ahead` with these brackets.
    pub(super) fn group(&self, ahead: usize, brackets: Delimiter) -> Option<&Group> {
        match self.peek(ahead) {
            Some(TokenTree::Group(group)) if group.delimiter() == brackets => Some(group),
            _ => None,
        }
    }

    /// Takes `sign` if it comes next.
    pub(super) fn take_sign(&mut self, sign: char) -> Option<Span> {
        let span = self.span();
        self.is(0, sign).then(|| {
            self.at += 1;
            span
        })
    }

    /// Takes a sign of two characters if it comes next.
    pub(super) fn take_pair(&mut self, first: char, second: char) -> Option<Extent> {
        self.is_pair(0, first, second).then(|| self.take(2).place())
    }

    /// Takes a word if one comes next.
    pub(super) fn take_word(&mut self) -> Option<Ident> {
        let word = self.word(0).cloned()?;
        self.at += 1;
        Some(word)
    }

    /// Takes a group with these brackets if one comes next.
    pub(super) fn take_group(&mut self, brackets: Delimiter) -> Option<Group> {
        let group = self.group(0, brackets).cloned()?;
        self.at += 1;
        Some(group)
    }

    /// How many tokens lie between a `<` that comes next and its `>`. None if it has no `>` before
    /// the end, a `;` or an arrow.
    pub(super) fn angle_len(&self) -> Option<usize> {
        let (mut depth, mut ahead) = (0_usize, 0);
        while self.peek(ahead).is_some() {
            if self.is(ahead, ';') || self.is_pair(ahead, '-', '>') || self.is_pair(ahead, '=', '>')
            {
                return None;
            }
            depth += usize::from(self.is(ahead, '<'));
            depth = depth.saturating_sub(usize::from(self.is(ahead, '>')));
            if depth == 0 {
                return ahead.checked_sub(1);
            }
            ahead += 1;
        }
        None
    }

    /// Skips a token, or all of `<…>`.
    pub(super) fn skip_one(&mut self) {
        let angles = if self.is(0, '<') { self.angle_len() } else { None };
        self.at = self.until.min(self.at + angles.map_or(1, |len| len + 2));
    }

    /// Cuts what is left at its commas; the empty part behind a trailing comma is dropped.
    pub(super) fn split(mut self) -> Vec<Cursor> {
        let mut parts = Vec::new();
        while !self.is_empty() {
            let mut ahead = self.clone();
            while !ahead.is_empty() && !ahead.is(0, ',') {
                ahead.skip_one();
            }
            parts.push(self.take(ahead.at - self.at));
            self.take_sign(',');
        }
        parts
    }

    /// What comes next, for a message: `` `@` `` or `the end`.
    pub(super) fn found(&self) -> String {
        const PAIRS: [(char, char); 4] = [('-', '>'), ('=', '>'), (':', ':'), ('=', '=')];
        match self.peek(0) {
            None => "the end".to_string(),
            Some(TokenTree::Group(group)) => format!("`{}`", opening(group)),
            Some(TokenTree::Punct(punct)) => {
                let pair = PAIRS.iter().find(|(first, second)| self.is_pair(0, *first, *second));
                pair.map_or_else(
                    || format!("`{punct}`"),
                    |(first, second)| format!("`{first}{second}`"),
                )
            }
            Some(token) => format!("`{}`", short(&token.to_string())),
        }
    }

    /// The tokens left as text for a message.
    pub(super) fn text(&self) -> String {
        short(&self.stream().to_string().replace(" ,", ","))
    }
}

fn opening(group: &Group) -> String {
    match group.delimiter() {
        Delimiter::Parenthesis => "(".to_string(),
        Delimiter::Brace => "{".to_string(),
        Delimiter::Bracket => "[".to_string(),
        Delimiter::None => short(&group.stream().to_string()),
    }
}

/// A message stays readable whatever was written.
fn short(text: &str) -> String {
    const LONGEST: usize = 40;
    if text.chars().count() <= LONGEST {
        return text.to_string();
    }
    text.chars().take(LONGEST).chain(['…']).collect()
}

/// The compiler puts what a `macro_rules!` passes on into brackets that nobody wrote. They are
/// taken off, except from an expression, which they hold together.
fn flatten(tokens: TokenStream, flat: &mut Vec<TokenTree>) {
    for token in tokens {
        match token {
            TokenTree::Group(group) if is_transparent(&group) => flatten(group.stream(), flat),
            token => flat.push(token),
        }
    }
}

fn is_transparent(group: &Group) -> bool {
    let operator =
        |token| matches!(token, TokenTree::Punct(sign) if "+-*/%&|^".contains(sign.as_char()));
    group.delimiter() == Delimiter::None && !group.stream().into_iter().any(operator)
}
