//! What databases of responses and conversations share: how values are written in columns, and how a chain of responses is judged.

use std::time::{Duration, SystemTime};

use domain::kept::{Continued, KeptEvent, KeptItem, KeptResponse, ResponseStatus};
use domain::ports::response_store::StoreError;

use crate::shared::count;

/// The longest chain of responses that is followed.
pub(crate) const LINKS_MAX: usize = 10_000;

/// A history that was asked for.
#[derive(Debug)]
pub(crate) enum History {
    /// All of it, oldest first.
    Whole(Vec<KeptItem>),
    /// Not all of it is there.
    Gone,
    /// It has more bytes than it may.
    TooLarge,
}

impl History {
    /// Its items, if all of them are there; an error if they have more than so many bytes.
    pub(crate) fn found(self, bytes_max: usize) -> Result<Option<Vec<KeptItem>>, StoreError> {
        match self {
            Self::Whole(items) => Ok(Some(items)),
            Self::Gone => Ok(None),
            Self::TooLarge => Err(StoreError::TooLarge { what: "the conversation", bytes_max }),
        }
    }
}

/// Where items belong, by its number.
#[derive(Debug, Clone, Copy)]
pub(crate) enum List {
    /// What a response's request brought.
    Input(i64),
    /// What a response gave.
    Output(i64),
    /// A conversation.
    Conversation(i64),
}

impl List {
    /// As three columns: a response, whether the items are its output, a conversation.
    pub(crate) fn columns(self) -> (Option<i64>, bool, Option<i64>) {
        match self {
            Self::Input(response) => (Some(response), false, None),
            Self::Output(response) => (Some(response), true, None),
            Self::Conversation(conversation) => (None, false, Some(conversation)),
        }
    }
}

/// A response of a chain.
#[derive(Debug)]
pub(crate) struct Link<Id> {
    pub(crate) number: i64,
    pub(crate) status: ResponseStatus,
    pub(crate) earlier: Option<Id>,
    pub(crate) conversation: Option<Id>,
    pub(crate) until: Option<i64>,
    /// Of this and those that went on from it.
    pub(crate) bytes: i64,
}

/// What comes before the responses of a chain.
#[derive(Debug)]
pub(crate) enum Before<'a, Id> {
    /// Nothing: it begins with them.
    Nothing,
    /// What a conversation holds.
    Conversation(&'a Id, Extent),
    /// The chain is no history.
    End(History),
}

/// How much of a conversation belongs to a history.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Extent {
    /// The last item, by its number.
    pub(crate) until: i64,
    pub(crate) bytes_max: i64,
}

/// What comes before a chain, which is given from its last response to its first.
pub(crate) fn before<Id>(links: &[Link<Id>], bytes_max: i64) -> Before<'_, Id> {
    let Some(first) = links.last() else { return Before::End(History::Gone) };
    if first.status != ResponseStatus::Answered {
        return Before::End(History::Gone);
    }
    if first.bytes > bytes_max {
        return Before::End(History::TooLarge);
    }
    match (&first.earlier, &first.conversation) {
        (Some(_), _) => Before::End(History::Gone),
        (None, None) => Before::Nothing,
        (None, Some(id)) => {
            let until = first.until.unwrap_or(i64::MAX);
            Before::Conversation(id, Extent { until, bytes_max: bytes_max - first.bytes })
        }
    }
}

/// The numbers of a chain's responses, oldest first.
pub(crate) fn oldest_first<Id>(links: &[Link<Id>]) -> Vec<i64> {
    links.iter().rev().map(|link| link.number).collect()
}

/// Microseconds since 1970.
pub(crate) fn micros(time: SystemTime) -> i64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

/// The time so many microseconds after 1970.
pub(crate) fn time(micros: i64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_micros(micros.try_into().unwrap_or_default())
}

pub(crate) fn status_number(status: ResponseStatus) -> i16 {
    match status {
        ResponseStatus::Unfinished => 0,
        ResponseStatus::Answered => 1,
        ResponseStatus::GivenUp => 2,
    }
}

pub(crate) fn status(number: i64) -> Result<ResponseStatus, sqlx::Error> {
    match number {
        0 => Ok(ResponseStatus::Unfinished),
        1 => Ok(ResponseStatus::Answered),
        2 => Ok(ResponseStatus::GivenUp),
        other => Err(sqlx::Error::Decode(format!("{other} is no status of a response").into())),
    }
}

/// What a response goes on from, as two columns: a response, a conversation.
pub(crate) fn continued(response: &KeptResponse) -> (Option<&str>, Option<&str>) {
    match &response.continued {
        None => (None, None),
        Some(Continued::Response(id)) => (Some(id.as_str()), None),
        Some(Continued::Conversation(id)) => (None, Some(id.as_str())),
    }
}

/// The length of a response's items.
pub(crate) fn item_bytes(response: &KeptResponse) -> i64 {
    count(response.input.iter().chain(&response.output).map(|item| item.json.len()).sum())
}

/// The number of an event as databases count.
pub(crate) fn event_number(sequence: u64) -> i64 {
    sequence.try_into().unwrap_or(i64::MAX)
}

/// An event from its number and its frame.
pub(crate) fn event((sequence, frame): (i64, Vec<u8>)) -> KeptEvent {
    KeptEvent { sequence: sequence.try_into().unwrap_or_default(), frame: frame.into() }
}
