use super::*;

fn encoded<'a, T: Field<'a>>(array: &Array<'a, T>, flexible: bool) -> Vec<u8> {
    let (mut out, mut cuts) = (Vec::new(), Vec::new());
    let mut w = Writer::new(&mut out, &mut cuts);
    w.set_flexible(flexible);
    array.write(&mut w, 0);
    out
}

fn decoded<'a, T: Field<'a>>(bytes: &'a [u8], flexible: bool) -> Result<Array<'a, T>, Reason> {
    let mut r = Reader::new(bytes);
    r.set_flexible(flexible);
    Array::read(&mut r, 0).map_err(|error| error.reason)
}

#[test]
fn the_three_kinds_are_equal_and_encode_alike() {
    let names = ["a", "", "c"];
    for flexible in [false, true] {
        let bytes = encoded(&Array::Slice(&names), flexible);
        let wire: Array<'_, &str> = decoded(&bytes, flexible).unwrap();
        let vec = Array::from(names.to_vec());
        assert!(matches!(wire, Array::Wire(_)));
        assert_eq!(wire, vec);
        assert_eq!(wire.to_vec(), names);
        assert_eq!(wire.clone().into_iter().len(), 3);
        assert_eq!((encoded(&wire, flexible), encoded(&vec, flexible)), (bytes.clone(), bytes.clone()));
        assert_eq!(format!("{wire:?}"), r#"["a", "", "c"]"#);
        // The other form is encoded from the wire as well.
        assert_eq!(encoded(&wire, !flexible), encoded(&vec, !flexible));
    }
}

#[test]
fn arrays_of_another_length_or_element_differ() {
    let array = |numbers: &'static [i32]| Array::from(numbers);
    assert_ne!(array(&[1, 2]), array(&[1]));
    assert_ne!(array(&[1, 2]), array(&[1, 3]));
    assert_eq!(array(&[]), Array::EMPTY);
}

#[test]
fn an_array_outlives_the_view_that_holds_it() {
    let bytes = encoded(&Array::Slice(&["x", "y"]), true);
    let name = {
        let array: Array<'_, &str> = decoded(&bytes, true).unwrap();
        array.into_iter().last()
    };
    assert_eq!(name, Some("y"));
}

#[test]
fn elements_of_fixed_length_are_bounded_too() {
    assert_eq!(decoded::<i32>(&[0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2], false).unwrap().to_vec(), [1, 2]);
    assert_eq!(decoded::<i32>(&[0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0], false), Err(Reason::Truncated));
    assert_eq!(decoded::<i32>(&[0, 0, 0, 9, 0, 0, 0, 1, 0, 0, 0], false), Err(Reason::FalseCount));
}
