//! Bytes that are moved from one side to the other over a stream, as a tunnel would move them.

use crate::core::testing::World;
use crate::handle::Handle;
use bytes::Bytes;
use std::collections::VecDeque;
use std::time::Duration;

pub struct Transfer {
    ours: Handle,
    theirs: Option<Handle>,
    pending: VecDeque<Bytes>,
    pub received: usize,
}

impl Transfer {
    /// From the side that dialled.
    pub fn begin(world: &mut World, bytes: usize) -> Self {
        let near = world.nodes[0].session();
        world.nodes[0].core.open_delegated(near, 9).unwrap();
        world.run(Duration::ZERO);
        Self {
            ours: world.nodes[0].opened()[0],
            theirs: None,
            pending: VecDeque::from([Bytes::from(vec![1; bytes])]),
            received: 0,
        }
    }

    /// Whether everything has been written.
    pub fn is_written(&self) -> bool {
        self.pending.is_empty()
    }

    /// Lets time pass in steps; gives the bytes that arrived.
    pub fn run(&mut self, world: &mut World, steps: u32, step: Duration) -> usize {
        let before = self.received;
        for _ in 0..steps {
            let [client, server] = &mut world.nodes;
            client.core.write_delegated(self.ours, &mut self.pending);
            self.theirs = self.theirs.or_else(|| {
                let (stream, head) = server.incoming().into_iter().next()?;
                self.received += head.len();
                server.core.delegate(stream, 7).unwrap();
                Some(stream)
            });
            if let Some(stream) = self.theirs {
                let mut there = VecDeque::new();
                server.core.read_stream(stream, usize::MAX, &mut there);
                self.received += there.iter().map(Bytes::len).sum::<usize>();
            }
            world.run(step);
        }
        self.received - before
    }
}
