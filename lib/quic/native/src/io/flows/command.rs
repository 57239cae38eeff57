//! What the caller may ask concerning flows. Local ports and services go by their tags.

use super::{FlowGauge, Flows};
use crate::core::Core;
use crate::event::Event;
use crate::handle::Handle;
use mio::Registry;
use std::net::SocketAddr;
use std::sync::Arc;

pub enum FlowCommand {
    /// Answered by `FlowsListening` or `FlowsFailed`.
    Listen {
        tag: u32,
        address: SocketAddr,
        gauge: Arc<FlowGauge>,
    },
    /// Where a local port leads: a session, and the service's port there.
    Lead {
        tag: u32,
        to: Option<(Handle, u16)>,
    },
    Close {
        tag: u32,
    },
    /// Packets for the port go to the first target that takes them, on the sessions that `Allow`
    /// names.
    Serve {
        tag: u32,
        port: u16,
        targets: Vec<SocketAddr>,
        gauge: Arc<FlowGauge>,
    },
    Allow {
        tag: u32,
        session: Handle,
    },
    Withdraw {
        tag: u32,
    },
}

impl Flows {
    pub fn apply(
        &mut self,
        core: &Core,
        registry: &Registry,
        command: FlowCommand,
        events: &mut Vec<Event>,
    ) {
        match command {
            FlowCommand::Listen {
                tag,
                address,
                gauge,
            } => self.local.listen(registry, tag, address, gauge, events),
            FlowCommand::Lead { tag, to } => self.local.lead(tag, to),
            FlowCommand::Close { tag } => self.local.close(tag),
            FlowCommand::Serve {
                tag,
                port,
                targets,
                gauge,
            } => self.served.serve(tag, port, targets, gauge),
            FlowCommand::Allow { tag, session } => self.served.allow(core, tag, session),
            FlowCommand::Withdraw { tag } => self.served.withdraw(tag),
        }
    }
}
