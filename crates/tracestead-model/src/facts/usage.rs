//! Token counts with one meaning, whoever reported them.

/// Token counts. The input's includes tokens read from and written to a cache, the output's includes reasoning; the
/// details are parts of the two, never to be added to them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// Tokens sent to the model.
    pub input_tokens: Option<i64>,
    /// Tokens it answered with.
    pub output_tokens: Option<i64>,
    /// Those of the input that came from a cache.
    pub cache_read_tokens: Option<i64>,
    /// Those of the input that were put into a cache.
    pub cache_write_tokens: Option<i64>,
    /// Those of the output that were reasoning.
    pub reasoning_tokens: Option<i64>,
    /// Those of the input that were audio.
    pub input_audio_tokens: Option<i64>,
    /// Those of the output that were audio.
    pub output_audio_tokens: Option<i64>,
    /// Input and output together.
    pub total_tokens: Option<i64>,
}

impl Usage {
    /// Says whether any count of input, output or both was reported.
    #[must_use]
    pub fn is_reported(&self) -> bool {
        self.input_tokens.is_some() || self.output_tokens.is_some() || self.total_tokens.is_some()
    }

    /// Takes what `next` says where this says nothing. A zero among the details says nothing if the next source has a
    /// positive count: some instrumentations fill in zeros for what they do not know.
    #[must_use]
    pub(crate) fn or(self, next: Self) -> Self {
        let detail = |first: Option<i64>, second: Option<i64>| match first {
            Some(count) if count > 0 => Some(count),
            _ => second.filter(|count| *count > 0).or(first).or(second),
        };
        Self {
            input_tokens: self.input_tokens.or(next.input_tokens),
            output_tokens: self.output_tokens.or(next.output_tokens),
            cache_read_tokens: detail(self.cache_read_tokens, next.cache_read_tokens),
            cache_write_tokens: detail(self.cache_write_tokens, next.cache_write_tokens),
            reasoning_tokens: detail(self.reasoning_tokens, next.reasoning_tokens),
            input_audio_tokens: detail(self.input_audio_tokens, next.input_audio_tokens),
            output_audio_tokens: detail(self.output_audio_tokens, next.output_audio_tokens),
            total_tokens: self.total_tokens.or(next.total_tokens),
        }
    }

    /// Gives the counts their canonical meaning: an input that leaves out the cache gets it added, a missing total is
    /// the sum. Counts of reasoning are left as they are: whether an output includes them cannot be told.
    #[must_use]
    pub(crate) fn canonical(self) -> Self {
        let cached = self.cached();
        let with_output = self.input_tokens.unwrap_or(0).saturating_add(self.output_tokens.unwrap_or(0));
        // Reasoning that stands beside the output would look the same.
        let is_told_apart = self.reasoning_tokens != Some(cached);
        let total_has_more = self.total_tokens == Some(with_output.saturating_add(cached)) && is_told_apart;
        if cached > self.input_tokens.unwrap_or(0) || (cached > 0 && total_has_more) {
            return self.with_cache_added();
        }
        self.with_total()
    }

    /// Adds the cache to an input that is known to leave it out. A total that left it out as well is made anew.
    #[must_use]
    pub(crate) fn with_cache_added(mut self) -> Self {
        let cached = self.cached();
        if let Some(input) = self.input_tokens {
            let with_output = input.saturating_add(self.output_tokens.unwrap_or(0)).saturating_add(cached);
            self.total_tokens = self.total_tokens.filter(|total| *total >= with_output);
            self.input_tokens = Some(input.saturating_add(cached));
        }
        self.with_total()
    }

    fn cached(&self) -> i64 {
        self.cache_read_tokens.unwrap_or(0).saturating_add(self.cache_write_tokens.unwrap_or(0))
    }

    /// Makes a missing total: the sum of input and output.
    #[must_use]
    pub fn with_total(mut self) -> Self {
        if self.total_tokens.is_none() {
            self.total_tokens = match (self.input_tokens, self.output_tokens) {
                (None, None) => None,
                (input, output) => Some(input.unwrap_or(0).saturating_add(output.unwrap_or(0))),
            };
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage(input: i64, output: i64, read: i64, write: i64, total: Option<i64>) -> Usage {
        Usage {
            input_tokens: Some(input),
            output_tokens: Some(output),
            cache_read_tokens: Some(read),
            cache_write_tokens: Some(write),
            total_tokens: total,
            ..Usage::default()
        }
    }

    #[test]
    fn counts_get_their_canonical_meaning() {
        // Reported, and what input and total then are.
        let cases = [
            ("the cache is part of the input", usage(57, 19, 32, 0, Some(76)), (57, 76)),
            ("no total", usage(57, 19, 32, 0, None), (57, 76)),
            ("more cached than sent", usage(4, 19, 32, 8, None), (44, 63)),
            ("more cached than sent, total without", usage(4, 19, 32, 8, Some(23)), (44, 63)),
            ("the total tells that the cache was left out", usage(40, 5, 30, 0, Some(75)), (70, 75)),
            ("a total of its own stands", usage(57, 19, 0, 0, Some(80)), (57, 80)),
            (
                "the total may have reasoning instead",
                Usage { reasoning_tokens: Some(32), ..usage(100, 10, 32, 0, Some(142)) },
                (100, 142),
            ),
        ];
        for (case, reported, (input, total)) in cases {
            let canonical = reported.canonical();
            assert_eq!(
                (canonical.input_tokens, canonical.total_tokens),
                (Some(input), Some(total)),
                "{case}"
            );
            assert_eq!(canonical.canonical(), canonical, "{case}: twice is once");
        }
    }

    #[test]
    fn the_first_source_wins_but_a_zero_among_the_details() {
        let first = usage(0, 0, 0, 0, Some(0));
        let merged = first.or(usage(57, 19, 32, 0, Some(76)));
        assert_eq!((merged.input_tokens, merged.total_tokens), (Some(0), Some(0)));
        assert_eq!((merged.cache_read_tokens, merged.cache_write_tokens), (Some(32), Some(0)));
    }
}
