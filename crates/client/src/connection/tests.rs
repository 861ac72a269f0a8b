#![expect(clippy::disallowed_types, reason = "the broker that these tests play")]

use tokio::net::{TcpListener, TcpStream};
use wire::messages::metadata::{MetadataRequest, MetadataResponse};

use super::*;

/// A listener, and a connection to it whose other side has been told the versions.
async fn connected(config: &ClientConfig) -> (Connection, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = Address { host: "127.0.0.1".to_owned(), port: listener.local_addr().unwrap().port() };
    let accept = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let id = request(&mut stream).await;
        answer(&mut stream, id, &versions()).await;
        stream
    };
    let (connection, stream) = tokio::join!(Connection::open(&address, config), accept);
    (connection.unwrap(), stream)
}

/// The correlation id of the next request.
async fn request(stream: &mut TcpStream) -> i32 {
    let mut frame = vec![0; usize::try_from(stream.read_i32().await.unwrap()).unwrap()];
    stream.read_exact(&mut frame).await.unwrap();
    i32::from_be_bytes(frame[4..8].try_into().unwrap())
}

/// The body of an ApiVersions response of version 4: Metadata in version 0 alone.
fn versions() -> Vec<u8> {
    let mut body = vec![0, 0, 2];
    body.extend([0, 3, 0, 0, 0, 0, 0]);
    body.extend([0; 5]);
    body
}

async fn answer(stream: &mut TcpStream, correlation_id: i32, body: &[u8]) {
    let size = i32::try_from(body.len() + 4).unwrap();
    let frame = [&size.to_be_bytes(), &correlation_id.to_be_bytes()[..], body].concat();
    stream.write_all(&frame).await.unwrap();
}

/// A Metadata response of version 0 with one broker of this id.
fn metadata(broker: i32) -> Vec<u8> {
    let mut body = vec![0, 0, 0, 1];
    body.extend(broker.to_be_bytes());
    body.extend([0, 1, b'h', 0, 0, 0, 1, 0, 0, 0, 0]);
    body
}

fn broker_of(answer: &Answer) -> i32 {
    answer.read::<MetadataResponse<'_>>().unwrap().brokers.iter().next().unwrap().node_id
}

#[tokio::test]
async fn requests_are_pipelined_and_answers_go_to_who_asked() {
    let (connection, mut stream) = connected(&ClientConfig::default()).await;
    let serve = async {
        let ids = [request(&mut stream).await, request(&mut stream).await];
        for id in ids {
            answer(&mut stream, id, &metadata(100 + id)).await;
        }
        ids
    };
    let all = MetadataRequest::default();
    let (first, second, ids) = tokio::join!(connection.call(&all), connection.call(&all), serve);
    assert_eq!([broker_of(&first.unwrap()), broker_of(&second.unwrap())], ids.map(|id| 100 + id));
}

#[tokio::test]
async fn an_answer_to_another_request_ends_the_connection() {
    let (connection, mut stream) = connected(&ClientConfig::default()).await;
    let serve = async {
        let id = request(&mut stream).await;
        answer(&mut stream, id + 1, &metadata(1)).await;
    };
    let all = MetadataRequest::default();
    let (called, ()) = tokio::join!(connection.call(&all), serve);
    assert!(matches!(called, Err(CallError::OutOfStep { .. })));
    connection.requests.closed().await;
    assert!(matches!(connection.call(&all).await, Err(CallError::Closed { .. })));
}

#[tokio::test]
async fn an_answer_that_is_too_long_is_refused_before_it_is_read() {
    let config = ClientConfig { max_response_bytes: 1_000, ..ClientConfig::default() };
    let (connection, mut stream) = connected(&config).await;
    let serve = async {
        request(&mut stream).await;
        stream.write_all(&1_001_i32.to_be_bytes()).await.unwrap();
    };
    let all = MetadataRequest::default();
    let (called, ()) = tokio::join!(connection.call(&all), serve);
    assert!(matches!(called, Err(CallError::TooLarge { size: 1_001, max: 1_000, .. })));
}

#[tokio::test]
async fn a_broker_that_goes_away_is_noticed_also_without_a_request() {
    let (connection, stream) = connected(&ClientConfig::default()).await;
    assert!(connection.is_open());
    drop(stream);
    connection.requests.closed().await;
    assert!(!connection.is_open());
}

#[tokio::test]
async fn a_version_that_is_not_there_is_named() {
    let (connection, _stream) = connected(&ClientConfig::default()).await;
    let unsupported = connection.version_of::<ApiVersionsRequest<'_>>(i16::MAX).unwrap_err().to_string();
    assert!(unsupported.contains("ApiVersions"), "{unsupported}");
    assert_eq!(connection.version_of::<MetadataRequest<'_>>(i16::MAX).unwrap(), 0);
}

#[tokio::test]
async fn a_silent_broker_is_a_timeout() {
    let config = ClientConfig { request_timeout: Duration::from_millis(50), ..ClientConfig::default() };
    let (connection, _stream) = connected(&config).await;
    let called = connection.call(&MetadataRequest::default()).await;
    assert!(matches!(called, Err(CallError::TimedOut { .. })));
    connection.requests.closed().await;
}

#[tokio::test]
async fn a_closed_port_says_what_to_do() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address: Address = listener.local_addr().unwrap().to_string().parse().unwrap();
    drop(listener);
    let error = Connection::open(&address, &ClientConfig::default()).await.err().unwrap().to_string();
    assert_eq!(error, format!("nobody listens at {address}: start a broker there with `ottla serve`"));
}

#[tokio::test]
async fn who_is_not_a_broker_is_told_so() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address: Address = listener.local_addr().unwrap().to_string().parse().unwrap();
    let serve = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        stream
    };
    let config = ClientConfig::default();
    let (opened, _stream) = tokio::join!(Connection::open(&address, &config), serve);
    assert!(matches!(opened, Err(ConnectError::NotABroker { .. })));
}

#[tokio::test]
async fn who_gives_up_on_an_old_request_ends_the_connection() {
    let (connection, _stream) = connected(&ClientConfig::default()).await;
    let connection = Arc::new(connection);
    let all = MetadataRequest::default();
    connection.submit(i16::MAX, &all, Duration::ZERO).await.unwrap().give_up(Duration::from_secs(60));
    assert!(connection.is_open(), "its answer may still come");
    connection.submit(i16::MAX, &all, Duration::ZERO).await.unwrap().give_up(Duration::ZERO);
    connection.requests.closed().await;
}
