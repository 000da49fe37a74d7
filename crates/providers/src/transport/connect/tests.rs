//! Laws of the order in which addresses are tried.

use proptest::prelude::*;

use super::*;

fn addresses(texts: &[&str]) -> Vec<IpAddr> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

#[test]
fn address_families_alternate_from_that_of_the_first_address() {
    let mixed = interleave(&addresses(&["::1", "::2", "::3", "127.0.0.1", "127.0.0.2"]));
    assert_eq!(mixed, addresses(&["::1", "127.0.0.1", "::2", "127.0.0.2", "::3"]));
    let mixed = interleave(&addresses(&["127.0.0.1", "::1", "::2", "::3"]));
    assert_eq!(mixed, addresses(&["127.0.0.1", "::1", "::2", "::3"]));
    assert!(interleave(&[]).is_empty());
}

proptest! {
    #[test]
    fn no_address_is_lost_or_tried_twice(texts in proptest::collection::vec(any::<IpAddr>(), 0..12)) {
        let mut mixed = interleave(&texts);
        let mut given = texts;
        mixed.sort();
        given.sort();
        prop_assert_eq!(mixed, given);
    }
}

#[tokio::test]
async fn no_address_at_all_is_an_error() {
    let error = connect_tcp("provider.test", &[], 443).await.err().unwrap();
    assert!(matches!(error, SendError::Resolve { .. }), "{error}");
}

#[tokio::test]
async fn connections_send_at_once_and_are_kept_in_memory_on_the_way() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let stream = connect_address(address).await.unwrap();
    assert!(stream.nodelay().unwrap());
    assert!(SockRef::from(&stream).keepalive().unwrap());
}
