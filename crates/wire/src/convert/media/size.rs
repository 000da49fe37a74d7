//! Sizes of images in the words of providers that take an aspect ratio.

/// Width and height of an image, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Size {
    pub(super) width: u32,
    pub(super) height: u32,
}

impl Size {
    /// Reads `1024x1536`; none for `auto` and for what is no size.
    pub(super) fn of(text: &str) -> Option<Self> {
        let (width, height) = text.split_once('x')?;
        let side = |text: &str| text.parse::<u32>().ok().filter(|side| *side > 0);
        Some(Self { width: side(width)?, height: side(height)? })
    }

    /// The nearest of a provider's aspect ratios (`16:9`).
    pub(super) fn nearest(self, ratios: &[&'static str]) -> Option<&'static str> {
        let ratio = |text: &str| {
            let (width, height) = text.split_once(':')?;
            Some(width.parse::<f64>().ok()? / height.parse::<f64>().ok()?)
        };
        let wanted = f64::from(self.width) / f64::from(self.height);
        // How far two ratios are apart is how much one has to be stretched.
        let distance = |text: &str| ratio(text).map_or(f64::INFINITY, |ratio| (ratio / wanted).ln().abs());
        ratios.iter().copied().min_by(|one, other| distance(one).total_cmp(&distance(other)))
    }
}

#[cfg(test)]
mod tests {
    use super::Size;

    #[test]
    fn a_size_has_the_nearest_ratio() {
        let ratios = ["1:1", "2:3", "3:2", "16:9", "9:16"];
        for (size, ratio) in [
            ("1024x1024", "1:1"),
            ("1536x1024", "3:2"),
            ("1024x1536", "2:3"),
            ("1792x1024", "16:9"),
            ("1024x1792", "9:16"),
            ("10x9", "1:1"),
        ] {
            assert_eq!(Size::of(size).unwrap().nearest(&ratios), Some(ratio), "{size}");
        }
        for text in ["auto", "1024", "0x1", "1x-1", "axb"] {
            assert_eq!(Size::of(text), None, "{text}");
        }
        assert_eq!(Size::of("1x1").unwrap().nearest(&[]), None);
    }
}
