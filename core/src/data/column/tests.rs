use super::*;

fn message(result: Result<Column>) -> String {
    result.unwrap_err().to_string()
}

#[test]
fn counts_samples_not_values() {
    let column = Column::floats(vec![0.0; 24], &[2, 3]).unwrap();
    assert_eq!((column.len(), column.shape()), (4, &[2, 3][..]));
    assert_eq!(Column::floats(vec![0.0; 5], &[]).unwrap().len(), 5);
    assert_eq!(Column::labels(vec![1, 2, 3]).len(), 3);
    assert!(Column::indices(vec![], &[4]).unwrap().is_empty());
}

#[test]
fn says_why_values_and_shape_do_not_fit() {
    let wrong = message(Column::floats(vec![0.0; 25], &[2, 3]));
    assert!(wrong.contains("25 values") && wrong.contains("[2, 3]"), "{wrong}");
    let zero = message(Column::indices(vec![], &[2, 0]));
    assert!(zero.contains("[2, 0]") && zero.contains("at least 1"), "{zero}");
    assert!(message(Column::floats(vec![], &[usize::MAX, 2])).contains("too large"));
}

#[test]
fn a_column_written_by_hand_is_checked_too() {
    let column = Column::Floats { data: vec![1.0; 3], shape: vec![0] };
    assert_eq!(column.len(), 0);
    assert!(column.check().is_err() && column.gather(&[0]).is_err());
    let column = Column::Floats { data: vec![1.0; 3], shape: vec![2] };
    assert!(column.check().is_err());
    assert_eq!(column.gather(&[0]).unwrap().len(), 1);
    assert!(column.gather(&[1]).is_err());
}

#[test]
fn gathers_whole_samples() {
    let column = Column::floats((0u8..6).map(f32::from).collect(), &[2]).unwrap();
    let picked = column.gather(&[2, 0]).unwrap();
    assert_eq!(picked.as_floats(), Some(&[4.0, 5.0, 0.0, 1.0][..]));
    let wrong = message(column.gather(&[0, 3]));
    assert!(wrong.contains("no sample 3") && wrong.contains("there are 3"), "{wrong}");
}

#[test]
fn reshapes_to_the_same_size_only() {
    let column = Column::indices(vec![1; 12], &[6]).unwrap();
    assert_eq!(column.clone().reshape(&[2, 3]).unwrap().shape(), [2, 3]);
    assert!(message(column.clone().reshape(&[7])).contains("cannot become [7]"));
    assert!(column.reshape(&[0]).is_err());
}
