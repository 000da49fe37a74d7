//! How much of each component was used. Providers report totals and parts of them, and every token must be charged once.

use domain::Usage;
use domain::price::{Component, Rates};

use super::Unpriced;

/// How much of each component was used, in the order of [`Component::ALL`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Quantities([u64; Component::ALL.len()]);

/// Tokens of one modality within the input.
struct Part {
    /// Read from the prompt cache.
    cached: u64,
    /// Not read from it.
    fresh: u64,
}

impl Quantities {
    /// Splits what a provider reported so that each token stands under the one component that these rates charge it as.
    pub(super) fn split(usage: &Usage, rates: &Rates) -> Result<Self, Unpriced> {
        if *usage == Usage::default() {
            return Err(Unpriced::Usage);
        }
        let mut quantities = Self([0; Component::ALL.len()]);
        let by_token = charges(rates, Component::Input) || charges(rates, Component::Output);
        if by_token {
            quantities.split_input(usage, rates)?;
            quantities.split_output(usage, rates)?;
        }
        quantities.count_pieces(usage, rates);
        quantities.set(Component::Search, usage.searches.unwrap_or(0));
        quantities.set(Component::Request, u64::from(charges(rates, Component::Request)));
        if !by_token && quantities.used().next().is_none() {
            return Err(Unpriced::Usage);
        }
        Ok(quantities)
    }

    /// The components of which something was used, each with how much.
    pub(super) fn used(&self) -> impl Iterator<Item = (Component, u64)> {
        Component::ALL.into_iter().zip(self.0).filter(|(_, count)| *count > 0)
    }

    fn set(&mut self, component: Component, count: u64) {
        self.0[component as usize] = count;
    }

    /// Images, audio and characters are charged by the piece where that has a price. Where it has none, they have to be
    /// covered by tokens.
    fn count_pieces(&mut self, usage: &Usage, rates: &Rates) {
        let covered = self.used().next().is_some();
        for (component, count) in [
            (Component::Image, usage.images.unwrap_or(0)),
            (Component::Audio, usage.audio_milliseconds.unwrap_or(0)),
            (Component::Character, usage.characters.unwrap_or(0)),
        ] {
            if charges(rates, component) || !covered {
                self.set(component, count);
            }
        }
    }

    fn split_input(&mut self, usage: &Usage, rates: &Rates) -> Result<(), Unpriced> {
        let total = reported(usage.input_tokens, rates, Component::Input)?;
        let cached = usage.cached_input_tokens.unwrap_or(0);
        let written = usage.cache_write_tokens.unwrap_or(0);
        let written_1h = usage.cache_write_1h_tokens.unwrap_or(0);
        let written_12h = usage.cache_write_12h_tokens.unwrap_or(0);
        let audio =
            part((usage.input_audio_tokens, usage.cached_audio_tokens, cached), Component::CachedInputAudio)?;
        let image = match usage.input_image_tokens.filter(|_| charges(rates, Component::InputImage)) {
            None => Part { cached: 0, fresh: 0 },
            tokens => part((tokens, usage.cached_image_tokens, cached), Component::CachedInputImage)?,
        };
        self.set(Component::CachedInput, less(cached, [audio.cached, image.cached])?);
        self.set(Component::CacheWrite, less(written, [written_1h, written_12h])?);
        self.set(Component::CacheWrite1h, written_1h);
        self.set(Component::CacheWrite12h, written_12h);
        self.set(Component::InputAudio, audio.fresh);
        self.set(Component::CachedInputAudio, audio.cached);
        self.set(Component::InputImage, image.fresh);
        self.set(Component::CachedInputImage, image.cached);
        self.set(Component::Input, less(total, [cached, written, audio.fresh, image.fresh])?);
        Ok(())
    }

    fn split_output(&mut self, usage: &Usage, rates: &Rates) -> Result<(), Unpriced> {
        let total = reported(usage.output_tokens, rates, Component::Output)?;
        let apart =
            |tokens: Option<u64>, component| tokens.filter(|_| charges(rates, component)).unwrap_or(0);
        let reasoning = apart(usage.reasoning_tokens, Component::Reasoning);
        let image = apart(usage.output_image_tokens, Component::OutputImage);
        let audio = usage.output_audio_tokens.unwrap_or(0);
        self.set(Component::Reasoning, reasoning);
        self.set(Component::OutputImage, image);
        self.set(Component::OutputAudio, audio);
        self.set(Component::Output, less(total, [reasoning, image, audio])?);
        Ok(())
    }
}

fn charges(rates: &Rates, component: Component) -> bool {
    rates.price(component).is_some()
}

/// A total that is charged has to be reported; one that costs nothing need not be.
fn reported(total: Option<u64>, rates: &Rates, component: Component) -> Result<u64, Unpriced> {
    let costs = rates.price(component).is_some_and(|price| price.amount() != Some(domain::Money::ZERO));
    match total {
        None if costs => Err(Unpriced::Usage),
        total => Ok(total.unwrap_or(0)),
    }
}

/// The tokens of one modality. Where some input was cached and some was of this modality, it has to be known how much was
/// both, since each has a price of its own.
fn part(
    (tokens, cached, all_cached): (Option<u64>, Option<u64>, u64),
    component: Component,
) -> Result<Part, Unpriced> {
    match (tokens.unwrap_or(0), cached) {
        (0, _) => Ok(Part { cached: 0, fresh: 0 }),
        (tokens, None) if all_cached == 0 => Ok(Part { cached: 0, fresh: tokens }),
        (_, None) => Err(Unpriced::Component(component)),
        (tokens, Some(cached)) => Ok(Part { cached, fresh: less(tokens, [cached])? }),
    }
}

/// What is left of a total without its parts; more parts than there are is no usage that can be charged.
fn less<const N: usize>(total: u64, parts: [u64; N]) -> Result<u64, Unpriced> {
    let left = parts.iter().try_fold(total, |left, part| left.checked_sub(*part));
    left.ok_or(Unpriced::Usage)
}
