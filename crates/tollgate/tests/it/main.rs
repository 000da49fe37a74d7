//! The whole gateway from outside, before providers that do what each test says.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on ends here")]

mod configuration;
mod gateway;

mod access;
mod affinity;
mod audit;
mod bad_input;
mod balance;
mod breakers;
mod budgets;
mod canary;
mod cancel;
mod catalog;
mod classifier;
mod cli;
mod conditions;
mod costs;
mod counting;
mod credentials;
mod drain;
mod explain;
mod faithful;
mod fallback;
mod fitness;
mod google;
mod headers;
mod hedge;
mod kept;
mod limits;
mod media;
mod media_translation;
mod mirror;
mod names;
mod outages;
mod probing;
mod providers;
mod quotas;
mod realtime;
mod regions;
mod reload;
mod responses;
mod resume;
mod retrieval;
mod retry;
mod retry_budget;
mod route_tests;
mod signing;
mod simulate;
mod state;
mod tenants;
mod throughput;
mod timeouts;
mod tls;
mod translation;
