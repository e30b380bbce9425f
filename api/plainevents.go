package api

import (
	"strconv"

	"termwise.dev/core/metering"
)

// plainEvents reads a list of events that is written plainly, as programs write
// it: known members, each once, with texts of ASCII without escapes and short
// whole numbers. Of anything else it says that it is not plain, and encoding/json
// reads it. What it does read it reads as encoding/json does, in a quarter of the
// time. The texts are parts of one copy of the body.
func plainEvents(body []byte) (all []cloudEvent, plain bool) {
	s := scanner{text: string(body)}
	all = make([]cloudEvent, 0, len(body)/bytesOfEvent)
	s.space()
	s.expect('[')
	if s.space(); s.peek() == ']' {
		s.at++
	} else {
		s.list(func() {
			all = append(all, cloudEvent{})
			s.event(&all[len(all)-1])
		}, ']')
	}
	s.space()
	return all, !s.odd && s.at == len(s.text)
}

// scanner reads plain JSON. Once it has met anything else it is odd, and what it
// gives means nothing.
type scanner struct {
	text string
	at   int
	odd  bool
}

func (s *scanner) peek() byte {
	if s.odd || s.at >= len(s.text) {
		return 0
	}
	return s.text[s.at]
}

func (s *scanner) space() {
	for s.at < len(s.text) && (s.text[s.at] == ' ' || s.text[s.at] == '\n' || s.text[s.at] == '\r' || s.text[s.at] == '\t') {
		s.at++
	}
}

func (s *scanner) expect(c byte) {
	if s.peek() != c {
		s.odd = true
		return
	}
	s.at++
}

// list reads what is separated by commas, one thing at least, up to its end.
func (s *scanner) list(one func(), end byte) {
	for !s.odd {
		s.space()
		one()
		s.space()
		if s.peek() == end {
			s.at++
			return
		}
		s.expect(',')
	}
}

// members reads an object: of reads a member's value and says which it is, as a
// bit of its own.
func (s *scanner) members(of func(name string) (bit uint)) {
	s.expect('{')
	var seen uint
	s.list(func() {
		name := s.string()
		s.space()
		s.expect(':')
		s.space()
		bit := of(name)
		if bit == 0 || seen&bit != 0 {
			s.odd = true // unknown, or twice
		}
		seen |= bit
	}, '}')
}

// string reads a text of printable ASCII without escapes.
func (s *scanner) string() string {
	s.expect('"')
	from := s.at
	for ; s.at < len(s.text); s.at++ {
		switch c := s.text[s.at]; {
		case c == '"':
			s.at++
			return s.text[from : s.at-1]
		case c < ' ' || c == '\\' || c >= 0x7f:
			s.odd = true
			return ""
		}
	}
	s.odd = true
	return ""
}

// bytesOfEvent is about what an event takes in a body, to begin with enough room.
const bytesOfEvent = 300

// maxDigits bounds the digits of a plain number, so that it fits into 64 bits.
const maxDigits = 18

func (s *scanner) number() int64 {
	from := s.at
	if s.peek() == '-' {
		s.at++
	}
	digits := s.at
	for c := s.peek(); '0' <= c && c <= '9'; c = s.peek() {
		s.at++
	}
	n := s.at - digits
	if n == 0 || n > maxDigits || n > 1 && s.text[digits] == '0' {
		s.odd = true
		return 0
	}
	value, err := strconv.ParseInt(s.text[from:s.at], 10, 64)
	s.odd = s.odd || err != nil
	return value
}

func (s *scanner) event(e *cloudEvent) {
	s.members(func(name string) uint {
		switch name {
		case "specversion":
			e.SpecVersion = s.string()
			return 1
		case "id":
			e.ID = s.string()
			return 2
		case "source":
			e.Source = s.string()
			return 4
		case "type":
			e.Type = s.string()
			return 8
		case "subject":
			e.Subject = s.string()
			return 16
		case "time":
			e.Time = s.string()
			return 32
		case "data":
			s.data(&e.Data)
			return 64
		}
		return 0
	})
}

func (s *scanner) data(d *usageData) {
	s.members(func(name string) uint {
		switch name {
		case "account":
			d.Account = s.string()
			return 1
		case "product":
			d.Product = s.string()
			return 2
		case "resource":
			d.Resource = s.string()
			return 4
		case "from":
			d.From = s.string()
			return 8
		case "to":
			d.To = s.string()
			return 16
		case "at":
			d.At = s.string()
			return 32
		case "rates":
			d.Rates = s.measures()
			return 64
		case "quantities":
			d.Quantities = s.measures()
			return 128
		}
		return 0
	})
}

// measures reads a number for each of several meters; one that is named twice is
// for the use case to refuse.
func (s *scanner) measures() measures {
	m := make(measures, 0, 4)
	s.expect('{')
	s.list(func() {
		meter := s.string()
		s.space()
		s.expect(':')
		s.space()
		m = append(m, metering.Measure{Meter: meter, Value: s.number()})
	}, '}')
	return m
}
