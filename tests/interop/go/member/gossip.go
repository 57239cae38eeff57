package main

import (
	"encoding/hex"
	"fmt"
	"sort"
	"sync"

	"google.golang.org/protobuf/encoding/protowire"
)

// What an event says, by the number of its field.
const (
	saysNetwork      = 3
	saysIdentity     = 5
	saysService      = 6
	saysReachability = 7
	saysRevocation   = 9
)

var kinds = map[protowire.Number]string{
	saysNetwork: "network", 4: "externalPort", saysIdentity: "identity", saysService: "service",
	saysReachability: "reachability", saysRevocation: "revocation", 10: "publiclyAccessible",
}

type event struct {
	author  string
	counter uint64
	kind    protowire.Number
	value   []byte
	deleted bool
}

func (e event) encode() message {
	deleted := uint64(0)
	if e.deleted {
		deleted = 1
	}
	// Field 8 stands between the kinds; the order of fields is not part of what an event means.
	return message(nil).text(1, e.author).number(2, e.counter).part(e.kind, e.value).number(8, deleted)
}

func readEvent(data []byte) (event, error) {
	got, err := read(data)
	if err != nil {
		return event{}, err
	}
	said := event{author: string(got.part(1)), counter: got.numbers[2], deleted: got.numbers[8] != 0}
	for kind := range kinds {
		if value := got.part(kind); got.parts[kind] != nil {
			said.kind, said.value = kind, value
		}
	}
	if said.kind == 0 || len(said.author) != 64 {
		return event{}, fmt.Errorf("an event of nobody or about nothing: %x", data)
	}
	return said, nil
}

// attribute is what an event is about: its kind, and for some kinds a subject.
func (e event) attribute() string {
	subject := ""
	value, _ := read(e.value)
	switch e.kind {
	case saysService, saysReachability:
		subject = string(value.part(1))
	case saysRevocation:
		entry, _ := value.inside(1, 1)
		subject = hex.EncodeToString(entry.part(2))
	}
	return fmt.Sprintf("%d/%s", e.kind, subject)
}

// gossip is what is known: per author and attribute the event with the highest counter.
type gossip struct {
	mutex  sync.Mutex
	self   string
	events map[string]map[string]event
	max    map[string]uint64
}

func newGossip(self string) *gossip {
	return &gossip{self: self, events: map[string]map[string]event{}, max: map[string]uint64{}}
}

// state makes an event of our own.
func (g *gossip) state(kind protowire.Number, value []byte, deleted bool) event {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	said := event{g.self, g.max[g.self] + 1, kind, value, deleted}
	g.put(said)
	return said
}

func (g *gossip) put(said event) {
	if g.events[said.author] == nil {
		g.events[said.author] = map[string]event{}
	}
	g.events[said.author][said.attribute()] = said
	g.max[said.author] = max(g.max[said.author], said.counter)
}

// apply takes in what a peer sent, and gives what was new, and what we have to say again because
// others hold a higher counter of ours.
func (g *gossip) apply(batch []byte) (news, again []event, err error) {
	got, err := read(batch)
	if err != nil {
		return nil, nil, err
	}
	g.mutex.Lock()
	defer g.mutex.Unlock()
	for _, part := range got.parts[1] {
		said, err := readEvent(part)
		if err != nil {
			return nil, nil, err
		}
		if said.author == g.self {
			if said.counter > g.max[g.self] {
				g.max[g.self] = said.counter
				for _, ours := range g.events[g.self] {
					ours.counter = g.max[g.self] + 1
					g.put(ours)
					again = append(again, ours)
				}
			}
			continue
		}
		if known, ok := g.events[said.author][said.attribute()]; ok && said.counter <= known.counter {
			continue
		}
		g.put(said)
		news = append(news, said)
	}
	return news, again, nil
}

func (g *gossip) clock() message {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	clock := message(nil)
	for author, counter := range g.max {
		clock = clock.part(1, message(nil).text(1, author).number(2, counter))
	}
	return clock
}

// missing gives the events that somebody with this clock lacks.
func (g *gossip) missing(clock []byte) ([]event, error) {
	got, err := read(clock)
	if err != nil {
		return nil, err
	}
	theirs := map[string]uint64{}
	for _, part := range got.parts[1] {
		entry, err := read(part)
		if err != nil {
			return nil, err
		}
		theirs[string(entry.part(1))] = entry.numbers[2]
	}
	g.mutex.Lock()
	defer g.mutex.Unlock()
	var lacking []event
	for author, events := range g.events {
		for _, said := range events {
			if said.counter > theirs[author] {
				lacking = append(lacking, said)
			}
		}
	}
	sort.Slice(lacking, func(a, b int) bool {
		left, right := lacking[a], lacking[b]
		return left.author < right.author || left.author == right.author && left.counter < right.counter
	})
	return lacking, nil
}

// batches splits events into envelopes of at most 1100 bytes.
func batches(events []event) []message {
	const most, framing = 1100, 8
	var envelopes []message
	batch := message(nil)
	flush := func() {
		if len(batch) > 0 {
			envelopes = append(envelopes, message(nil).part(bodyEvents, batch))
		}
		batch = nil
	}
	for _, said := range events {
		encoded := said.encode()
		if len(batch)+len(encoded)+framing > most {
			flush()
		}
		batch = batch.part(1, encoded)
	}
	flush()
	return envelopes
}

// told is an event as the one who runs this reads it.
func told(said event) map[string]any {
	line := map[string]any{"author": said.author, "kind": kinds[said.kind], "deleted": said.deleted}
	value, _ := read(said.value)
	switch said.kind {
	case saysService:
		line["name"], line["port"] = string(value.part(1)), value.numbers[2]
	case saysReachability:
		line["peer"] = string(value.part(1))
	case saysRevocation:
		line["subject"] = said.attribute()[2:]
	case saysIdentity:
		line["key"], line["expires"] = hex.EncodeToString(value.part(1)), value.numbers[2]
	}
	return line
}
