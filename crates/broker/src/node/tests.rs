//! How a node ends.

use std::future::Future;
use std::pin::pin;
use std::sync::mpsc;
use std::task::{Context, Waker};
use std::thread;

use super::*;
use crate::{Options, start};

#[test]
fn what_requests_have_begun_is_over_before_the_node_ends_and_no_thread_of_its_own_ends_it() {
    let home = tempfile::tempdir().unwrap();
    let options = Options {
        data_dirs: vec![home.path().join("data")],
        listen: Some("127.0.0.1:0".to_owned()),
        ..Options::default()
    };
    let running = start(&options).unwrap();
    let (begun, has_begun) = mpsc::sync_channel(2);
    let look_up = |node: Arc<Node>, begun: mpsc::SyncSender<()>| {
        move || {
            begun.send(()).unwrap();
            // Until the loops have ended: the node then belongs to who stops it, and to this and the other look-up.
            while Arc::strong_count(&node) > 3 {
                thread::yield_now();
            }
        }
    };
    let node = &running.node;
    let mut one = pin!(node.look_ups.run(look_up(Arc::clone(node), begun.clone())));
    let mut other = pin!(node.errands.run(look_up(Arc::clone(node), begun)));
    let mut cx = Context::from_waker(Waker::noop());
    assert!(one.as_mut().poll(&mut cx).is_pending() && other.as_mut().poll(&mut cx).is_pending());
    (0..2).for_each(|_| has_begun.recv().unwrap());

    let ended = Arc::downgrade(node);
    running.shutdown();
    assert_eq!(ended.strong_count(), 0, "nobody has it any more");
    assert!(one.poll(&mut cx).is_ready() && other.poll(&mut cx).is_ready());
}
