package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/quic-go/quic-go"
)

// acceptStreams leads each stream of a peer to the local port that its first two bytes name.
func (n *node) acceptStreams(session *quic.Conn) {
	for {
		stream, err := session.AcceptStream(session.Context())
		if err != nil {
			return
		}
		go n.bridge(stream)
	}
}

func (n *node) bridge(stream *quic.Stream) {
	head := make([]byte, 2)
	if _, err := io.ReadFull(stream, head); err != nil {
		return
	}
	port := binary.BigEndian.Uint16(head)
	n.mutex.Lock()
	isServed := n.ports[uint64(port)]
	n.mutex.Unlock()
	if !isServed {
		// As the original refuses: an end without a word.
		stream.CancelRead(0)
		_ = stream.Close()
		return
	}
	local, err := net.Dial("tcp", fmt.Sprintf("localhost:%d", port))
	if err != nil {
		stream.CancelRead(0)
		_ = stream.Close()
		return
	}
	done := make(chan struct{})
	go func() {
		_, _ = io.Copy(local, stream)
		_ = local.(*net.TCPConn).CloseWrite()
		close(done)
	}()
	_, _ = io.Copy(stream, local)
	_ = stream.Close()
	<-done
	_ = local.Close()
}

// fetch writes a text to a port of a peer, ends it, and gives what comes back until its end.
func (n *node) fetch(peer string, port uint16, text string) map[string]any {
	n.mutex.Lock()
	session := n.sessions[peer]
	n.mutex.Unlock()
	if session == nil {
		return map[string]any{"error": "no connection to peer " + peer}
	}
	ctx, cancel := context.WithTimeout(context.Background(), dialTimeout)
	defer cancel()
	stream, err := session.OpenStreamSync(ctx)
	if err != nil {
		return map[string]any{"error": err.Error()}
	}
	_, _ = stream.Write(append(binary.BigEndian.AppendUint16(nil, port), text...))
	_ = stream.Close()
	answer, err := io.ReadAll(stream)
	var reset *quic.StreamError
	if errors.As(err, &reset) {
		return map[string]any{"code": reset.ErrorCode, "remote": reset.Remote}
	}
	if err != nil {
		return map[string]any{"error": err.Error()}
	}
	return map[string]any{"text": string(answer)}
}
