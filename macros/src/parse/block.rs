//! The blocks: `Residual`, `Parallel` and `Repeat`.

use proc_macro2::{Delimiter, Group, Ident};

use super::chain::{chain, filled_chain, is_blank, step};
use super::cursor::Cursor;
use super::{names, size};
use crate::ast::{Chain, SizeExpr, SizeKind, StepKind};
use crate::diag::Errors;

/// Takes a block if one comes next.
pub(super) fn block(cursor: &mut Cursor, errors: &mut Errors) -> Option<StepKind> {
    if cursor.is_pair(1, ':', ':') {
        return None;
    }
    let read = match cursor.word(0)?.to_string().as_str() {
        "Residual" => residual,
        "Parallel" => parallel,
        "Repeat" => repeat,
        _ => return None,
    };
    let keyword = cursor.take_word()?;
    Some(read(keyword, cursor, errors).unwrap_or(StepKind::Error))
}

fn residual(keyword: Ident, cursor: &mut Cursor, errors: &mut Errors) -> Option<StepKind> {
    let group = braces(&keyword, "Residual { Conv2d<64, 3>, Relu }", cursor, errors)?;
    let body = filled_chain(&group, "a branch", errors);
    let mut skip = None;
    if cursor.is_word(0, "skip") {
        let word = cursor.take_word()?;
        let group = braces(&word, "skip { Conv2d<64, 1> }", cursor, errors)?;
        let help = "leave `skip` out: then the input itself is added";
        skip = Some(helped_chain(&group, "`skip`", help, errors));
    }
    Some(StepKind::Residual { keyword, body, skip })
}

/// A chain that needs at least one layer; `help` tells whoever wants none what to write instead.
fn helped_chain(group: &Group, what: &str, help: &str, errors: &mut Errors) -> Chain {
    let mut chain = chain(group, errors);
    if is_blank(&chain) {
        chain.poisoned = true;
        errors.push_help(chain.span, format!("{what} needs at least one layer"), help);
    }
    chain
}

/// Takes the braces of a block, or reports at its word that they are missing.
fn braces(word: &Ident, help: &str, cursor: &mut Cursor, errors: &mut Errors) -> Option<Group> {
    let group = cursor.take_group(Delimiter::Brace);
    if group.is_none() {
        let text = format!("expected layers in braces behind `{word}`, found {}", cursor.found());
        errors.push_help(word.span(), text, format!("write `{help}`"));
    }
    group
}

fn parallel(keyword: Ident, cursor: &mut Cursor, errors: &mut Errors) -> Option<StepKind> {
    let help = "Parallel { { Conv2d<8, 3> }, { Conv2d<8, 5> } }";
    let group = braces(&keyword, help, cursor, errors)?;
    let before = errors.count();
    let mut reader = Branches { cursor: Cursor::inside(&group), found: Vec::new(), bare: false };
    while !reader.cursor.is_empty() {
        reader.branch(errors);
        reader.separator(errors);
    }
    let branches = reader.found;
    if branches.len() < 2 && errors.count() == before {
        let text = format!("`Parallel` needs at least two branches, found {}", branches.len());
        errors.push_help(keyword.span(), text, format!("write `{help}`"));
    }
    Some(StepKind::Parallel { keyword, branches })
}

/// Reads the branches of a `Parallel`.
struct Branches {
    cursor: Cursor,
    found: Vec<Chain>,
    /// A branch without braces was reported: whoever leaves them out does so everywhere.
    bare: bool,
}

impl Branches {
    fn branch(&mut self, errors: &mut Errors) {
        self.branch_name(errors);
        if let Some(group) = self.cursor.take_group(Delimiter::Brace) {
            let help = "the value itself is joined in a graph: `concat(x, (x => Conv2d<8, 3>))`";
            self.found.push(helped_chain(&group, "a branch", help, errors));
        } else if names::starts_path(&self.cursor, 0) || self.cursor.is_colon(1) {
            self.bare_layer(errors);
        } else if !self.bare {
            let text = format!("expected a branch in braces, found {}", self.cursor.found());
            errors.push(self.cursor.span(), text);
            self.bare = true;
        }
    }

    fn branch_name(&mut self, errors: &mut Errors) {
        if self.cursor.is_colon(1) && self.cursor.group(2, Delimiter::Brace).is_some() {
            let text = format!("a branch has no name, found {}", self.cursor.found());
            errors.push_help(self.cursor.span(), text, "name the layers in it");
            self.cursor.take(2);
        }
    }

    /// A layer that lacks the braces of its branch: taken for a branch of its own.
    fn bare_layer(&mut self, errors: &mut Errors) {
        let span = self.cursor.span();
        if !self.bare {
            let help = "`Parallel { { Conv2d<8, 3> }, { Conv2d<8, 5> } }`";
            errors.push_help(span, "each branch of `Parallel` stands in its own braces", help);
            self.bare = true;
        }
        let steps = vec![step(&mut self.cursor, errors)];
        self.found.push(Chain { steps, span, poisoned: true });
    }

    /// Goes on behind the next `,`. What stands before it is one mistake.
    fn separator(&mut self, errors: &mut Errors) {
        let is_branch = |cursor: &Cursor| cursor.group(0, Delimiter::Brace).is_some();
        if self.cursor.is_empty() || self.cursor.take_sign(',').is_some() {
            return;
        }
        if !self.bare {
            let text = format!("expected `,` between branches, found {}", self.cursor.found());
            errors.push(self.cursor.span(), text);
        }
        while !self.cursor.is_empty() && !is_branch(&self.cursor) {
            let separator = self.cursor.is(0, ',') || self.cursor.is(0, ';');
            self.cursor.skip_one();
            if separator {
                return;
            }
        }
    }
}

fn repeat(keyword: Ident, cursor: &mut Cursor, errors: &mut Errors) -> Option<StepKind> {
    let count = count(&keyword, cursor, errors);
    if count.is_none() {
        // One mistake: what stands in the place of the count is not reported again.
        while !cursor.is_empty()
            && !cursor.is(0, ',')
            && cursor.group(0, Delimiter::Brace).is_none()
        {
            cursor.skip_one();
        }
        cursor.group(0, Delimiter::Brace)?;
    }
    let group = braces(&keyword, "Repeat<6> { Linear<64>, Relu }", cursor, errors)?;
    let place = keyword.span().into();
    let count = count.unwrap_or(SizeExpr { kind: SizeKind::Error, place });
    let body = filled_chain(&group, "`Repeat`", errors);
    Some(StepKind::Repeat { count, body })
}

fn count(keyword: &Ident, cursor: &mut Cursor, errors: &mut Errors) -> Option<SizeExpr> {
    let len = if cursor.is(0, '<') { cursor.angle_len() } else { None };
    let sizes = match len {
        Some(len) => size::list(cursor.take(len + 2).between(), errors, "a size", size::size),
        None => Vec::new(),
    };
    match <[SizeExpr; 1]>::try_from(sizes) {
        Ok([count]) => Some(count),
        Err(sizes) => {
            let text = format!("`Repeat` needs one count, found {}", sizes.len());
            errors.push_help(keyword.span(), text, "write `Repeat<6> { … }`");
            None
        }
    }
}
