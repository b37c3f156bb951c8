use super::{Lanes, Level, kernel};

/// Every method of a vector against the float's, over values that include NaN and −0.
#[inline(always)]
unsafe fn check<V: Lanes>() {
    let x: [f32; 16] = std::array::from_fn(|i| match i {
        1 => f32::NAN,
        3 => -0.0,
        _ => (i as f32 - 2.5) * 1.5,
    });
    let y: [f32; 16] = std::array::from_fn(|i| if i == 2 { f32::NAN } else { 1.0 - i as f32 });
    let equal = |a: V, f: &dyn Fn(usize) -> f32| {
        let mut lanes = [7.0; 16];
        // SAFETY: 16 floats hold any vector.
        unsafe { a.store(lanes.as_mut_ptr()) };
        for (i, &lane) in lanes[..V::COUNT].iter().enumerate() {
            assert!(lane == f(i) || lane.is_nan() && f(i).is_nan(), "{i}: {lane} for {}", f(i));
        }
    };
    // SAFETY: 16 floats or bytes hold any vector.
    unsafe {
        let (a, b) = (V::load(x.as_ptr()), V::load(y.as_ptr()));
        equal(a.add(b), &|i| x[i] + y[i]);
        equal(a.mul(b), &|i| x[i] * y[i]);
        equal(a.mul_add(b, V::splat(2.0)), &|i| x[i] * y[i] + 2.0);
        equal(a.sub(b), &|i| x[i] - y[i]);
        equal(a.div(b), &|i| x[i] / y[i]);
        let larger = |x: f32, y: f32| if x < y { y } else { x };
        let smaller = |x: f32, y: f32| if x > y { y } else { x };
        equal(a.at_least(V::splat(1.0)), &|i| larger(x[i], 1.0));
        equal(a.at_most(V::splat(1.0)), &|i| smaller(x[i], 1.0));
        equal(a.if_less(b, a, V::splat(3.0)), &|i| if x[i] < y[i] { x[i] } else { 3.0 });
        let n: [f32; 16] = std::array::from_fn(|i| if i == 0 { 128.0 } else { i as f32 - 127.0 });
        equal(V::load(n.as_ptr()).pow2(), &|i| n[i].exp2());
        equal(a.relu(), &|i| if x[i] <= 0.0 { 0.0 } else { x[i] });
        equal(a.where_active(b), &|i| if y[i] <= 0.0 { 0.0 } else { x[i] });
        let (best, place) = a.max_at(V::splat(0.0), b, V::splat(200.0));
        let wins = |i: usize| y[i] > x[i] || y[i].is_nan();
        equal(best, &|i| if wins(i) { y[i] } else { x[i] });
        equal(place, &|i| if wins(i) { 200.0 } else { 0.0 });
        for count in 0..=V::COUNT {
            let mut bytes = [9_u8; 16];
            place.store_bytes_up_to(bytes.as_mut_ptr(), count);
            for (i, &byte) in bytes.iter().enumerate() {
                assert_eq!(byte, if i < count { 200 * u8::from(wins(i)) } else { 9 });
            }
        }
        for count in 0..=V::COUNT {
            let exact = y[16 - count..].to_vec();
            let part = V::load_up_to(exact.as_ptr(), count);
            equal(part, &|i| if i < count { exact[i] } else { 0.0 });
            let mut out = [5.0; 16];
            V::load(n.as_ptr()).store_up_to(out.as_mut_ptr(), count);
            assert_eq!(out[..count], n[..count]);
            assert!(out[count..].iter().all(|&x| x == 5.0));
        }
        let many: Vec<f32> = (0..5 * 15 + 1).map(|i| i as f32).collect();
        for step in 1..=5 {
            // No float more than there must be.
            let last = &many[many.len() - (V::COUNT - 1) * step - 1..];
            equal(V::load_apart(last.as_ptr(), step), &|i| last[i * step]);
        }
        let whole: [[f32; 16]; 4] =
            [1, 3, 5, 7].map(|n| std::array::from_fn(|i| (n * i + n) as f32));
        let four = whole.each_ref().map(|x| V::load(x.as_ptr()));
        let sums = whole.map(|x| x[..V::COUNT].iter().sum::<f32>());
        assert_eq!(V::sums(four), sums);
        assert_eq!(four.map(|x| x.sum()), sums);
        let (from_step, to_step) = (V::COUNT + 3, V::COUNT + 1);
        let from: Vec<f32> = (0..V::COUNT * from_step).map(|i| i as f32).collect();
        let mut to = vec![-1.0; V::COUNT * to_step];
        V::transpose(from.as_ptr(), from_step, to.as_mut_ptr(), to_step);
        for (i, &got) in to.iter().enumerate() {
            let (row, column) = (i / to_step, i % to_step);
            let want = if column < V::COUNT { from[column * from_step + row] } else { -1.0 };
            assert_eq!(got, want);
        }
    }
}

kernel!(unsafe fn checked() = check);

#[test]
fn vectors_do_what_floats_do() {
    for &level in Level::all() {
        // SAFETY: the check has no promises to keep.
        unsafe { checked(level) };
    }
}
