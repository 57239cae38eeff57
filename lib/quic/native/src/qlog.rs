//! Traces of connections for those who debug: one qlog file (JSON text sequence, RFC 7464) for each
//! connection, in a folder.
//!
//! Invariants: the data plane never waits for the disk, because records go to a thread of their own
//! over a bounded queue, and what finds the queue full is left out. Files are bounded in size and
//! number. A trace holds sizes, times and addresses, never keys or content.

use crate::limits::{QLOG_FILES_MAX, QLOG_FILE_BYTES_MAX, QLOG_QUEUE_BYTES_MAX};
use quinn_proto::{QlogConfig, QlogStream};
use rustc_hash::FxHashMap;
use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc::{channel, Receiver, Sender};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Instant, SystemTime};

/// Writes the traces of one engine.
pub struct Qlog {
    messages: Sender<Message>,
    /// Bytes of records on the way to the disk.
    queued: Arc<AtomicUsize>,
    last: AtomicU64,
    thread: Option<JoinHandle<()>>,
}

enum Message {
    Open { trace: u64, name: String },
    Record { trace: u64, bytes: Vec<u8> },
    Close { trace: u64 },
    Stop,
}

impl Qlog {
    /// Makes the folder, with those above it, and starts the thread.
    pub fn start(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let (messages, received) = channel();
        let queued = Arc::new(AtomicUsize::new(0));
        let files = Files {
            folder: folder.to_owned(),
            open: FxHashMap::default(),
            closed: VecDeque::new(),
        };
        let thread = std::thread::Builder::new()
            .name("pollen-qlog".to_owned())
            .spawn({
                let queued = queued.clone();
                move || files.run(&received, &queued)
            })?;
        Ok(Self {
            messages,
            queued,
            last: AtomicU64::new(0),
            thread: Some(thread),
        })
    }

    /// Where a new connection writes what happens to it.
    pub fn begin(&self, inbound: bool, remote: SocketAddr, now: Instant) -> Option<QlogStream> {
        let trace = self.last.fetch_add(1, Relaxed) + 1;
        let side = if inbound { "server" } else { "client" };
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let milliseconds = since.map_or(0, |since| since.as_millis());
        let name = format!("{milliseconds}-{trace}-{side}.sqlog");
        self.messages.send(Message::Open { trace, name }).ok()?;
        let mut config = QlogConfig::default();
        config
            .title(Some(format!("{side} of a session with {remote}")))
            .start_time(now)
            .writer(Box::new(Sink {
                trace,
                messages: self.messages.clone(),
                queued: self.queued.clone(),
                record: Vec::new(),
                handed_over: 0,
                is_over: false,
            }));
        config.into_stream()
    }
}

impl Drop for Qlog {
    fn drop(&mut self) {
        let _ = self.messages.send(Message::Stop);
        // The library may be unloaded next: no thread of ours may be left.
        self.thread.take().map(JoinHandle::join);
    }
}

/// Takes the records of one trace.
struct Sink {
    trace: u64,
    messages: Sender<Message>,
    queued: Arc<AtomicUsize>,
    /// The record that is being written.
    record: Vec<u8>,
    handed_over: usize,
    is_over: bool,
}

impl Sink {
    fn hand_over(&mut self) {
        let bytes = std::mem::take(&mut self.record);
        let size = bytes.len();
        if self.is_over || self.handed_over + size > QLOG_FILE_BYTES_MAX {
            self.is_over = true;
            return;
        }
        if self.queued.fetch_add(size, Relaxed) + size > QLOG_QUEUE_BYTES_MAX {
            self.queued.fetch_sub(size, Relaxed);
            // A file without its first record could not be read.
            self.is_over = self.handed_over == 0;
            return;
        }
        self.handed_over += size;
        let trace = self.trace;
        let _ = self.messages.send(Message::Record { trace, bytes });
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.record.extend_from_slice(bytes);
        // Within a record, line feeds are escaped.
        if bytes.ends_with(b"\n") {
            self.hand_over();
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        let trace = self.trace;
        let _ = self.messages.send(Message::Close { trace });
    }
}

/// The thread's side.
struct Files {
    folder: PathBuf,
    open: FxHashMap<u64, (File, PathBuf)>,
    /// Of connections that are over, the oldest first.
    closed: VecDeque<PathBuf>,
}

impl Files {
    fn run(mut self, received: &Receiver<Message>, queued: &AtomicUsize) {
        for message in received {
            match message {
                Message::Open { trace, name } => self.open(trace, &name),
                Message::Record { trace, bytes } => {
                    queued.fetch_sub(bytes.len(), Relaxed);
                    self.write(trace, &bytes);
                }
                Message::Close { trace } => self.close(trace),
                Message::Stop => return,
            }
        }
    }

    /// Where there are too many files, the oldest that is complete makes room, if there is one.
    fn open(&mut self, trace: u64, name: &str) {
        if self.open.len() + self.closed.len() >= QLOG_FILES_MAX {
            let Some(oldest) = self.closed.pop_front() else {
                return;
            };
            let _ = fs::remove_file(oldest);
        }
        let path = self.folder.join(name);
        if let Ok(file) = create_private(&path) {
            self.open.insert(trace, (file, path));
        }
    }

    fn write(&mut self, trace: u64, bytes: &[u8]) {
        let written = self
            .open
            .get_mut(&trace)
            .map(|(file, _)| file.write_all(bytes));
        // A disk that is full ends this trace.
        if matches!(written, Some(Err(_))) {
            self.close(trace);
        }
    }

    fn close(&mut self, trace: u64) {
        if let Some((_, path)) = self.open.remove(&trace) {
            self.closed.push_back(path);
        }
    }
}

/// A new file that only its owner reads.
fn create_private(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
