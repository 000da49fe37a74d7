//! What is too much of an answer, in one place: no provider, however broken, makes the gateway hold or read more.

/// The longest head of an answer.
pub(super) const HEAD_BYTES_MAX: usize = 64 * 1024;

/// The most headers of an answer.
pub(super) const HEADERS_MAX: usize = 128;

/// The most interim answers (1xx) before the final one.
pub(super) const INTERIM_ANSWERS_MAX: usize = 16;

/// The longest line with the size and the extensions of a chunk, its end included.
pub(super) const CHUNK_LINE_BYTES_MAX: usize = 1024;

/// The most that is read of trailers, all together.
pub(super) const TRAILERS_BYTES_MAX: usize = 16 * 1024;
