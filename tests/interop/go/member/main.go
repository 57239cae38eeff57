// A node of pollen/1 that shares nothing with Pollen: Go's TLS, quic-go, field numbers of its own
// (wire.go names them where it writes and reads them). member.ts runs it against real nodes.
//
//	member join TOKEN [smaller | larger]   becomes a member by an invite, its key so beside its host's
//	member found                           makes a network of its own
//
// It prints one JSON object per line and takes a command per line:
//
//	invite                prints an invite to its own network
//	serve NAME PORT       offers a local TCP port;  unserve NAME PORT
//	fetch PEER PORT TEXT  sends a text through a tunnel and prints the answer
//	revoke PEER           with the root key
//	restart NAME PORT     leaves, and comes back with counters from 1, offering this alone
//	drop                  ends all sessions
//	dial PEER ADDRESS     opens a session, though there may be one
//	visit                 dials the first peer with another member's key; again with the same one
//
// It ends when its standard input ends.
package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/quic-go/quic-go"
)

func main() {
	n, err := open(os.Args[1:])
	if err != nil {
		say("failed", map[string]any{"why": err.Error()})
		return
	}
	say("ready", map[string]any{"key": hex.EncodeToString(n.public()), "port": n.port()})
	commands := bufio.NewScanner(os.Stdin)
	for commands.Scan() {
		if err := n.obey(strings.SplitN(commands.Text(), " ", 4)); err != nil {
			say("failed", map[string]any{"why": err.Error()})
		}
	}
	n.disconnect()
	_ = n.transport.Close()
}

func open(args []string) (*node, error) {
	switch {
	case len(args) == 2 && args[0] == "join":
		return join(args[1], "")
	case len(args) == 3 && args[0] == "join":
		return join(args[1], args[2])
	case len(args) == 1 && args[0] == "found":
		return found()
	}
	return nil, errors.New("usage: member join TOKEN [smaller | larger] | member found")
}

// keyBeside draws a key that is smaller or larger than the other one, where that is asked for.
func keyBeside(other []byte, order string) (ed25519.PrivateKey, error) {
	for {
		public, key, err := ed25519.GenerateKey(rand.Reader)
		isSmaller := bytes.Compare(public, other) < 0
		if err != nil || order == "" || isSmaller == (order == "smaller") {
			return key, err
		}
	}
}

// found makes a network whose root key is this node's admin key.
func found() (*node, error) {
	public, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	root, rootKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	n, err := newNode(key, root, membershipCert(rootKey, public, time.Hour))
	if err != nil {
		return nil, err
	}
	n.rootKey = rootKey
	return n, n.listen(n.redeem)
}

// redeem answers a stranger's invite, once.
func (n *node) redeem(session *quic.Conn) {
	ctx, cancel := context.WithTimeout(session.Context(), dialTimeout)
	defer cancel()
	data, err := session.ReceiveDatagram(ctx)
	if err != nil {
		return
	}
	body, _ := read(data)
	request, _ := body.inside(bodyRedeem)
	root, _, err := verifyInvite(request.part(1))
	if err != nil || !n.root.Equal(ed25519.PublicKey(root)) {
		_ = session.CloseWithError(0, "invite failed")
		return
	}
	subject := session.ConnectionState().TLS.PeerCertificates[0].PublicKey.(ed25519.PublicKey)
	answer := message(nil).number(1, 1).part(3, joinToken(n.rootKey, subject, n.place()))
	send(session, message(nil).part(bodyRedeemed, answer))
	say("redeemed", map[string]any{"subject": hex.EncodeToString(subject), "named": hex.EncodeToString(request.part(2))})
}

func (n *node) place() bootstrap {
	return bootstrap{n.public(), []string{net.JoinHostPort("127.0.0.1", strconv.Itoa(n.port()))}}
}

