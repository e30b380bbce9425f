package metering

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"

	"termwise.dev/core/calendar"
	"termwise.dev/core/packed"
)

// packedEvents is the form in which events are packed. Another form would be another
// first byte.
const packedEvents = 1

// Pack writes events of one account, in the order given, as compactly as usage
// lets itself be written: texts that repeat are written once, what an event has
// in common with others (its shape) once for all of them, an id without the part
// that the id before it begins with, an instant as the distance from the one
// before. The account is not written. The same events are always written as the
// same bytes.
func Pack(events []Event) []byte {
	p := packer{texts: map[string]uint64{}}
	for i := range events {
		p.event(&events[i])
	}
	out := append(make([]byte, 0, len(p.body)+256), packedEvents)
	out = p.appendDictionary(out)
	out = binary.AppendUvarint(out, uint64(len(p.shapes)))
	for i := range p.shapes {
		out = p.appendShape(out, &p.shapes[i])
	}
	out = binary.AppendUvarint(out, uint64(len(events)))
	return append(out, p.body...)
}

// shape is what many events have in common. In seconds says that both ends are
// whole seconds and are written as such.
type shape struct {
	source, product  string
	point, inSeconds bool
	meters           []string
}

func (s *shape) of(e *Event, inSeconds bool) bool {
	return s.product == e.Product && s.source == e.Source && s.point == e.Point && s.inSeconds == inSeconds &&
		slices.EqualFunc(s.meters, e.Measures, func(meter string, m Measure) bool { return meter == m.Meter })
}

// packer packs events one after the other.
type packer struct {
	texts      map[string]uint64 // where in dictionary
	dictionary []string
	shapes     []shape
	body       []byte
	id         string           // of the event before
	from       calendar.Instant // of the event before
}

func (p *packer) event(e *Event) {
	at := p.shape(e)
	p.body = binary.AppendUvarint(p.body, uint64(at))
	p.body = binary.AppendUvarint(p.body, p.text(e.Resource))
	p.name(e.ID)
	unit := p.shapes[at].unit()
	// Differences may leave 64 bits and come back when they are added again.
	p.body = binary.AppendVarint(p.body, int64(e.From)/unit-floor(p.from, unit))
	p.body = binary.AppendUvarint(p.body, uint64(int64(e.To)/unit-int64(e.From)/unit))
	p.from = e.From
	for _, m := range e.Measures {
		p.body = binary.AppendUvarint(p.body, uint64(m.Value))
	}
}

// unit is how many microseconds an instant is counted in.
func (s *shape) unit() int64 {
	if s.inSeconds {
		return int64(calendar.Second)
	}
	return 1
}

func floor(at calendar.Instant, unit int64) int64 { return int64(at) / unit }

// shape finds the event's shape, or makes it.
func (p *packer) shape(e *Event) int {
	second := int64(calendar.Second)
	inSeconds := int64(e.From)%second == 0 && int64(e.To)%second == 0
	for i := range p.shapes {
		if p.shapes[i].of(e, inSeconds) {
			return i
		}
	}
	s := shape{source: e.Source, product: e.Product, point: e.Point, inSeconds: inSeconds}
	p.text(e.Source)
	p.text(e.Product)
	for _, m := range e.Measures {
		p.text(m.Meter)
		s.meters = append(s.meters, m.Meter)
	}
	p.shapes = append(p.shapes, s)
	return len(p.shapes) - 1
}

// text finds a text in the dictionary, or adds it.
func (p *packer) text(s string) uint64 {
	at, known := p.texts[s]
	if !known {
		at = uint64(len(p.dictionary))
		p.texts[s] = at
		p.dictionary = append(p.dictionary, s)
	}
	return at
}

