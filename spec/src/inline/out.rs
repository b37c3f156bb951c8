//! Where a walk through a graph writes to: twice the same walk, first to the pools, then to the lists.

use super::{Place, Room};
use crate::graph::{Inner, Node, Param};

/// Where a walk writes to, and how far it is. What is empty is not written.
pub(super) struct Out<'a> {
    pub(super) at: Room,
    pub(super) pools: Option<(&'a mut [usize], &'a mut [u8])>,
    pub(super) made: Made,
    pub(super) lists: Option<(&'a mut [Node], &'a mut [Param])>,
    /// The number that the value of each node gets.
    pub(super) values: &'a mut [usize],
}

/// The pools of an earlier walk.
#[derive(Clone, Copy)]
pub(super) struct Made {
    pub(super) inputs: &'static [usize],
    pub(super) text: &'static [u8],
}

/// The names of the layers around a node.
#[derive(Clone, Copy)]
pub(super) struct Prefix<'a> {
    pub(super) outer: Option<&'a Prefix<'a>>,
    pub(super) name: &'a str,
    /// The number of one of several, which stands for the name.
    pub(super) index: Option<usize>,
}

impl Out<'_> {
    pub(super) const fn new() -> Self {
        let at = Room { nodes: 0, params: 0, inputs: 0, text: 0, values: 0, own: 0 };
        let made = Made { inputs: &[], text: &[] };
        Out { at, pools: None, made, lists: None, values: &mut [] }
    }

    /// A name behind its prefix and a dot.
    pub(super) const fn name(
        &mut self,
        prefix: Option<&Prefix<'_>>,
        name: &'static str,
    ) -> &'static str {
        match prefix {
            None => name,
            Some(_) => self.path(Some(&Prefix { outer: prefix, name, index: None })),
        }
    }

    /// All names of a prefix, with dots between.
    pub(super) const fn path(&mut self, prefix: Option<&Prefix<'_>>) -> &'static str {
        let Some(prefix) = prefix else { return "" };
        let (from, len) = (self.at.text, prefix.len());
        self.at.text += len;
        if let Some((_, text)) = &mut self.pools {
            prefix.write(text, from);
        }
        part(self.made.text, from, len)
    }

    /// Adds the inputs of a node, as values of the outermost graph.
    pub(super) const fn inputs(
        &mut self,
        node: &Node,
        values: usize,
        place: Place<'_>,
        own_inputs: usize,
    ) {
        let mut i = 0;
        while i < node.inputs.len() {
            let value = self.value(node.inputs[i], values, place, own_inputs);
            self.input(value);
            i += 1;
        }
    }

    /// The number of a value in the outermost graph.
    pub(super) const fn value(
        &self,
        value: usize,
        values: usize,
        place: Place<'_>,
        inputs: usize,
    ) -> usize {
        if value < inputs {
            return if place.prefix.is_none() { value } else { place.input };
        }
        if self.values.is_empty() { 0 } else { self.values[values + value - inputs] }
    }

    /// Adds one input of a node.
    pub(super) const fn input(&mut self, value: usize) {
        if let Some((inputs, _)) = &mut self.pools {
            inputs[self.at.inputs] = value;
        }
        self.at.inputs += 1;
    }

    /// Adds a node behind its inputs.
    pub(super) const fn node(&mut self, node: Node) {
        let inputs = slice(self.made.inputs, self.at.inputs - node.inputs.len(), node.inputs.len());
        if let Some((nodes, _)) = &mut self.lists {
            nodes[self.at.nodes] = Node { inputs, ..node };
        }
        self.at.nodes += 1;
    }

    /// The next application of a layer of the user's.
    pub(super) const fn own(&mut self) -> Inner {
        self.at.own += 1;
        Inner::Own(self.at.own - 1)
    }

    /// Adds parameters from number `at` on.
    pub(super) const fn params(
        &mut self,
        prefix: Option<&Prefix<'_>>,
        params: &[Param],
        at: usize,
    ) {
        let mut i = 0;
        while i < params.len() {
            let name = self.name(prefix, params[i].name);
            if let Some((_, all)) = &mut self.lists {
                all[at + i] = Param { name, ..params[i] };
            }
            self.at.params += 1;
            i += 1;
        }
    }
}

impl Prefix<'_> {
    /// Bytes of `encoder.blocks.10`
    const fn len(&self) -> usize {
        let own = match self.index {
            Some(index) => digits(index),
            None => self.name.len(),
        };
        match self.outer {
            Some(outer) => outer.len() + 1 + own,
            None => own,
        }
    }

    /// Writes it; returns where it ends.
    const fn write(&self, to: &mut [u8], mut at: usize) -> usize {
        if let Some(outer) = self.outer {
            at = outer.write(to, at);
            at = append(to, at, ".");
        }
        let Some(mut index) = self.index else { return append(to, at, self.name) };
        let end = at + digits(index);
        at = end;
        loop {
            at -= 1;
            to[at] = b'0' + (index % 10) as u8;
            index /= 10;
            if index == 0 {
                return end;
            }
        }
    }
}

const fn digits(n: usize) -> usize {
    if n < 10 { 1 } else { 1 + digits(n / 10) }
}

const fn append(to: &mut [u8], at: usize, text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut i = 0;
    while i < bytes.len() {
        to[at + i] = bytes[i];
        i += 1;
    }
    at + bytes.len()
}

/// `len` elements from `from` on; none where there is nothing.
pub(super) const fn slice<T>(all: &[T], from: usize, len: usize) -> &[T] {
    if all.len() < from + len { &[] } else { all.split_at(from).1.split_at(len).0 }
}

const fn part(all: &'static [u8], from: usize, len: usize) -> &'static str {
    match std::str::from_utf8(slice(all, from, len)) {
        Ok(text) => text,
        Err(_) => "",
    }
}
