//! `tollgate webhook test NAME`.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args;
use http_body_util::{BodyExt, Limited};
use webhooks::{Message, Webhook};

use crate::commands::surroundings::{environment, loaded_or_default, now, random_bits, say};
use crate::serve::{send, transport};

/// As long as `tollgate serve` waits.
const ANSWER_WAIT_MAX: Duration = Duration::from_secs(15);
const ANSWER_BYTES_MAX: usize = 64 << 10;
/// Longest part of an answer that is shown.
const WORDS_MAX: usize = 300;

/// Sends a message that says nothing to a webhook of a configuration.
#[derive(Debug, Args)]
pub struct Test {
    /// The name of the webhook.
    name: String,
    /// The configuration file; `tollgate.yaml` when absent.
    #[arg(long)]
    config: Option<PathBuf>,
}

impl Test {
    pub(in crate::commands) fn run(self) -> anyhow::Result<()> {
        let loaded = loaded_or_default(self.config.as_deref())?;
        let webhook = loaded.webhooks.iter().find(|webhook| webhook.name() == self.name);
        let Some(webhook) = webhook else {
            let known: Vec<_> = loaded.webhooks.iter().map(|webhook| webhook.name()).collect();
            bail!("there is no webhook `{}`; there are: {}", self.name, known.join(", "));
        };
        let transport = transport(&loaded.upstream, environment().as_ref())?;
        let at = now();
        let id = format!("msg_{:016x}{:016x}", random_bits(), random_bits());
        let message = Message::test(webhook.name(), id.into(), at.as_millisecond());
        say(&format!("{} {}", message.id, message.body));
        let outgoing = webhook.outgoing(&message, at.as_second());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let answered = runtime.block_on(async {
            let answering = async {
                let (head, body) = send(&transport, outgoing).await?.into_parts();
                let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await;
                anyhow::Ok((head.status, body.map(|body| body.to_bytes()).unwrap_or_default()))
            };
            tokio::time::timeout(ANSWER_WAIT_MAX, answering).await
        });
        let too_slow = || format!("no whole answer within {} s", ANSWER_WAIT_MAX.as_secs());
        let (status, body) = answered.with_context(too_slow)??;
        say(&format!("status {} {}", status.as_u16(), words(webhook, &body)));
        if !status.is_success() {
            bail!("a message is delivered only when it is answered with a status from 200 to 299");
        }
        Ok(())
    }
}

/// What is answered on one line, cut to a bearable length, without what was sent in secret: a receiver may repeat headers.
fn words(webhook: &Webhook, body: &[u8]) -> String {
    let text = webhook.redacted(&String::from_utf8_lossy(body));
    let one_line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    one_line.chars().filter(|letter| !letter.is_control()).take(WORDS_MAX).collect()
}