// name writes an id: how much of the one before it begins with, and the rest.
func (p *packer) name(id string) {
	common := 0
	for common < min(len(id), len(p.id)) && id[common] == p.id[common] {
		common++
	}
	p.body = binary.AppendUvarint(p.body, uint64(common))
	p.body = binary.AppendUvarint(p.body, uint64(len(id)-common))
	p.body = append(p.body, id[common:]...)
	p.id = id
}

func (p *packer) appendDictionary(out []byte) []byte {
	out = binary.AppendUvarint(out, uint64(len(p.dictionary)))
	for _, text := range p.dictionary {
		out = binary.AppendUvarint(out, uint64(len(text)))
		out = append(out, text...)
	}
	return out
}

func (p *packer) appendShape(out []byte, s *shape) []byte {
	out = binary.AppendUvarint(out, p.texts[s.source])
	out = binary.AppendUvarint(out, p.texts[s.product])
	form := uint64(0)
	if s.point {
		form |= 1
	}
	if s.inSeconds {
		form |= 2
	}
	out = binary.AppendUvarint(out, form)
	out = binary.AppendUvarint(out, uint64(len(s.meters)))
	for _, meter := range s.meters {
		out = binary.AppendUvarint(out, p.texts[meter])
	}
	return out
}

// errNotPacked is the error of content that Pack has not written.
var errNotPacked = errors.New("the content is not what packing gives")

// Unpack reads events of an account that Pack wrote. It returns an error for
// anything else, be it one byte from it.
func Unpack(account string, content []byte) ([]Event, error) {
	u := unpacker{Reader: packed.NewReader(content)}
	events := u.events(account)
	if !u.Whole() || !bytes.Equal(Pack(events), content) {
		return nil, errNotPacked
	}
	return events, nil
}

// unpacker reads what was packed. After anything that cannot be, it is broken
// and gives nothing more.
type unpacker struct {
	packed.Reader
	texts  []string
	shapes []shape
}

func (u *unpacker) events(account string) []Event {
	u.Form(packedEvents)
	u.dictionary()
	u.shapes = make([]shape, u.Count())
	for i := range u.shapes {
		u.shapes[i] = u.shape()
	}
	events := make([]Event, u.Count())
	var id string
	var from calendar.Instant
	for i := range events {
		events[i] = u.event(id, from)
		if u.Broken() {
			return nil
		}
		events[i].Account = account
		id, from = events[i].ID, events[i].From
	}
	return events
}

func (u *unpacker) dictionary() {
	u.texts = make([]string, u.Count())
	for i := range u.texts {
		u.texts[i] = u.Text()
	}
}

func (u *unpacker) shape() (s shape) {
	s.source, s.product = u.text(), u.text()
	form := u.Uvarint()
	s.point, s.inSeconds = form&1 != 0, form&2 != 0
	if n := u.Count(); n > 0 {
		s.meters = make([]string, n)
	}
	for i := range s.meters {
		s.meters[i] = u.text()
	}
	return s
}

func (u *unpacker) event(id string, from calendar.Instant) (e Event) {
	at := u.Uvarint()
	if at >= uint64(len(u.shapes)) {
		u.Break()
		return e
	}
	s := &u.shapes[at]
	e.Source, e.Product, e.Point, e.Resource = s.source, s.product, s.point, u.text()
	common := u.Uvarint()
	if common > uint64(len(id)) {
		u.Break()
		return e
	}
	e.ID = id[:common] + u.Text()
	unit := s.unit()
	start := u.Varint() + floor(from, unit)
	e.From = calendar.Instant(start * unit)
	e.To = calendar.Instant((start + int64(u.Uvarint())) * unit)
	if len(s.meters) > 0 && !u.Broken() {
		e.Measures = make([]Measure, len(s.meters))
	}
	for i := range e.Measures {
		e.Measures[i] = Measure{Meter: s.meters[i], Value: int64(u.Uvarint())}
	}
	return e
}

func (u *unpacker) text() string {
	at := u.Uvarint()
	if at >= uint64(len(u.texts)) {
		u.Break()
		return ""
	}
	return u.texts[at]
}
