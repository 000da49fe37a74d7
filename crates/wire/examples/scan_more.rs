use std::time::Instant;
struct Rng(u64);
impl Rng {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
    fn below(&mut self, n: u64) -> u64 {
        (self.next() >> 11) % n
    }
}
fn words(rng: &mut Rng, size: usize, quote: u64, newline: u64, dash: u64) -> String {
    let mut s = String::new();
    while s.len() < size {
        for _ in 0..1 + rng.below(9) {
            s.push((b'a' + rng.below(26) as u8) as char);
        }
        if rng.below(quote) == 0 {
            s.push('"');
        }
        if rng.below(newline) == 0 {
            s.push('\n');
        } else {
            s.push(' ');
        }
        if rng.below(dash) == 0 {
            s.push('–');
        }
    }
    s
}
fn chat(turn: usize, size: usize, mut f: impl FnMut(usize) -> String) -> Vec<u8> {
    let mut turns = vec![];
    let mut n = 0;
    while n < size {
        let t = f(turn.min(size));
        n += t.len();
        turns.push(serde_json::json!({"role":"user","content":t}));
    }
    serde_json::json!({"model":"bench/bench-model","messages":turns,"max_tokens":100,"stream":true})
        .to_string()
        .into_bytes()
}
fn escape_non_ascii(body: &[u8]) -> Vec<u8> {
    let text = std::str::from_utf8(body).unwrap();
    let mut out = String::new();
    for c in text.chars() {
        if c.is_ascii() {
            out.push(c)
        } else {
            let mut b = [0; 2];
            for u in c.encode_utf16(&mut b) {
                out.push_str(&format!("\\u{u:04x}"));
            }
        }
    }
    out.into_bytes()
}
fn main() {
    let mut rng = Rng(0x9e3779b97f4a7c15);
    let m = 1usize << 20;
    let cjk = |rng: &mut Rng, n: usize| -> String {
        let mut s = String::new();
        while s.len() < n {
            s.push(char::from_u32(0x4e00 + rng.below(5000) as u32).unwrap());
            if rng.below(12) == 0 {
                s.push('，');
            }
            if rng.below(60) == 0 {
                s.push('\n');
            }
        }
        s
    };
    let b64 = |rng: &mut Rng, n: usize| -> String {
        (0..n)
            .map(|_| {
                b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"[rng.below(64) as usize]
                    as char
            })
            .collect()
    };
    let prose = "The gateway said \"no\" twice, and then \u{2013} without haste \u{2013} passed the whole request on.\nEach line of this text is plain prose; every word of it has to arrive unchanged.\n";
    let mut sets: Vec<(&str, Vec<u8>)> = vec![
        (
            "brief prose 1K",
            chat(1600, 1 << 10, |n| prose.chars().cycle().take(n).collect()),
        ),
        (
            "brief prose 100K",
            chat(1600, 100 << 10, |n| prose.chars().cycle().take(n).collect()),
        ),
        (
            "brief prose 1M",
            chat(1600, m, |n| prose.chars().cycle().take(n).collect()),
        ),
        (
            "random prose 1M",
            chat(1600, m, |n| words(&mut rng, n, 9, 16, 40)),
        ),
        (
            "random ascii prose 1M",
            chat(1600, m, |n| words(&mut rng, n, 20, 16, u64::MAX)),
        ),
        (
            "random ascii prose 8K turns 1M",
            chat(8000, m, |n| words(&mut rng, n, 20, 16, u64::MAX)),
        ),
        (
            "random code 1.6K turns 1M",
            chat(1600, m, |n| words(&mut rng, n, 3, 5, u64::MAX)),
        ),
        (
            "random code 1M",
            chat(8000, m, |n| words(&mut rng, n, 3, 5, u64::MAX)),
        ),
        (
            "plain long words 1M",
            chat(8000, m, |n| words(&mut rng, n, u64::MAX, 200, u64::MAX)),
        ),
        ("cjk utf8 1M", chat(1600, m, |n| cjk(&mut rng, n))),
        ("base64 1M", chat(m, m, |n| b64(&mut rng, n))),
        (
            "short turns 100K",
            chat(40, 100 << 10, |n| words(&mut rng, n, 20, 40, u64::MAX)),
        ),
    ];
    sets.push((
        "random prose 1K",
        chat(500, 1 << 10, |n| words(&mut rng, n, 9, 16, 40)),
    ));
    sets.push((
        "plain prose 1K",
        chat(1 << 10, 1 << 10, |n| {
            words(&mut rng, n, u64::MAX, u64::MAX, u64::MAX)
        }),
    ));
    sets.push(("small chat", br#"{"model":"gpt-4o-mini","messages":[{"role":"system","content":"You are a helpful assistant."},{"role":"user","content":"What is the capital of France?"}],"max_tokens":100,"stream":true}"#.to_vec()));
    let c = chat(1600, m / 2, |n| cjk(&mut rng, n));
    sets.push(("cjk \\u 1M", escape_non_ascii(&c)));
    let tool = serde_json::json!({"tools":(0..200).map(|i| serde_json::json!({"type":"function","function":{"name":format!("tool_{i}"),"description":words(&mut rng,60,u64::MAX,u64::MAX,u64::MAX),"parameters":{"type":"object","properties":{"city":{"type":"string","enum":["a","b"]},"n":{"type":"integer","minimum":1}},"required":["city"]}}})).collect::<Vec<_>>()}).to_string().into_bytes();
    sets.push(("tool schemas", tool));
    let only = std::env::args().nth(1).unwrap_or_default();
    for (name, body) in sets.iter().filter(|s| s.0.contains(&only)) {
        let reps = (200_000 / body.len()).max(1);
        let (mut best, mut best2, mut best3) = (f64::MAX, f64::MAX, f64::MAX);
        for _ in 0..if only.is_empty() { 80 } else { 2000 } {
            let t = Instant::now();
            for _ in 0..reps {
                let mut s = wire::json::Scanner::new(wire::json::ScanLimits::default());
                for c in body.chunks(65536) {
                    s.feed(std::hint::black_box(c)).unwrap();
                }
                std::hint::black_box(s.finish().unwrap());
            }
            best = best.min(t.elapsed().as_nanos() as f64 / reps as f64);
            let t = Instant::now();
            for _ in 0..reps {
                std::hint::black_box(simdutf8::basic::from_utf8(std::hint::black_box(body)).unwrap());
            }
            if !only.is_empty() {
                continue;
            }
            best2 = best2.min(t.elapsed().as_nanos() as f64 / reps as f64);
            let t = Instant::now();
            for _ in 0..reps {
                std::hint::black_box(
                    serde_json::from_slice::<&serde_json::value::RawValue>(std::hint::black_box(body))
                        .unwrap(),
                );
            }
            best3 = best3.min(t.elapsed().as_nanos() as f64 / reps as f64);
        }
        println!(
            "{name:31} {:8} B: scan {best:9.0} ns ({:6.1} us/MiB)  utf8 {best2:8.0}  serde {best3:8.0}",
            body.len(),
            best / body.len() as f64 * 1048.576
        );
    }
}
