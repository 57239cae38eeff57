//! Events as records: six little-endian u32 (kind, handle, tag, x, y, payload length), then the
//! payload. Wide numbers are f64 in the payload, texts UTF-8, addresses port, length and text.

use crate::event::Event;
use crate::io::{ip_text, shown_address};
use std::net::SocketAddr;

pub const HEADER_BYTES: usize = 24;

/// The size of the record at the beginning of `records`; none if there is none.
pub fn record_size(records: &[u8]) -> Option<usize> {
    let length = records.get(HEADER_BYTES - 4..HEADER_BYTES)?;
    let length = u32::from_le_bytes(length.try_into().ok()?) as usize;
    Some(HEADER_BYTES + length)
}

/// Appends one record.
pub fn encode(event: &Event, records: &mut Vec<u8>) {
    let mut record = Record::new(records);
    match event {
        Event::SessionUp {
            session,
            tag,
            inbound,
            remote,
            alpn,
            secret,
            certificate,
        } => {
            record.header(1, *session, *tag, u32::from(*inbound), alpn.len() as u32);
            record.address(*remote).bytes(alpn);
            record.bytes(secret).bytes(certificate);
        }
        Event::DialFailed { tag, error, reason } => {
            record.header(2, 0, *tag, *error as u32, 0);
            record.bytes(reason.as_bytes());
        }
        Event::SessionEnded {
            session,
            kind,
            code,
            reason,
        } => {
            record.header(3, *session, 0, *kind as u32, 0);
            record.number(*code).bytes(reason.as_bytes());
        }
        Event::Datagram { session, bytes } => {
            record.header(4, *session, 0, 0, 0);
            record.bytes(bytes);
        }
        Event::StreamOpened {
            session,
            stream,
            tag,
        } => record.header(5, *session, *tag, *stream, 0),
        Event::OpenFailed { session, tag } => record.header(6, *session, *tag, 0, 0),
        Event::StreamIncoming {
            session,
            stream,
            head,
        } => {
            record.header(7, *session, 0, *stream, 0);
            record.bytes(head);
        }
        Event::StreamData { stream, bytes } => {
            record.header(8, *stream, 0, 0, 0);
            record.bytes(bytes);
        }
        Event::StreamFinished { stream } => record.header(9, *stream, 0, 0, 0),
        Event::StreamReset { stream, code } => {
            record.header(10, *stream, 0, 0, 0);
            record.number(*code);
        }
        Event::StreamStopped { stream, code } => {
            record.header(11, *stream, 0, 0, 0);
            record.number(*code);
        }
        Event::StreamWritable { stream, bytes } => record.header(12, *stream, 0, *bytes, 0),
        Event::Raw { from, bytes } => {
            record.header(13, 0, 0, 0, 0);
            record.address(*from).bytes(bytes);
        }
        Event::Listening {
            tag,
            listener,
            address,
        } => {
            record.header(14, *listener, *tag, 0, 0);
            record.address(*address);
        }
        Event::ListenFailed { tag, error, reason } => {
            record.header(15, 0, *tag, *error as u32, 0);
            record.bytes(reason.as_bytes());
        }
        Event::TcpAccepted {
            listener,
            connection,
            remote,
        } => {
            record.header(16, *listener, 0, *connection, 0);
            record.address(*remote);
        }
        Event::BridgeEnded {
            tag,
            kind,
            code,
            to_stream,
            to_tcp,
            reason,
        } => {
            record.header(17, 0, *tag, *kind as u32, 0);
            record.number(*code).number(*to_stream).number(*to_tcp);
            record.bytes(reason.as_bytes());
        }
        Event::Resumed { slept_ms } => record.header(23, 0, 0, *slept_ms, 0),
        Event::Fault {
            fault,
            count,
            reason,
        } => {
            record.header(24, 0, 0, *fault as u32, 0);
            record.number(*count).bytes(reason.as_bytes());
        }
        Event::BridgeBegan { tag, rule, session } => {
            record.header(25, *session, *tag, *rule, 0);
        }
        Event::RuleRefused { rule, count } => record.header(26, 0, *rule, *count, 0),
        Event::RuleWithdrawn { rule } => record.header(27, 0, *rule, 0, 0),
        Event::SessionStray { session, remote } => {
            record.header(28, *session, 0, 0, 0);
            record.address(*remote);
        }
        Event::SocketOpened { tag, number, port } => {
            record.header(29, 0, *tag, u32::from(*number), u32::from(*port));
        }
        Event::SocketFailed { tag, error, reason } => {
            record.header(30, 0, *tag, *error as u32, 0);
            record.bytes(reason.as_bytes());
        }
        Event::Attempt {
            attempt,
            from,
            validated,
            half_open,
        } => {
            record.header(19, *attempt, 0, u32::from(*validated), *half_open);
            record.address(*from);
        }
        Event::FlowsListening { tag, address } => {
            record.header(40, 0, *tag, 0, 0);
            record.address(*address);
        }
        Event::FlowsFailed { tag, error, reason } => {
            record.header(41, 0, *tag, *error as u32, 0);
            record.bytes(reason.as_bytes());
        }
        Event::Closed { failed } => record.header(18, 0, 0, u32::from(*failed), 0),
    }
    record.close();
}

/// The address as records and answers carry it.
pub fn encode_address(address: SocketAddr, into: &mut Vec<u8>) {
    let address = shown_address(address);
    let ip = ip_text(address);
    into.extend_from_slice(&address.port().to_le_bytes());
    into.push(ip.len() as u8);
    into.extend_from_slice(ip.as_bytes());
}

struct Record<'a> {
    records: &'a mut Vec<u8>,
    start: usize,
}

impl<'a> Record<'a> {
    fn new(records: &'a mut Vec<u8>) -> Self {
        let start = records.len();
        records.resize(start + HEADER_BYTES, 0);
        Self { records, start }
    }

    fn header(&mut self, kind: u32, handle: u32, tag: u32, x: u32, y: u32) {
        let fields = [kind, handle, tag, x, y].into_iter().enumerate();
        for (index, field) in fields {
            let at = self.start + 4 * index;
            self.records[at..at + 4].copy_from_slice(&field.to_le_bytes());
        }
    }

    fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.records.extend_from_slice(bytes);
        self
    }

    /// Codes and counters are below 2^62; what an f64 cannot hold exactly is rounded.
    fn number(&mut self, number: u64) -> &mut Self {
        self.bytes(&(number as f64).to_le_bytes())
    }

    fn address(&mut self, address: SocketAddr) -> &mut Self {
        encode_address(address, self.records);
        self
    }

    fn close(self) {
        let length = (self.records.len() - self.start - HEADER_BYTES) as u32;
        let at = self.start + HEADER_BYTES - 4;
        self.records[at..at + 4].copy_from_slice(&length.to_le_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    #[test]
    fn records_follow_each_other() {
        let mut records = Vec::new();
        encode(&Event::StreamFinished { stream: 7 }, &mut records);
        let bytes = Bytes::from_static(b"abc");
        encode(&Event::StreamData { stream: 8, bytes }, &mut records);
        assert_eq!(record_size(&records), Some(HEADER_BYTES));
        let second = &records[HEADER_BYTES..];
        assert_eq!(record_size(second), Some(HEADER_BYTES + 3));
        assert_eq!(second[..8], [8, 0, 0, 0, 8, 0, 0, 0]);
        assert_eq!(&second[HEADER_BYTES..], b"abc");
        assert_eq!(record_size(&records[..HEADER_BYTES - 1]), None);
    }
}
