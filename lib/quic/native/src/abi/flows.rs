//! Commands of flows as they cross the boundary.

use super::commands::{handle, targets, Arguments, Reader, Refusal};
use crate::io::{FlowCommand, FlowGauge};
use crate::shared::Shared;
use std::sync::Arc;

/// One of the operations 40 to 45.
pub fn flow_command(shared: &Shared, arguments: &Arguments<'_>) -> Result<FlowCommand, Refusal> {
    let &Arguments {
        operation,
        a,
        b: tag,
        s,
        bytes,
    } = arguments;
    let mut input = Reader(bytes);
    Ok(match operation {
        40 => FlowCommand::Listen {
            tag,
            address: input.address()?,
            gauge: gauge(shared, tag)?,
        },
        41 => FlowCommand::Lead {
            tag,
            to: match a {
                0 => None,
                session => Some((session, port(s)?)),
            },
        },
        42 => {
            shared.remove_flow_gauge(tag);
            FlowCommand::Close { tag }
        }
        43 => FlowCommand::Serve {
            tag,
            port: port(s)?,
            targets: targets(&mut input)?,
            gauge: gauge(shared, tag)?,
        },
        44 => FlowCommand::Allow { tag, session: a },
        45 => {
            shared.remove_flow_gauge(tag);
            FlowCommand::Withdraw { tag }
        }
        _ => return Err(Refusal::Malformed),
    })
}

/// The counters of what begins now.
fn gauge(shared: &Shared, tag: u32) -> Result<Arc<FlowGauge>, Refusal> {
    shared.add_flow_gauge(tag).ok_or(Refusal::Malformed)
}

fn port(s: f64) -> Result<u16, Refusal> {
    let port = u16::try_from(handle(s)?).map_err(|_| Refusal::Malformed)?;
    (port != 0).then_some(port).ok_or(Refusal::Malformed)
}