// join redeems an invite with the first node that it names, and connects with it.
func join(text, order string) (*node, error) {
	token, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, err
	}
	root, enter, err := verifyInvite(token)
	if err != nil {
		return nil, err
	}
	place := enter[0]
	key, err := keyBeside(place.key, order)
	if err != nil {
		return nil, err
	}
	public := key.Public().(ed25519.PublicKey)
	n, err := newNode(key, root, nil)
	if err != nil {
		return nil, err
	}
	bare, err := certificate(key, nil)
	if err != nil {
		return nil, err
	}
	session, err := dialAt(n.transport, place.addrs[0], security(bare, alpnInvite, holderOf(place.key)))
	if err != nil {
		return nil, err
	}
	send(session, message(nil).part(bodyRedeem, message(nil).part(1, token).bytes(2, public)))
	ctx, cancel := context.WithTimeout(context.Background(), dialTimeout)
	defer cancel()
	data, err := session.ReceiveDatagram(ctx)
	if err != nil {
		return nil, err
	}
	_ = session.CloseWithError(0, "invite redeemed")
	body, err := read(data)
	if err != nil {
		return nil, err
	}
	response, err := body.inside(bodyRedeemed)
	if err != nil {
		return nil, err
	}
	if response.numbers[1] == 0 {
		return nil, fmt.Errorf("refused: %s", response.part(2))
	}
	if n.membership, err = verifyJoin(root, response.part(3), public); err != nil {
		return nil, err
	}
	if err := n.listen(nil); err != nil {
		return nil, err
	}
	return n, n.dial(place.addrs[0], place.key)
}

func (n *node) obey(words []string) error {
	argument := func(index int) string {
		if index < len(words) {
			return words[index]
		}
		return ""
	}
	port, _ := strconv.ParseUint(argument(2), 10, 16)
	switch words[0] {
	case "invite":
		text, _ := invite(n.rootKey, n.place())
		say("invite", map[string]any{"token": text})
	case "serve", "unserve":
		isServed := words[0] == "serve"
		n.mutex.Lock()
		n.ports[port] = isServed
		n.mutex.Unlock()
		service := message(nil).text(1, argument(1)).number(2, port)
		n.broadcast(n.gossip.state(saysService, service, !isServed))
	case "restart":
		return n.restart(argument(1), port)
	case "fetch":
		say("fetched", n.fetch(argument(1), uint16(port), argument(3)))
	case "revoke":
		subject, err := hex.DecodeString(argument(1))
		if err != nil {
			return err
		}
		signed := message(nil).part(1, revocation(n.rootKey, subject))
		n.broadcast(n.gossip.state(saysRevocation, signed, false))
	case "drop":
		n.disconnect()
	case "dial":
		peer, err := hex.DecodeString(argument(1))
		if err != nil {
			return err
		}
		return n.dial(argument(2), peer)
	case "visit":
		return n.visit()
	default:
		return fmt.Errorf("no such command: %s", words[0])
	}
	return nil
}

// restart does what a node does that keeps no counters: it leaves, and begins again with the lowest.
func (n *node) restart(name string, port uint64) error {
	n.mutex.Lock()
	var addr string
	var peer []byte
	for key, session := range n.sessions {
		addr = session.RemoteAddr().String()
		peer, _ = hex.DecodeString(key)
	}
	n.mutex.Unlock()
	n.disconnect()
	n.begin()
	n.gossip.state(saysService, message(nil).text(1, name).number(2, port), false)
	return n.dial(addr, peer)
}

// visitor is the other member that `visit` dials as: the same one each time.
var _, visitor, _ = ed25519.GenerateKey(rand.Reader)

// visit dials the first peer as another member of our own network, and tells how that session ends.
func (n *node) visit() error {
	public := visitor.Public().(ed25519.PublicKey)
	shown, err := certificate(visitor, membershipCert(n.rootKey, public, time.Hour))
	if err != nil {
		return err
	}
	n.mutex.Lock()
	var addr string
	for _, session := range n.sessions {
		addr = session.RemoteAddr().String()
	}
	n.mutex.Unlock()
	socket, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return err
	}
	name := hex.EncodeToString(public)
	session, err := dialAt(&quic.Transport{Conn: socket}, addr, security(shown, alpnMember, memberOf(n.root, nil)))
	if err != nil {
		return err
	}
	say("visiting", map[string]any{"key": name})
	go func() {
		<-session.Context().Done()
		say("visited", endOf(session, name))
	}()
	return nil
}

var output sync.Mutex

func say(name string, about map[string]any) {
	output.Lock()
	defer output.Unlock()
	_ = json.NewEncoder(os.Stdout).Encode(map[string]any{name: about})
}
