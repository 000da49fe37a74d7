//! `tollgate provider check NAME`: really calls a provider, with each of its credentials, and says what works.

mod call;
mod trial;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{anyhow, bail};
use clap::Args;
use control::Loaded;
use domain::endpoint::Task;
use domain::{Endpoint, Provider};
use providers::sign_in::SignIns;

use crate::commands::surroundings::{environment, loader, now, random_bits, say};
use crate::serve::{outside, transport};
use call::Caller;
use trial::{Models, Trial, trials};

/// How long a first token may take.
const SIGN_IN_TIMEOUT: Duration = Duration::from_secs(30);

/// Calls a provider and says what works.
#[derive(Debug, Args)]
pub struct Check {
    /// The provider's name.
    name: String,
    /// The configuration file; without one, what the environment makes live.
    #[arg(long)]
    config: Option<PathBuf>,
    /// A model to generate with; without one, the first model of the provider that is known.
    #[arg(long)]
    model: Option<String>,
    /// A model to embed with; without one, embeddings are not tried.
    #[arg(long)]
    embedding_model: Option<String>,
    /// A model to order documents with; without one, reranking is not tried.
    #[arg(long)]
    rerank_model: Option<String>,
    /// A model to draw with; without one, images are not tried.
    #[arg(long)]
    image_model: Option<String>,
    /// A model to speak with; without one, speech is not tried.
    #[arg(long)]
    speech_model: Option<String>,
    /// The voice to speak with, where the model is not one itself.
    #[arg(long)]
    voice: Option<String>,
}

impl Check {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let (loaded, sign_ins) = self.load()?;
        let provider = self.provider(&loaded)?;
        let model = self.model.clone().or_else(|| known_model(&provider));
        let models = Models {
            generation: model.as_deref(),
            embedding: self.embedding_model.as_deref(),
            rerank: self.rerank_model.as_deref(),
            image: self.image_model.as_deref(),
            speech: self.speech_model.as_deref(),
            voice: self.voice.as_deref(),
        };
        let trials = trials(&provider, models);
        say(&format!("{} at {}", provider.name, provider.base));
        if trials.is_empty() {
            bail!(
                "nothing of `{}` could be tried, since no model for what it serves is known; name one with --model, --embedding-model, \
                 --rerank-model, --image-model, or --speech-model and --voice",
                provider.name
            );
        }
        let mut generates = Endpoint::ALL.into_iter().filter(|endpoint| endpoint.task() == Task::Generation);
        if model.is_none() && generates.any(|endpoint| provider.serves(endpoint)) {
            say("no model is known; name one with --model to try generating");
        }
        let transport = transport(&loaded.upstream, environment().as_ref())?;
        let outside = outside(transport.clone(), environment(), now, random_bits)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let failed = runtime.block_on(async {
            sign_ins.start(&outside);
            try_all(&Caller::new(&transport, &provider), &provider, &trials).await
        });
        if failed > 0 { bail!("{failed} of the trials failed") } else { Ok(()) }
    }

    /// The configuration, and the sign-ins of its providers.
    fn load(&self) -> anyhow::Result<(Loaded, SignIns)> {
        let loader = loader(self.config.as_deref().unwrap_or(std::path::Path::new("tollgate.yaml")));
        let loaded = if self.config.is_some() { loader.load(1) } else { loader.load_text("", 1) };
        Ok((loaded.map_err(|errors| anyhow!("{errors}"))?, loader.sign_ins().clone()))
    }

    fn provider(&self, loaded: &Loaded) -> anyhow::Result<Arc<Provider>> {
        if let Some(provider) = loaded.snapshot.provider(&self.name) {
            return Ok(Arc::clone(provider));
        }
        match engine::route::ProviderDirectory::absence(&*loaded.directory, &self.name) {
            Some(why) => bail!("{why}"),
            None => bail!("no provider is called `{}`; `tollgate provider known` shows them", self.name),
        }
    }
}

fn known_model(provider: &Provider) -> Option<String> {
    provider.models.iter().find(|model| model.is_exact()).map(|model| model.as_str().to_owned())
}

/// Tries everything with every credential; returns how many trials failed.
async fn try_all(caller: &Caller<'_>, provider: &Provider, trials: &[Trial]) -> usize {
    let mut failed = 0;
    for credential in provider.credentials.iter() {
        say(&format!("credential {}", credential.id));
        if let Some(pending) = credential.pending() {
            // Without a token the trials say why.
            let _ = tokio::time::timeout(SIGN_IN_TIMEOUT, pending).await;
        }
        for trial in trials {
            let outcome = caller.call(trial, credential).await;
            failed += usize::from(outcome.is_err());
            let (mark, text) = match outcome {
                Ok(text) => ("ok  ", text),
                Err(text) => ("FAIL", text),
            };
            say(&format!("  {mark} {:<26} {text}", trial.title));
        }
    }
    failed
}
