//! Rules: what the thread does by itself with a new connection or stream, without asking.
//!
//! A route leads the connections of a listener to a session; a service leads the streams of the
//! sessions it is open to, and whose head it names, to TCP targets. Invariant: a rule is one more
//! way to give the answer that its owner would have given. Where none matches, its session is not
//! open, or the owner is far behind with what he was told, he is asked.

use crate::core::Core;
use crate::handle::Handle;
use crate::limits::RULES_MAX;
use bytes::Bytes;
use rustc_hash::FxHashMap;
use std::net::SocketAddr;
use std::sync::Arc;

/// Where the connections of a listener go.
#[derive(Clone)]
pub struct Route {
    pub session: Handle,
    /// The first bytes of each stream.
    pub head: Bytes,
}

/// Where the streams with a head go.
#[derive(Clone)]
pub struct Service {
    pub head: Bytes,
    pub targets: Arc<[SocketAddr]>,
}

/// What the rules say. A bridge that is allowed counts from now on.
pub enum Verdict<T> {
    Ask,
    /// The rule has as many bridges as it may.
    Refuse,
    Bridge {
        rule: u32,
        to: T,
    },
}

enum Kind {
    Route { listener: Handle, route: Route },
    Service(Service),
}

struct Rule {
    kind: Kind,
    bridges: u32,
    bridges_max: u32,
    /// Refused and not told yet.
    refused: u32,
}

impl Rule {
    fn begin<T>(&mut self, tag: u32, refusing: &mut Vec<u32>, to: T) -> Verdict<T> {
        if self.bridges < self.bridges_max {
            self.bridges += 1;
            return Verdict::Bridge { rule: tag, to };
        }
        if self.refused == 0 {
            refusing.push(tag);
        }
        self.refused = self.refused.saturating_add(1);
        Verdict::Refuse
    }
}

#[derive(Default)]
pub struct Rules {
    table: FxHashMap<u32, Rule>,
    by_listener: FxHashMap<Handle, u32>,
    /// Per session: the rule that serves the streams with a head.
    by_head: FxHashMap<Handle, FxHashMap<Bytes, u32>>,
    /// Rules with refusals that were not told yet.
    refusing: Vec<u32>,
    /// Whether the owner is so far behind that he is asked about everything, which bounds what
    /// waits for him.
    pub is_suspended: bool,
}

impl Rules {
    /// Replaces the route that the listener had.
    pub fn add_route(&mut self, tag: u32, listener: Handle, route: Route, bridges_max: u32) {
        if let Some(old) = self.by_listener.remove(&listener) {
            self.table.remove(&old);
        }
        if self.add(tag, Kind::Route { listener, route }, bridges_max) {
            self.by_listener.insert(listener, tag);
        }
    }

    /// Serves nobody yet.
    pub fn add_service(&mut self, tag: u32, service: Service, bridges_max: u32) {
        self.add(tag, Kind::Service(service), bridges_max);
    }

    /// One that finds no room, or a number that is taken, is left out: its owner is asked.
    fn add(&mut self, tag: u32, kind: Kind, bridges_max: u32) -> bool {
        if tag == 0 || self.table.contains_key(&tag) || self.table.len() >= RULES_MAX {
            return false;
        }
        let rule = Rule {
            kind,
            bridges: 0,
            bridges_max,
            refused: 0,
        };
        self.table.insert(tag, rule);
        true
    }

    /// Opens a service to a session.
    pub fn allow(&mut self, core: &Core, tag: u32, session: Handle) {
        let Some(Rule {
            kind: Kind::Service(service),
            ..
        }) = self.table.get(&tag)
        else {
            return;
        };
        if core.is_open(session) {
            let services = self.by_head.entry(session).or_default();
            services.insert(service.head.clone(), tag);
        }
    }

    pub fn withdraw(&mut self, tag: u32) {
        match self.table.remove(&tag).map(|rule| rule.kind) {
            Some(Kind::Route { listener, .. }) => {
                self.by_listener.remove(&listener);
            }
            Some(Kind::Service(service)) => {
                for services in self.by_head.values_mut() {
                    if services.get(&service.head) == Some(&tag) {
                        services.remove(&service.head);
                    }
                }
            }
            None => {}
        }
    }

    /// What rested on the session is gone with it.
    pub fn session_ended(&mut self, session: Handle) {
        self.by_head.remove(&session);
    }

    /// The rule for a connection that the listener accepted.
    pub fn route(&mut self, core: &Core, listener: Handle) -> Verdict<Route> {
        if self.is_suspended {
            return Verdict::Ask;
        }
        let found = self.by_listener.get(&listener);
        let Some((&tag, rule)) = found.and_then(|tag| Some((tag, self.table.get_mut(tag)?))) else {
            return Verdict::Ask;
        };
        match &rule.kind {
            Kind::Route { route, .. } if core.is_open(route.session) => {
                let route = route.clone();
                rule.begin(tag, &mut self.refusing, route)
            }
            _ => Verdict::Ask,
        }
    }

    /// The rule for a stream that the peer of a session opened.
    pub fn serve(&mut self, session: Handle, head: &Bytes) -> Verdict<Arc<[SocketAddr]>> {
        if self.is_suspended {
            return Verdict::Ask;
        }
        let found = self.by_head.get(&session).and_then(|heads| heads.get(head));
        let Some((&tag, rule)) = found.and_then(|tag| Some((tag, self.table.get_mut(tag)?))) else {
            return Verdict::Ask;
        };
        match &rule.kind {
            Kind::Service(service) => {
                let targets = service.targets.clone();
                rule.begin(tag, &mut self.refusing, targets)
            }
            Kind::Route { .. } => Verdict::Ask,
        }
    }

    /// A bridge that began by the rule is over.
    pub fn bridge_ended(&mut self, tag: u32) {
        if let Some(rule) = self.table.get_mut(&tag) {
            rule.bridges = rule.bridges.saturating_sub(1);
        }
    }

    /// The rules that refused since the last call, and how often.
    pub fn take_refusals(&mut self) -> Vec<(u32, u32)> {
        let refusing = std::mem::take(&mut self.refusing);
        let counts = refusing.into_iter().filter_map(|tag| {
            let rule = self.table.get_mut(&tag)?;
            Some((tag, std::mem::take(&mut rule.refused)))
        });
        counts.collect()
    }
}
