//! What a client's answer needs beside the provider's: an id, a time, and what the request said.

/// The client's side of a translated answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClientContext {
    /// Makes ids where the provider gives none; letters and digits, unlike any other request's.
    pub token: String,
    /// Seconds since 1970, where the provider gives no time.
    pub created: u64,
    /// The model that was asked for, where the provider names none.
    pub model: String,
    /// Whether the request is for a stream, where its path says so and not its body (Gemini, Converse).
    pub stream: bool,
    /// Whether a stream is to report its usage where the format leaves that to the client.
    pub stream_usage: bool,
    /// Members of the request that the format repeats in its answer, as JSON, by name. What is given here goes before what
    /// the request itself says.
    pub echoed: Vec<(String, String)>,
}
