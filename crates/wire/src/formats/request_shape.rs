//! Which of the members that the gateway governs mean something in a format.

/// Of the governed members that not every format has, those that this one has.
#[derive(Debug, Clone, Copy)]
pub(super) struct RequestShape {
    /// `stream`
    pub(super) streams: bool,
    /// `stream_options.include_usage`
    pub(super) takes_usage_option: bool,
    /// `n` and `best_of`
    pub(super) counts_choices: bool,
    /// `previous_response_id`
    pub(super) continues_responses: bool,
    /// Model and streaming are said by the path, not by the body.
    pub(super) model_in_path: bool,
    /// `stream_format`, which is `sse` for a stream
    pub(super) streams_by_format: bool,
    /// Where the limit of tokens is, when it is no member of the body itself.
    pub(super) output_limit: Option<NestedLimit>,
}

/// A limit of tokens within a member of the body.
#[derive(Debug, Clone, Copy)]
pub(super) struct NestedLimit {
    /// The member of the body.
    pub(super) within: &'static str,
    /// The member of that.
    pub(super) member: &'static str,
    /// Both, for people.
    pub(super) path: &'static str,
}

impl RequestShape {
    /// None of them: only the model and the limit of tokens count.
    pub(super) const PLAIN: Self = Self {
        streams: false,
        takes_usage_option: false,
        counts_choices: false,
        continues_responses: false,
        model_in_path: false,
        streams_by_format: false,
        output_limit: None,
    };
}
