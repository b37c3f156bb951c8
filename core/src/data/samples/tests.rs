use super::*;

fn numbered(len: usize) -> Dataset {
    let column = || Column::labels((0..len).collect());
    Dataset::new(column(), column()).unwrap()
}

fn numbers(batches: Batches<'_>) -> Vec<Vec<usize>> {
    batches.map(|b| b.unwrap().inputs[0].as_indices().unwrap().to_vec()).collect()
}

#[test]
fn the_last_batch_is_smaller() {
    let set = numbered(5);
    assert_eq!(numbers(set.batches(2).unwrap()), [vec![0, 1], vec![2, 3], vec![4]]);
    assert_eq!(numbers(set.batches(9).unwrap()), [vec![0, 1, 2, 3, 4]]);
    assert_eq!(numbered(0).batches(2).unwrap().count(), 0);
    let mut batches = set.batches(2).unwrap();
    assert_eq!(batches.len(), 3);
    batches.next();
    assert_eq!(batches.len(), 2);
}

#[test]
fn a_batch_of_size_0_is_refused() {
    assert!(matches!(numbered(5).batches(0), Err(Error::Setting(_))));
}

#[test]
fn the_order_depends_on_seed_and_epoch_only() {
    assert_eq!(order(100, 1, 2), order(100, 1, 2));
    assert_ne!(order(100, 1, 2), order(100, 1, 3));
    assert_ne!(order(100, 1, 2), order(100, 2, 2));
    assert_eq!(order(10, 42, 0), [8, 2, 5, 7, 3, 9, 6, 0, 1, 4]);
    let set = numbered(100);
    let shuffled = numbers(set.batches(7).unwrap().shuffled(1, 2)).concat();
    assert_eq!(shuffled, order(100, 1, 2));
}

#[test]
fn every_sample_comes_once() {
    let mut all = order(1000, 3, 4);
    all.sort_unstable();
    assert_eq!(all, (0..1000).collect::<Vec<_>>());
}

#[test]
fn a_number_out_of_range_is_refused() {
    let wrong = numbered(5).batch(&[1, 5]).unwrap_err().to_string();
    assert!(wrong.contains("no sample 5"), "{wrong}");
}

/// Has more samples than can be numbered.
struct Endless;

impl Samples for Endless {
    fn len(&self) -> usize {
        usize::MAX
    }
    fn batch(&self, _: &[usize]) -> Result<Batch> {
        Ok(Batch { inputs: vec![], targets: vec![] })
    }
}

#[test]
fn an_endless_source_is_refused() {
    assert!(matches!(Batches::new(&Endless, 4), Err(Error::Data(_))));
}

/// Gives one sample too few, or no input.
struct Careless(bool);

impl Samples for Careless {
    fn len(&self) -> usize {
        4
    }
    fn batch(&self, numbers: &[usize]) -> Result<Batch> {
        let column = Column::labels(numbers[1..].to_vec());
        let inputs = if self.0 { vec![column] } else { vec![] };
        Ok(Batch { inputs, targets: vec![] })
    }
}

#[test]
fn a_careless_source_is_found_out() {
    let first = |source| Batches::new(&source, 4).unwrap().next().unwrap().unwrap_err();
    let wrong = first(Careless(true)).to_string();
    assert_eq!(wrong, "input 1 of a batch has 3 samples, but 4 are expected");
    assert_eq!(first(Careless(false)).to_string(), "a batch has no input");
}
