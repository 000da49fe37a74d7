//! Laws of the HTTP/1.1 codec, without sockets but for one.

mod bodies;
mod heads;
mod laws;
mod oracle;
mod requests;
mod waiting;
