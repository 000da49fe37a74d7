use std::time::Instant;
fn main() {
    let prose = "The gateway said \"no\" twice, and then \u{2013} without haste \u{2013} passed the whole request on.\nEach line of this text is plain prose; every word of it has to arrive unchanged.\n";
    for size in [1usize << 10, 100 << 10, 1 << 20] {
        let mut turns = vec![];
        let mut n = 0;
        while n < size {
            let t: String = prose.chars().cycle().take(1600.min(size)).collect();
            n += t.len();
            turns.push(serde_json::json!({"role":"user","content":t}));
        }
        let body = serde_json::json!({"model":"bench/bench-model","messages":turns}).to_string();
        let body = body.as_bytes();
        let mut best = u128::MAX;
        let mut best2 = u128::MAX;
        let mut best3 = u128::MAX;
        for _ in 0..50 {
            let t = Instant::now();
            let mut s = wire::json::Scanner::new(wire::json::ScanLimits::default());
            for c in body.chunks(65536) {
                s.feed(c).unwrap();
            }
            std::hint::black_box(s.finish().unwrap());
            best = best.min(t.elapsed().as_nanos());
            let t = Instant::now();
            std::hint::black_box(simdutf8::basic::from_utf8(body).unwrap());
            best2 = best2.min(t.elapsed().as_nanos());
            let t = Instant::now();
            std::hint::black_box(serde_json::from_slice::<&serde_json::value::RawValue>(body).unwrap());
            best3 = best3.min(t.elapsed().as_nanos());
        }
        println!(
            "{} bytes: scan {} ns, utf8 {} ns, serde raw {} ns",
            body.len(),
            best,
            best2,
            best3
        );
    }
}
