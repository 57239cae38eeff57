package main

import (
	"context"
	"crypto/ed25519"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"net"
	"sync"
	"time"

	"github.com/quic-go/quic-go"
)

// What an envelope carries, by the number of its field.
const (
	bodyClock    = 1
	bodyRedeem   = 6
	bodyRedeemed = 7
	bodyObserved = 8
	bodyEvents   = 9
)

const (
	dialTimeout    = 20 * time.Second
	gossipInterval = 10 * time.Second
)

var config = &quic.Config{MaxIdleTimeout: 30 * time.Second, KeepAlivePeriod: 10 * time.Second, EnableDatagrams: true}

// node is a member of a network, with its sessions.
type node struct {
	key        ed25519.PrivateKey
	root       ed25519.PublicKey
	rootKey    ed25519.PrivateKey // nil unless it founded the network
	membership []byte
	transport  *quic.Transport
	gossip     *gossip
	mutex      sync.Mutex
	sessions   map[string]*quic.Conn
	ports      map[uint64]bool
}

func newNode(key ed25519.PrivateKey, root []byte, membership []byte) (*node, error) {
	socket, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, err
	}
	n := &node{
		key: key, root: root, membership: membership,
		transport: &quic.Transport{Conn: socket},
		sessions:  map[string]*quic.Conn{},
		ports:     map[uint64]bool{},
	}
	n.begin()
	return n, nil
}

// begin forgets what was ever said, and states where and who this node is with the lowest counters.
func (n *node) begin() {
	n.gossip = newGossip(hex.EncodeToString(n.public()))
	n.gossip.state(saysIdentity, message(nil).bytes(1, n.public()), false)
	n.gossip.state(saysNetwork, message(nil).text(1, "127.0.0.1").number(2, uint64(n.port())), false)
}

func (n *node) public() ed25519.PublicKey { return n.key.Public().(ed25519.PublicKey) }

func (n *node) port() int { return n.transport.Conn.LocalAddr().(*net.UDPAddr).Port }

// listen lets members in, and, where the network is its own, strangers with an invite.
func (n *node) listen(redeem func(*quic.Conn)) error {
	shown, err := certificate(n.key, n.membership)
	if err != nil {
		return err
	}
	bare, err := certificate(n.key, nil)
	if err != nil {
		return err
	}
	listener, err := n.transport.Listen(&tls.Config{
		MinVersion: tls.VersionTLS13,
		NextProtos: []string{alpnMember, alpnInvite},
		GetConfigForClient: func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
			for _, offered := range hello.SupportedProtos {
				if offered == alpnInvite && redeem != nil {
					return security(bare, alpnInvite, holderOf(nil)), nil
				}
			}
			return security(shown, alpnMember, memberOf(n.root, nil)), nil
		},
	}, config)
	if err != nil {
		return err
	}
	go func() {
		for {
			session, err := listener.Accept(context.Background())
			if err != nil {
				return
			}
			if session.ConnectionState().TLS.NegotiatedProtocol == alpnInvite {
				go redeem(session)
			} else {
				go n.serve(session)
			}
		}
	}()
	return nil
}

// dial opens a session with this very member.
func (n *node) dial(addr string, expected []byte) error {
	shown, err := certificate(n.key, n.membership)
	if err != nil {
		return err
	}
	session, err := dialAt(n.transport, addr, security(shown, alpnMember, memberOf(n.root, expected)))
	if err == nil {
		go n.serve(session)
	}
	return err
}

func dialAt(transport *quic.Transport, addr string, security *tls.Config) (*quic.Conn, error) {
	at, err := net.ResolveUDPAddr("udp", addr)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), dialTimeout)
	defer cancel()
	return transport.Dial(ctx, at, security, config)
}

// add takes a session in. Of two that live it chooses as the original does, by order of arrival: the
// old one stays where our key is the smaller.
func (n *node) add(peer string, session *quic.Conn) bool {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	if old := n.sessions[peer]; old != nil && old.Context().Err() == nil {
		if hex.EncodeToString(n.public()) < peer {
			_ = session.CloseWithError(0, "duplicate")
			return false
		}
		_ = old.CloseWithError(0, "replaced")
	}
	n.sessions[peer] = session
	return true
}

// removeIfCurrent forgets a session, unless another one took its place.
func (n *node) removeIfCurrent(peer string, session *quic.Conn) bool {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	if n.sessions[peer] != session {
		return false
	}
	delete(n.sessions, peer)
	return true
}

// serve runs a session until it ends.
func (n *node) serve(session *quic.Conn) {
	peer := hex.EncodeToString(session.ConnectionState().TLS.PeerCertificates[0].PublicKey.(ed25519.PublicKey))
	if !n.add(peer, session) {
		return
	}
	say("connected", map[string]any{"peer": peer, "address": session.RemoteAddr().String()})
	n.broadcast(n.gossip.state(saysReachability, message(nil).text(1, peer), false))
	send(session, message(nil).part(bodyClock, n.gossip.clock()))
	send(session, message(nil).part(bodyObserved, message(nil).text(1, session.RemoteAddr().String())))
	go n.acceptStreams(session)
	ticker := time.NewTicker(gossipInterval)
	defer ticker.Stop()
	go func() {
		for range ticker.C {
			send(session, message(nil).part(bodyClock, n.gossip.clock()))
		}
	}()
	for {
		data, err := session.ReceiveDatagram(session.Context())
		if err != nil {
			break
		}
		if err := n.receive(session, data); err != nil {
			say("malformed", map[string]any{"why": err.Error()})
		}
	}
	if !n.removeIfCurrent(peer, session) {
		return
	}
	say("closed", endOf(session, peer))
	n.broadcast(n.gossip.state(saysReachability, message(nil).text(1, peer), true))
}

func endOf(session *quic.Conn, peer string) map[string]any {
	cause := context.Cause(session.Context())
	var said *quic.ApplicationError
	if errors.As(cause, &said) {
		return map[string]any{"peer": peer, "remote": said.Remote, "code": said.ErrorCode, "reason": said.ErrorMessage}
	}
	return map[string]any{"peer": peer, "error": cause.Error()}
}

func (n *node) receive(session *quic.Conn, data []byte) error {
	body, err := read(data)
	if err != nil {
		return err
	}
	if clock := body.parts[bodyClock]; clock != nil {
		lacking, err := n.gossip.missing(clock[0])
		for _, envelope := range batches(lacking) {
			send(session, envelope)
		}
		return err
	}
	if observed := body.parts[bodyObserved]; observed != nil {
		address, err := read(observed[0])
		say("observed", map[string]any{"address": string(address.part(1))})
		return err
	}
	if events := body.parts[bodyEvents]; events != nil {
		news, again, err := n.gossip.apply(events[0])
		for _, said := range news {
			say("event", told(said))
		}
		n.broadcast(again...)
		return err
	}
	return nil
}

// broadcast sends events to every peer.
func (n *node) broadcast(events ...event) {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	for _, session := range n.sessions {
		for _, envelope := range batches(events) {
			send(session, envelope)
		}
	}
}

func send(session *quic.Conn, envelope message) {
	if err := session.SendDatagram(envelope); err != nil && session.Context().Err() == nil {
		say("unsent", map[string]any{"why": err.Error(), "bytes": len(envelope)})
	}
}

// disconnect ends every session as a node does that stops.
func (n *node) disconnect() {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	for _, session := range n.sessions {
		_ = session.CloseWithError(0, "disconnect")
	}
}
