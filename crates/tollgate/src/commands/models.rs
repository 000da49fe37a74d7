//! `tollgate models FILTER…`.

mod filter;
mod table;

use std::path::PathBuf;

use clap::Args;
use providers::catalog::to_json;

use super::surroundings::{loaded_or_default, now, say};
use filter::Filter;

/// What the words of a filter are, for `--help`.
const FILTERS: &str = "\
Filters, all of which must hold:
  sonnet               a word of the provider, the name or the title
  provider:anthropic   the provider, or a pattern with *
  kind:embedding       chat, completion, embedding, rerank, moderation, image, video, transcription, speech,
                       realtime, ocr, other
  tools json_schema reasoning prompt_caching streaming web_search computer_use
                       what the model can do
  vision audio video pdf
                       what a prompt may hold
  price<5              US dollars for 1M tokens of input, also with <=, > and >=
  output<10            US dollars for 1M tokens of output
  context>=200k        tokens of context, with k or M
  unpriced             without prices
  deprecated           given up by its provider
A filter with not: in front must not hold: not:deprecated";

/// Searches the catalogue of models.
#[derive(Debug, Args)]
#[command(after_help = FILTERS)]
pub struct Models {
    /// Words that a model must have; see below.
    #[arg(value_parser = Words::parse)]
    filters: Vec<Words>,
    /// The configuration file, for its catalogue and overrides; `tollgate.yaml` when absent, if there is one.
    #[arg(long)]
    config: Option<PathBuf>,
    /// Prints each model as a line of JSON.
    #[arg(long)]
    json: bool,
}

/// Filters of one argument: `'vision price<5'` needs quotes as a whole.
#[derive(Debug, Clone)]
struct Words(Vec<Filter>);

impl Words {
    fn parse(text: &str) -> Result<Self, String> {
        text.split_whitespace().map(Filter::parse).collect::<Result<_, _>>().map(Self)
    }
}

impl Models {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let loaded = loaded_or_default(self.config.as_deref())?;
        let at = now().as_second();
        let all = loaded.snapshot.catalog.all();
        let filters = || self.filters.iter().flat_map(|words| &words.0);
        let found: Vec<_> =
            all.iter().filter(|model| filters().all(|filter| filter.holds(model, at))).collect();
        if self.json {
            found.iter().for_each(|model| say(&to_json(model).to_string()));
            return Ok(());
        }
        table::lines(&found, at).iter().for_each(|line| say(line));
        say(&format!("{} of {} models", found.len(), all.len()));
        Ok(())
    }
}
