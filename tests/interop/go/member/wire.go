package main

import (
	"errors"

	"google.golang.org/protobuf/encoding/protowire"
)

// message builds protobuf field by field, in the order in which a writer of pollen/1 has to name
// them: ascending, with defaults left out.
type message []byte

func (m message) bytes(number protowire.Number, value []byte) message {
	if len(value) == 0 {
		return m
	}
	return m.part(number, value)
}

func (m message) text(number protowire.Number, value string) message {
	return m.bytes(number, []byte(value))
}

func (m message) number(number protowire.Number, value uint64) message {
	if value == 0 {
		return m
	}
	return protowire.AppendVarint(protowire.AppendTag(m, number, protowire.VarintType), value)
}

// part is a message within the message, which is there even when it is empty.
func (m message) part(number protowire.Number, value []byte) message {
	return protowire.AppendBytes(protowire.AppendTag(m, number, protowire.BytesType), value)
}

// fields is a message that was read: by number, what came, in order.
type fields struct {
	numbers map[protowire.Number]uint64
	parts   map[protowire.Number][][]byte
}

func read(data []byte) (fields, error) {
	got := fields{map[protowire.Number]uint64{}, map[protowire.Number][][]byte{}}
	for len(data) > 0 {
		number, kind, size := protowire.ConsumeTag(data)
		if size < 0 {
			return got, protowire.ParseError(size)
		}
		data = data[size:]
		switch kind {
		case protowire.VarintType:
			value, size := protowire.ConsumeVarint(data)
			if size < 0 {
				return got, protowire.ParseError(size)
			}
			got.numbers[number], data = value, data[size:]
		case protowire.BytesType:
			value, size := protowire.ConsumeBytes(data)
			if size < 0 {
				return got, protowire.ParseError(size)
			}
			got.parts[number], data = append(got.parts[number], value), data[size:]
		default:
			return got, errors.New("pollen/1 has varints and parts only")
		}
	}
	return got, nil
}

// part is the last part with the number, nil where there is none.
func (f fields) part(number protowire.Number) []byte {
	all := f.parts[number]
	if len(all) == 0 {
		return nil
	}
	return all[len(all)-1]
}

// inside reads the part with the number as a message.
func (f fields) inside(numbers ...protowire.Number) (fields, error) {
	var err error
	for _, number := range numbers {
		if f, err = read(f.part(number)); err != nil {
			return f, err
		}
	}
	return f, nil
}
