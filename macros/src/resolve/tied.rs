//! Arguments that name another layer.

use super::Resolver;
use netwright_spec::ArgDef;
use netwright_spec::problem::did_you_mean;
use syn::Ident;
use syn::ext::IdentExt;

impl Resolver<'_> {
    /// The name of the layer that a word means: one that comes before.
    pub(super) fn other_layer(&mut self, def: &ArgDef, word: &Ident) -> Option<String> {
        // A shared layer has the name of its first application, whatever that is after a mistake.
        let shared = self.shared.iter().find(|shared| shared.is(&word.unraw().to_string()));
        let first = shared.and_then(|shared| self.net.nodes.get(shared.first?));
        let name = first.map_or_else(|| self.names.meant(word), |node| node.name.clone());
        if self.net.nodes.iter().any(|node| node.name == name) {
            return Some(name);
        }
        let text = format!("no layer before this one is called `{word}`");
        let help = self.no_layer(def, word);
        self.errors.push_help(word.span(), text, help);
        None
    }

    /// What is said of a name that no layer has.
    fn no_layer(&self, def: &ArgDef, word: &Ident) -> String {
        let text = word.unraw().to_string();
        if self.is_shared(word) {
            return format!("apply it before: `value => {word}`");
        }
        if self.is_value(&text) {
            return format!("it is a value; a layer has its name in front: `{word}: Linear<64>`");
        }
        let known = self.net.nodes.iter().filter(|node| node.def.is_some());
        match did_you_mean(&text, known.map(|node| node.name.as_str())) {
            Some(close) => format!("did you mean `{close}`?"),
            None => format!(
                "the layer whose `{}` it is comes first, with its name in front: `{word}: Linear<64>`",
                def.name
            ),
        }
    }
}
