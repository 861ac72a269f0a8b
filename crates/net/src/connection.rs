//! One connection: a task that takes turns until the peer or a deadline ends it.
//!
//! A turn is one read, [`Service::turn`] over the complete frames, one send. The bytes that are read lie in the loop's scratch area
//! while the service looks at them, so reading and handling happen within one poll; only what is left over is copied.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use crate::carry::{Carry, UNASKED_BYTES};
use crate::cold::Reading;
use crate::frames::{BadSize, Frames, split};
use crate::listener::Arrival;
use crate::loops::Local;
use crate::send::poll_flush;
use crate::socket::Socket;
use crate::watch::{Phase, Watch};
use crate::{Answer, CloseReason, Outbox, Service, Turn, Wait};

/// Turns, or reads of one frame, that a connection takes in a row before the other tasks of the loop get theirs.
const STREAK_MAX: u32 = 8;

/// Serves one connection until it ends.
pub(crate) async fn serve<S: Service>(local: Rc<Local>, service: Arc<S>, arrival: Arrival) {
    let Arrival { stream, peer, listener, seat } = arrival;
    let member = Member { watch: local.roster.join(), local };
    let end = match Socket::new(stream) {
        Ok(socket) => member.watched(Connection::new(&member, &*service, socket, peer, listener)).await,
        Err(e) => End::from(e),
    };
    member.log(peer, &end);
    drop(seat);
}

/// Why a connection ended.
enum End {
    /// The peer sent what is not a request: worth a warning.
    BadFrame(BadSize),
    Closed(CloseReason),
}

impl From<BadSize> for End {
    fn from(bad: BadSize) -> End {
        End::BadFrame(bad)
    }
}

impl From<io::Error> for End {
    fn from(e: io::Error) -> End {
        End::Closed(e.to_string().into())
    }
}

impl From<CloseReason> for End {
    fn from(reason: CloseReason) -> End {
        End::Closed(reason)
    }
}

/// The place of a connection in its loop's books, given up when dropped.
struct Member {
    local: Rc<Local>,
    watch: Rc<Watch>,
}

impl Member {
    /// Runs the connection until it or a deadline ends it.
    async fn watched<S: Service>(&self, connection: Connection<'_, S>) -> End {
        self.local.stats.connections_opened.add(1);
        let mut life = pin!(connection.live());
        poll_fn(|cx| {
            self.watch.attend(cx);
            match self.watch.verdict() {
                Some(reason) => Poll::Ready(CloseReason::from(reason).into()),
                None => life.as_mut().poll(cx),
            }
        })
        .await
    }

    fn log(&self, peer: SocketAddr, end: &End) {
        match end {
            End::Closed(reason) => tracing::debug!(%peer, %reason, "connection closed"),
            End::BadFrame(bad) if self.local.warnings.allow(self.local.roster.tick()) => {
                tracing::warn!(%peer, reason = %bad, "connection closed: not a request");
            }
            End::BadFrame(bad) => tracing::debug!(%peer, reason = %bad, "connection closed: not a request"),
        }
    }

    /// Something happened: the phase's deadline starts over.
    fn stamp(&self, phase: Phase) {
        self.local.roster.stamp(&self.watch, phase);
    }

    /// Nothing happened, but the phase may be a new one.
    fn enter(&self, phase: Phase) {
        if self.watch.phase() != phase {
            self.stamp(phase);
        }
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        self.local.stats.connections_closed.add(1);
        self.local.roster.leave();
    }
}

struct Connection<'m, S: Service> {
    member: &'m Member,
    service: &'m S,
    session: S::Session,
    socket: Socket,
    carry: Carry,
    /// Borrowed from the loop while it holds answers.
    outbox: Option<Box<Outbox>>,
    /// What is to be sent next comes from the disk.
    reading: Option<Reading>,
    streak: u32,
}

impl<'m, S: Service> Connection<'m, S> {
    fn new(member: &'m Member, service: &'m S, socket: Socket, peer: SocketAddr, listener: usize) -> Self {
        let local = &member.local;
        Connection {
            member,
            service,
            session: service.connect(peer, listener),
            socket,
            carry: Carry::new(Rc::clone(&local.buffers), local.config.max_frame_bytes),
            outbox: None,
            reading: None,
            streak: 0,
        }
    }

    async fn live(mut self) -> End {
        loop {
            if let Err(end) = self.round().await {
                return end;
            }
        }
    }

    /// One turn and what follows from it.
    async fn round(&mut self) -> Result<(), End> {
        let turn = if self.carry.is_ready() { self.turn(&[]) } else { poll_fn(|cx| self.poll_turn(cx)).await };
        // The answers to the good frames before a bad one leave before the connection ends.
        self.flush().await?;
        match turn? {
            Turn::Done => self.give_way().await,
            Turn::Close(reason) => return Err(reason.into()),
            Turn::Wait(wait) => {
                self.wait(wait).await?;
                self.flush().await?;
            }
        }
        Ok(())
    }

