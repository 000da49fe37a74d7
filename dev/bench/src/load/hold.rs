//! Opens many streams, keeps them open, and reads what they cost the server in memory.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::client::Client;
use super::{Outcome, Plan};
use crate::process::usage::Memory;

/// Threads that open streams side by side, for servers that take long for each.
const OPENERS: usize = 16;

/// How long the server may settle before its memory is read.
const SETTLE: Duration = Duration::from_millis(500);

/// Opens `streams` streams; the outcome has them as answers, and the memory while all were open.
pub(super) fn hold(plan: &Plan, streams: usize) -> anyhow::Result<Outcome> {
    let request: Arc<[u8]> = plan.request.bytes(plan.target).into();
    let open_share = |share: usize| {
        let mut clients = Vec::with_capacity(share);
        for _ in 0..share {
            let mut client = Client::new(plan.target, Arc::clone(&request), 0);
            client.open_stream()?;
            clients.push(client);
        }
        anyhow::Ok(clients)
    };
    let open_share = &open_share;
    let held: Vec<Vec<Client>> = thread::scope(|scope| {
        let openers: Vec<_> = shares(streams).map(|share| scope.spawn(move || open_share(share))).collect();
        openers
            .into_iter()
            .map(|opener| {
                opener.join().unwrap_or_else(|_| Err(anyhow::anyhow!("a thread of the load has ended early")))
            })
            .collect::<anyhow::Result<_>>()
    })?;
    thread::sleep(SETTLE);
    let memory = Memory::of(plan.observed.server)?;
    let answers = held.iter().map(Vec::len).sum::<usize>() as u64;
    Ok(Outcome { answers, due: streams as u64, memory, ..Outcome::default() })
}

/// `streams` in up to [`OPENERS`] parts whose sizes differ by one at most.
fn shares(streams: usize) -> impl Iterator<Item = usize> {
    (0..OPENERS).map(move |index| (streams + index) / OPENERS).filter(|share| *share > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_add_up() {
        for streams in 1..100 {
            assert_eq!(shares(streams).sum::<usize>(), streams);
            assert!(shares(streams).count() <= OPENERS);
        }
    }
}
