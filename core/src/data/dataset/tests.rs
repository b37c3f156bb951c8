use super::*;

/// Sample `n` is `[n, n]` with label `n`.
fn numbered(len: usize) -> Dataset {
    let values = (0..len).flat_map(|n| [n as f32; 2]).collect();
    let input = Column::floats(values, &[2]).unwrap();
    Dataset::new(input, Column::labels((0..len).collect())).unwrap()
}

fn labels(set: &Dataset) -> &[usize] {
    set.targets()[0].as_indices().unwrap()
}

#[test]
fn columns_must_have_the_same_number_of_samples() {
    let three = || Column::labels(vec![0; 3]);
    let wrong = Dataset::new(Column::labels(vec![0; 4]), three()).unwrap_err().to_string();
    assert_eq!(wrong, "target 1 has 3 samples, but 4 are expected");
    let wrong = numbered(4).with_input(three()).unwrap_err().to_string();
    assert!(wrong.starts_with("input 2 has 3"), "{wrong}");
    let set = numbered(3).with_target(three()).unwrap().with_input(three()).unwrap();
    assert_eq!((set.inputs().len(), set.targets().len()), (2, 2));
}

#[test]
fn a_column_written_by_hand_is_checked() {
    let column = Column::Floats { data: vec![0.0; 3], shape: vec![2] };
    let wrong = Dataset::new(column, Column::labels(vec![0])).unwrap_err().to_string();
    assert!(wrong.starts_with("input 1: 3 values"), "{wrong}");
}

#[test]
fn splits_in_order() {
    let (first, second) = numbered(10).split(0.67).unwrap();
    assert_eq!(labels(&first), [0, 1, 2, 3, 4, 5, 6]);
    assert_eq!(labels(&second), [7, 8, 9]);
    assert_eq!(second.inputs()[0].as_floats().unwrap(), [7., 7., 8., 8., 9., 9.]);
    assert_eq!(numbered(5).split_at(2).unwrap().1.len(), 3);
}

#[test]
fn refuses_an_empty_part() {
    for fraction in [0.0, 1.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(matches!(numbered(4).split(fraction), Err(Error::Setting(_))));
    }
    let wrong = numbered(4).split(0.01).unwrap_err().to_string();
    assert!(wrong.contains("4 samples into 0 and 4"), "{wrong}");
    assert!(numbered(4).split_at(4).is_err() && numbered(0).split_at(0).is_err());
    assert!(numbered(4).split_at(9).is_err());
}

#[test]
fn shuffles_inputs_and_targets_alike() {
    let set = numbered(50).shuffled(1);
    assert_ne!(set, numbered(50));
    assert_eq!(set, numbered(50).shuffled(1));
    assert_ne!(set, numbered(50).shuffled(2));
    let inputs = set.inputs()[0].as_floats().unwrap();
    assert!(labels(&set).iter().enumerate().all(|(i, &n)| inputs[2 * i] == n as f32));
}

#[test]
fn takes_reshapes_and_maps() {
    let set = numbered(3).take(2).reshape(&[1, 2, 1]).unwrap().map(|x| x * 10.0).unwrap();
    assert_eq!((set.len(), set.inputs()[0].shape()), (2, &[1, 2, 1][..]));
    assert_eq!(set.inputs()[0].as_floats().unwrap(), [0.0, 0.0, 10.0, 10.0]);
    assert_eq!(numbered(3).take(9).len(), 3);
    let wrong = numbered(3).reshape(&[3]).unwrap_err().to_string();
    assert!(wrong.starts_with("input 1: samples of shape [2]"), "{wrong}");
    let labels = || Column::labels(vec![1]);
    assert!(Dataset::new(labels(), labels()).unwrap().map(|x| x).is_err());
}