    /// Reads until a frame is complete and takes the turn.
    fn poll_turn(&mut self, cx: &mut Context<'_>) -> Poll<Result<Turn, End>> {
        if self.member.local.roster.is_draining() {
            return Poll::Ready(Err(CloseReason::from("the broker is shutting down").into()));
        }
        let buffers = Rc::clone(&self.member.local.buffers);
        let mut scratch = buffers.scratch();
        for _ in 0..STREAK_MAX {
            let received = ready!(self.poll_receive(cx, &mut scratch))?;
            let fresh = &scratch[..received];
            let absorbed = self.carry.absorb(fresh)?;
            let fresh = &fresh[absorbed..];
            if self.has_frame(fresh) {
                return Poll::Ready(self.turn(fresh));
            }
            self.carry.keep(fresh);
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// One read, into the carry as far as its partial frame goes and then into `scratch`; returns how many bytes lie there.
    fn poll_receive(&mut self, cx: &mut Context<'_>, scratch: &mut [u8]) -> Poll<Result<usize, End>> {
        if self.carry.poll_room(cx).is_pending() {
            self.member.enter(Phase::Waiting);
            return Poll::Pending;
        }
        let limit = if self.member.local.buffers.budget.is_short() { UNASKED_BYTES } else { scratch.len() };
        let gap = self.carry.gap();
        let room = gap.len();
        let Poll::Ready(received) = self.socket.poll_recv(cx, gap, &mut scratch[..limit]) else {
            self.streak = 0;
            self.member.enter(if self.carry.is_empty() { Phase::Idle } else { Phase::Partial });
            return Poll::Pending;
        };
        let n = received?;
        if n == 0 {
            return Poll::Ready(Err(closed_by_peer()));
        }
        self.member.stamp(Phase::Idle);
        self.member.local.stats.bytes_in.add(n as u64);
        self.carry.filled(n.min(room));
        Poll::Ready(Ok(n.saturating_sub(room)))
    }

    /// Whether the service has something to look at (a size that no frame can have counts).
    fn has_frame(&self, fresh: &[u8]) -> bool {
        let max = self.member.local.config.max_frame_bytes;
        if self.carry.is_empty() { !matches!(split(fresh, max), Ok(None)) } else { self.carry.is_ready() }
    }

    /// Hands the carried bytes and then the fresh ones to the service, and keeps what it leaves.
    fn turn(&mut self, fresh: &[u8]) -> Result<Turn, End> {
        let local = &self.member.local;
        let outbox = self.outbox.get_or_insert_with(|| local.buffers.take_outbox());
        let full = outbox.full();
        let mut frames = Frames::new(self.carry.unread(), fresh, &full, local.config.max_frame_bytes);
        let turn = self.service.turn(&mut self.session, &mut frames, outbox);
        let left = frames.finish();
        local.stats.turns.add(1);
        local.stats.frames.add(left.taken);
        self.carry.leave(left.first);
        self.carry.keep(&fresh[fresh.len() - left.second..]);
        match (turn, left.bad) {
            (Turn::Done, Some(bad)) => Err(bad.into()),
            (Turn::Done, None) => {
                assert!(full.get() || !self.carry.is_ready(), "a turn is done when no frame is left");
                Ok(Turn::Done)
            }
            (turn, _) => Ok(turn),
        }
    }

    async fn wait(&mut self, mut wait: Wait) -> Result<(), End> {
        self.member.stamp(Phase::Waiting);
        let answer = poll_fn(|cx| match wait.as_mut().poll(cx) {
            Poll::Ready(answer) => Poll::Ready(Some(answer)),
            Poll::Pending => {
                let gone = self.socket.poll_gone(cx).map(|()| None);
                if self.socket.has_finished() {
                    self.member.enter(Phase::Leaving);
                }
                gone
            }
        });
        match answer.await {
            Some(Answer::Write(write)) => {
                let buffers = &self.member.local.buffers;
                write(self.outbox.get_or_insert_with(|| buffers.take_outbox()));
                Ok(())
            }
            Some(Answer::Nothing) => Ok(()),
            Some(Answer::Close(reason)) => Err(reason.into()),
            None => Err(closed_by_peer()),
        }
    }

    async fn flush(&mut self) -> Result<(), End> {
        poll_fn(|cx| self.poll_flush(cx)).await
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), End>> {
        let Some(outbox) = &mut self.outbox else { return Poll::Ready(Ok(())) };
        if let Some(reason) = outbox.take_failure() {
            return Poll::Ready(Err(reason.into()));
        }
        let member = self.member;
        loop {
            ready!(poll_read(&mut self.reading, outbox, member, cx))?;
            if outbox.is_empty() {
                break;
            }
            let Local { lane, stats, .. } = &*member.local;
            let flushed = poll_flush(&mut self.socket, outbox, lane, stats, cx, || member.stamp(Phase::Writing));
            if flushed.is_pending() {
                outbox.paused();
                member.enter(Phase::Writing);
            }
            ready!(flushed)?;
            let Some(window) = outbox.window() else { continue };
            let missing = u64::from(outbox.missing());
            stats.bytes_cold.add(missing);
            window.file.note_missed(missing);
            self.reading = Some(lane.read(window));
        }
        if let Some(drained) = self.outbox.take() {
            self.member.local.buffers.give_outbox(drained);
        }
        Poll::Ready(Ok(()))
    }

    /// Lets the other tasks of the loop run when this one has had several turns without a pause.
    async fn give_way(&mut self) {
        self.streak += 1;
        if self.streak < STREAK_MAX {
            return;
        }
        self.streak = 0;
        let mut gave_way = false;
        poll_fn(|cx| {
            if std::mem::replace(&mut gave_way, true) {
                return Poll::Ready(());
            }
            cx.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }
}

/// Waits for what is read from the disk; meanwhile the peer owes nothing.
fn poll_read(
    reading: &mut Option<Reading>,
    outbox: &mut Outbox,
    member: &Member,
    cx: &mut Context<'_>,
) -> Poll<Result<(), End>> {
    let Some(under_way) = reading else { return Poll::Ready(Ok(())) };
    let Poll::Ready(read) = under_way.as_mut().poll(cx) else {
        member.enter(Phase::Waiting);
        return Poll::Pending;
    };
    *reading = None;
    read?;
    outbox.warmed();
    member.stamp(Phase::Writing);
    Poll::Ready(Ok(()))
}

fn closed_by_peer() -> End {
    CloseReason::from("closed by the peer").into()
}
