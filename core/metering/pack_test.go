package metering_test

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"termwise.dev/core/calendar"
	"termwise.dev/core/metering"
)

// drawAny draws events that nobody would accept, among such as come every hour.
func drawAny(t *rapid.T) metering.Event {
	text := rapid.OneOf(rapid.SampledFrom([]string{"", "vm-1", "vm-2", "compute", "中"}), rapid.String())
	at := rapid.OneOf(rapid.Int64(), rapid.Int64Range(1_700_000_000, 1_700_009_000),
		rapid.SampledFrom([]int64{0, -1, math.MinInt64, math.MaxInt64, 3_600_000_000, 7_200_000_000}))
	e := metering.Event{
		Account: "acme", Source: text.Draw(t, "source"), ID: text.Draw(t, "id"), Product: text.Draw(t, "product"), Resource: text.Draw(t, "resource"),
		Point: rapid.Bool().Draw(t, "point"), From: calendar.Instant(at.Draw(t, "from")), To: calendar.Instant(at.Draw(t, "to")),
	}
	for range rapid.IntRange(0, 3).Draw(t, "measures") {
		e.Measures = append(e.Measures, metering.Measure{Meter: text.Draw(t, "meter"), Value: rapid.Int64().Draw(t, "value")})
	}
	return e
}

// What was packed comes out as it went in, whatever it is.
func TestPackKeepsEvents(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		events := rapid.SliceOfN(rapid.Custom(drawAny), 0, 20).Draw(t, "events")
		back, err := metering.Unpack("acme", metering.Pack(events))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(events, back, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("-packed +unpacked:\n%s", diff)
		}
	})
}

// A changed byte gives other events or none: there is one way to write events.
func TestPackIsCanonical(t *testing.T) {
	content := metering.Pack(hourly())
	for i := range content {
		for bit := range 8 {
			changed := append([]byte(nil), content...)
			changed[i] ^= 1 << bit
			back, err := metering.Unpack("acme", changed)
			if err == nil && cmp.Equal(back, hourly()) {
				t.Errorf("byte %d with bit %d changed says the same", i, bit)
			}
		}
	}
	for n := range content {
		if _, err := metering.Unpack("acme", content[:n]); err == nil {
			t.Errorf("the first %d bytes are taken for the whole", n)
		}
	}
	if _, err := metering.Unpack("acme", append(content, 0)); err == nil {
		t.Error("a byte more is taken for the whole")
	}
}

// hourly is usage as it comes: two resources of one product, hour by hour, and a point.
func hourly() []metering.Event {
	var events []metering.Event
	for i, id := range []string{"e-1001", "e-1002", "e-1003", "e-2"} {
		e := event()
		e.ID, e.Resource = id, []string{"vm-1", "vm-2"}[i%2]
		e.From, e.To = e.From.Add(calendar.Duration(i/2)*calendar.HourLength), e.To.Add(calendar.Duration(i/2)*calendar.HourLength)
		events = append(events, e)
	}
	point := pointEvent()
	point.ID, point.From, point.To = "p-1", point.From+1, point.To+1
	return append(events, point)
}

// The form is kept in databases: another form needs another first byte.
func TestPackedForm(t *testing.T) {
	const want = "\x01" + // the form
		"\x06" + "\x05trace" + "\x07compute" + "\x03cpu" + "\x06memory" + "\x04vm-1" + "\x04vm-2" +
		"\x02" + "\x00\x01\x02\x02\x02\x03" + "\x00\x01\x01\x02\x02\x03" + // intervals in seconds; points
		"\x05" +
		"\x00\x04" + "\x00\x06e-1001" + "\x90\xc5\xa1\x9a\x0d" + "\x98\x2a" + "\xd0\x0f\x00" +
		"\x00\x05" + "\x05\x012" + "\x00" + "\x98\x2a" + "\xd0\x0f\x00" +
		"\x00\x04" + "\x05\x013" + "\xa0\x38" + "\x98\x2a" + "\xd0\x0f\x00" +
		"\x00\x05" + "\x02\x012" + "\x00" + "\x98\x2a" + "\xd0\x0f\x00" +
		"\x01\x04" + "\x00\x03p-1" + "\xfd\x8f\x9d\xe9\x1a" + "\x00" + "\xd0\x0f\x00"
	if diff := cmp.Diff(want, string(metering.Pack(hourly()))); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// FuzzUnpack: what can be read is exactly what would be written.
func FuzzUnpack(f *testing.F) {
	f.Add(metering.Pack(nil))
	f.Add(metering.Pack(hourly()))
	f.Add([]byte{})
	f.Add([]byte{1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1})
	f.Add([]byte{1, 1, 0, 1, 0, 0, 0, 0, 2, 0, 0, 1, 0, 0, 0})
	f.Fuzz(func(t *testing.T, content []byte) {
		events, err := metering.Unpack("acme", content)
		if err != nil {
			return
		}
		if diff := cmp.Diff(content, metering.Pack(events)); diff != "" {
			t.Fatal(diff)
		}
	})
}

func BenchmarkPack(b *testing.B) {
	events := hourly()[:4]
	b.ReportAllocs()
	for b.Loop() {
		metering.Pack(events)
	}
}
