// A peer that speaks QUIC by quic-go, for quic_go.ts: it dials or is dialled once, asks on
// streams and in datagrams and checks the answers, and answers what it is asked meanwhile.
//
//	peer serve          prints {"listening": port}
//	peer dial ADDRESS
//
// It prints one JSON object per line, and ends the session when its standard input ends.
package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"os"
	"sync"
	"time"

	"github.com/quic-go/quic-go"
)

const (
	alpn      = "test/1"
	streams   = 100
	bulkBytes = 4 << 20
	datagrams = 20
	// The first byte of a stream or a datagram says what it is.
	question = 'q'
	answer   = 'a'
	refused  = 'r'
	// What is asked with `refused` is reset and stopped with these codes.
	resetCode = 17
	stopCode  = 18
	closeCode = 9
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	ctx := context.Background()
	identity, own, err := newIdentity()
	if err != nil {
		return err
	}
	config := &quic.Config{EnableDatagrams: true, MaxIncomingStreams: 1000}
	security := &tls.Config{
		Certificates:       []tls.Certificate{identity},
		ClientAuth:         tls.RequireAnyClientCert,
		InsecureSkipVerify: true, // The one who runs this compares the hashes of the certificates.
		MinVersion:         tls.VersionTLS13,
		NextProtos:         []string{alpn},
	}
	var session *quic.Conn
	if len(args) == 2 && args[0] == "dial" {
		session, err = quic.DialAddr(ctx, args[1], security, config)
	} else if len(args) == 1 && args[0] == "serve" {
		session, err = serveOne(ctx, security, config)
	} else {
		return errors.New("usage: peer serve | peer dial ADDRESS")
	}
	if err != nil {
		return err
	}
	theirs := session.ConnectionState().TLS.PeerCertificates[0]
	say(map[string]any{"connected": map[string]string{"own": own, "theirs": hash(theirs.Raw)}})

	answers := make(chan []byte, datagrams)
	go answerStreams(session)
	go answerDatagrams(session, answers)
	if err := ask(session, answers); err != nil {
		return err
	}
	say(map[string]any{"asked": streams})

	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		_ = session.CloseWithError(closeCode, "good bye")
	}()
	<-session.Context().Done()
	end := map[string]any{"error": context.Cause(session.Context()).Error()}
	var said *quic.ApplicationError
	if errors.As(context.Cause(session.Context()), &said) {
		end = map[string]any{"remote": said.Remote, "code": said.ErrorCode, "reason": said.ErrorMessage}
	}
	say(map[string]any{"closed": end})
	return nil
}

func serveOne(ctx context.Context, security *tls.Config, config *quic.Config) (*quic.Conn, error) {
	listener, err := quic.ListenAddr("127.0.0.1:0", security, config)
	if err != nil {
		return nil, err
	}
	say(map[string]any{"listening": listener.Addr().String()})
	return listener.Accept(ctx)
}

// ask opens streams, the first of them with much to carry, and sends datagrams.
func ask(session *quic.Conn, answers <-chan []byte) error {
	var group sync.WaitGroup
	failures := make(chan error, streams)
	for index := range streams {
		size := index
		if index == 0 {
			size = bulkBytes
		}
		group.Go(func() { failures <- askStream(session, size) })
	}
	group.Wait()
	close(failures)
	for err := range failures {
		if err != nil {
			return fmt.Errorf("a stream: %w", err)
		}
	}
	for index := range datagrams {
		if err := session.SendDatagram([]byte{question, byte(index)}); err != nil {
			return fmt.Errorf("a datagram: %w", err)
		}
		select {
		case got := <-answers:
			if !bytes.Equal(got, []byte{answer, byte(index)}) {
				return fmt.Errorf("datagram %d was answered by %x", index, got)
			}
		case <-time.After(30 * time.Second):
			return fmt.Errorf("datagram %d was not answered", index)
		}
	}
	return nil
}

func askStream(session *quic.Conn, size int) error {
	stream, err := session.OpenStreamSync(session.Context())
	if err != nil {
		return err
	}
	request := append([]byte{question}, make([]byte, size)...)
	_, _ = rand.Read(request[1:])
	written := make(chan error, 1)
	go func() {
		_, err := stream.Write(request)
		written <- errors.Join(err, stream.Close())
	}()
	got, err := io.ReadAll(stream)
	if err := errors.Join(err, <-written); err != nil {
		return err
	}
	if !bytes.Equal(got, request) {
		return fmt.Errorf("%d bytes came back as %d others", len(request), len(got))
	}
	return nil
}

func answerStreams(session *quic.Conn) {
	for {
		stream, err := session.AcceptStream(session.Context())
		if err != nil {
			return
		}
		go answerStream(stream)
	}
}

func answerStream(stream *quic.Stream) {
	first := make([]byte, 1)
	if _, err := io.ReadFull(stream, first); err != nil {
		return
	}
	if first[0] == refused {
		stream.CancelWrite(resetCode)
		stream.CancelRead(stopCode)
		return
	}
	_, err := stream.Write(first)
	if err == nil {
		_, err = io.Copy(stream, stream)
	}
	var reset *quic.StreamError
	if errors.As(err, &reset) {
		say(map[string]any{"aborted": map[string]any{"remote": reset.Remote, "code": reset.ErrorCode}})
		stream.CancelWrite(reset.ErrorCode)
		return
	}
	_ = stream.Close()
}

func answerDatagrams(session *quic.Conn, answers chan<- []byte) {
	for {
		got, err := session.ReceiveDatagram(session.Context())
		if err != nil {
			return
		}
		if got[0] == question {
			_ = session.SendDatagram(append([]byte{answer}, got[1:]...))
		} else {
			answers <- got
		}
	}
}

// newIdentity makes a self-signed Ed25519 certificate, and says its hash.
func newIdentity() (tls.Certificate, string, error) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return tls.Certificate{}, "", err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(time.Hour),
		KeyUsage:     x509.KeyUsageDigitalSignature,
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, public, private)
	return tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: private}, hash(raw), err
}

func hash(raw []byte) string {
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:])
}

var output sync.Mutex

func say(line map[string]any) {
	output.Lock()
	defer output.Unlock()
	_ = json.NewEncoder(os.Stdout).Encode(line)
}
