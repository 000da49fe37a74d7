//! probe
#![allow(clippy::all, clippy::disallowed_methods, clippy::print_stdout, clippy::unwrap_used, clippy::allow_attributes_without_reason, clippy::allow_attributes)]
use std::sync::Arc;
#[tokio::main]
async fn main() {
    for _ in 0..3 {
        let t = std::time::Instant::now();
        let r = providers::registry::Registry::builtin();
        let names: Vec<_> = r.names().map(str::to_owned).collect();
        let t1 = t.elapsed();
        let defs: Vec<_> = names.iter().map(|n| (n, r.get(n).unwrap().unwrap())).collect();
        let t2 = t.elapsed();
        for (n, d) in defs { let _ = providers::compile::compile(n, d, &|_| Some("https://x".to_owned())); }
        println!("names {t1:?} parsed {t2:?} compiled {:?} of {}", t.elapsed(), names.len());
    }
    let l = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("http://{}", l.local_addr().unwrap());
    let s = providers::scripted::Scripted::default();
    let stop = async { let mut b = [0u8; 1]; let _ = tokio::task::spawn_blocking(move || { use std::io::Read; std::io::stdin().read(&mut b) }).await; };
    providers::scripted::server::serve(l, Arc::new(move |r| s.answer(&r)), stop).await;
}
