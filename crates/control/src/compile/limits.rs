//! The bounds of every request: what is written over the defaults, and that they go together.

use std::time::Duration;

use domain::Limits;

use super::Problems;
use crate::file::LimitsSection;
use crate::path::Path;

/// hyper's smallest buffer, so that a head of the allowed size can be read at all.
const HEAD_BYTES_MIN: usize = 8192;

pub(super) fn compile(section: &LimitsSection, problems: &mut Problems) -> Limits {
    let base = Limits::default();
    let size =
        |written: Option<crate::file::ByteSize>, absent| written.map_or(absent, crate::file::ByteSize::bytes);
    let count = |written: Option<u32>, absent| {
        written.map_or(absent, |count| usize::try_from(count).unwrap_or(absent))
    };
    let time = |written: Option<engine::route::time::TimeSpan>, absent| written.map_or(absent, |span| span.0);
    let limits = Limits {
        body_bytes_max: size(section.body_bytes_max, base.body_bytes_max),
        head_bytes_max: size(section.head_bytes_max, base.head_bytes_max),
        headers_max: count(section.headers_max, base.headers_max),
        json_depth_max: section.json_depth_max.unwrap_or(base.json_depth_max),
        sse_frame_bytes_max: size(section.sse_frame_bytes_max, base.sse_frame_bytes_max),
        held_answer_bytes_max: size(section.held_answer_bytes_max, base.held_answer_bytes_max),
        connections_max: count(section.connections_max, base.connections_max),
        in_flight_bytes_max: size(section.in_flight_bytes_max, base.in_flight_bytes_max),
        queue_length_max: count(section.queue_length_max, base.queue_length_max),
        queue_wait_max: time(section.queue_wait_max, base.queue_wait_max),
        wrong_keys_per_minute_max: section
            .wrong_keys_per_minute_max
            .unwrap_or(base.wrong_keys_per_minute_max),
        head_read_timeout: time(section.head_read_timeout, base.head_read_timeout),
        body_idle_timeout: time(section.body_idle_timeout, base.body_idle_timeout),
        write_stall_timeout: time(section.write_stall_timeout, base.write_stall_timeout),
        drain_timeout: time(section.drain_timeout, base.drain_timeout),
    };
    check(&limits, problems);
    limits
}

fn check(limits: &Limits, problems: &mut Problems) {
    let mut report =
        |key: &str, message: String| problems.push((Path::root().key("limits").key(key), message));
    if limits.head_bytes_max < HEAD_BYTES_MIN {
        report("head_bytes_max", format!("expected at least {HEAD_BYTES_MIN} bytes"));
    }
    let sizes = [
        ("body_bytes_max", limits.body_bytes_max),
        ("sse_frame_bytes_max", limits.sse_frame_bytes_max),
        ("in_flight_bytes_max", limits.in_flight_bytes_max),
    ];
    for (key, _) in sizes.into_iter().filter(|(_, bytes)| *bytes == 0) {
        report(key, "expected a size above zero".to_owned());
    }
    if limits.body_bytes_max > limits.in_flight_bytes_max {
        report(
            "body_bytes_max",
            "one body may be larger than all together (`in_flight_bytes_max`)".to_owned(),
        );
    }
    let times = [
        ("head_read_timeout", limits.head_read_timeout),
        ("body_idle_timeout", limits.body_idle_timeout),
        ("write_stall_timeout", limits.write_stall_timeout),
    ];
    for (key, _) in times.into_iter().filter(|(_, time)| *time == Duration::ZERO) {
        report(key, "expected a time above zero".to_owned());
    }
}
