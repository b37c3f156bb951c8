use netwright::prelude::*;

network! {
    struct Net([4]) { Linear<1> }
}

fn main() {
    let mut net = Net::seeded(&Cpu::default(), 0);
    // A match gives back what it was given.
    let table = StateDict::new("net.safetensors").renamed(|name| match name {
        "linear_1.weight" => "fc.weight",
        name => name,
    });
    let constant = StateDict::new("net.safetensors").renamed(|_| "weight");
    net.load(table).unwrap();
    net.load(constant).unwrap();
}
