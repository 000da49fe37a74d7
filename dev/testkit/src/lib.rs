//! Providers that do what a test says, a client that sees every byte, and assertions on streams.
//!
//! A [`FakeProvider`] plays scripts (made by [`scripts`]) and remembers what it was asked; a [`RawProvider`] sends bytes
//! that no HTTP library would. A [`Client`] opens a connection for each call, so that dropping the answer is leaving.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on ends here")]

mod authority;
mod client;
mod deadline;
mod fake_provider;
mod fake_vault;
mod identity_provider;
mod manual_clock;
mod raw_provider;
pub mod scripts;
mod servers;
mod task;
mod tls_front;
mod token_issuer;
mod token_key;
mod transcript;
mod web_socket;

pub use authority::{Authority, Certificate};
pub use client::{Answer, Call, Client, Connection, RawConnection, Streamed};
pub use deadline::within;
pub use fake_provider::{FakeProvider, closed_address};
pub use fake_vault::FakeVault;
pub use identity_provider::IdentityProvider;
pub use manual_clock::ManualClock;
pub use providers::scripted::server::ClientGone;
pub use providers::scripted::{Script, ScriptedRequest, Step};
pub use raw_provider::RawProvider;
pub use servers::{DatabaseServer, Pooled, ServerTls, unique_name};
pub use tls_front::TlsFront;
pub use token_issuer::TokenIssuer;
pub use token_key::{TokenKey, unsigned};
pub use transcript::Transcript;
pub use web_socket::WebSocket;
pub use wire::formats::EventStream;
