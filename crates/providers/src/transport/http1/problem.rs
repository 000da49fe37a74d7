//! What can be wrong with an HTTP/1.1 answer, as facts: the codec names them, the errors of the transport carry them.

/// Why an answer over HTTP/1.1 cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AnswerProblem {
    /// It does not begin with `HTTP/1.1` or `HTTP/1.0`.
    #[error("it does not begin with the HTTP version 1.0 or 1.1")]
    Version,
    /// The status is not one of three digits from 100 (RFC 9112, section 4).
    #[error("its status line has no valid status")]
    Status,
    /// The status line or the end of a line is malformed (RFC 9112, section 2.2).
    #[error("its head has a malformed line")]
    Line,
    /// A header is malformed or folded over several lines (RFC 9112, section 5).
    #[error("its head has a malformed header")]
    Header,
    /// There are more than 128 headers.
    #[error("its head has too many headers (more than {})", super::bounds::HEADERS_MAX)]
    TooManyHeaders,
    /// The head is longer than 64 KiB.
    #[error("its head is too large (more than {} bytes)", super::bounds::HEAD_BYTES_MAX)]
    HeadTooLarge,
    /// More than 16 interim answers (1xx) came.
    #[error("it has too many interim answers (more than {})", super::bounds::INTERIM_ANSWERS_MAX)]
    TooManyInterimAnswers,
    /// The server changed to a protocol that nobody asked for (101).
    #[error("it changes to another protocol, which was not asked for")]
    SwitchedProtocols,
    /// `content-length` is no number, too large a number, or several different ones (RFC 9112, section 6.3).
    #[error("its content-length is not one number")]
    ContentLength,
    /// `transfer-encoding` is something else than `chunked`, or comes over HTTP/1.0 (RFC 9112, section 6.1).
    #[error("its transfer-encoding is not `chunked` over HTTP/1.1")]
    TransferEncoding,
    /// A chunk does not begin with its size (RFC 9112, section 7.1).
    #[error("a chunk of its body has a malformed size")]
    ChunkSize,
    /// The line with a chunk's size and extensions is longer than 1 KiB.
    #[error(
        "a chunk of its body has a size line that is too long (more than {} bytes)",
        super::bounds::CHUNK_LINE_BYTES_MAX
    )]
    ChunkLineTooLong,
    /// A chunk is longer or shorter than its size.
    #[error("a chunk of its body does not end where its size says")]
    ChunkEnd,
    /// The trailers are malformed (RFC 9112, section 7.1.2).
    #[error("its trailers are malformed")]
    Trailers,
    /// The trailers are longer than 16 KiB.
    #[error("its trailers are too large (more than {} bytes)", super::bounds::TRAILERS_BYTES_MAX)]
    TrailersTooLarge,
}
