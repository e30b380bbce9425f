package metering_test

import (
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"termwise.dev/core/calendar"
	"termwise.dev/core/metering"
	"termwise.dev/core/money"
)

const anHour = calendar.Hour(490_896)

// drawHour draws buckets that nobody would have, among such as there are.
func drawHour(t *rapid.T) (buckets []metering.Bucket) {
	text := rapid.OneOf(rapid.SampledFrom([]string{"", "vm-1", "vm-2", "compute", "cpu"}), rapid.String())
	number := rapid.OneOf(rapid.Int64(), rapid.Int64Range(0, 4_000_000), rapid.SampledFrom([]int64{0, -1, math.MinInt64, math.MaxInt64}))
	for range rapid.IntRange(0, 12).Draw(t, "buckets") {
		b := metering.Bucket{
			Key:   metering.Key{Product: text.Draw(t, "product"), Resource: text.Draw(t, "resource"), Meter: text.Draw(t, "meter"), Hour: anHour},
			Total: number.Draw(t, "total"), Touched: calendar.Instant(number.Draw(t, "touched")), Charged: money.Amount(number.Draw(t, "charged")),
		}
		if rapid.Bool().Draw(t, "settled once") {
			b.Billed, b.Lines = b.Total, 1
		} else {
			b.Pending, b.Billed = calendar.Instant(number.Draw(t, "pending")), number.Draw(t, "billed")
			b.Refused, b.Lines = number.Draw(t, "refused"), number.Draw(t, "lines")
		}
		buckets = append(buckets, b)
	}
	slices.SortFunc(buckets, func(a, b metering.Bucket) int { return a.Compare(b.Key) })
	return buckets
}

// What was packed comes out as it went in, whatever it is.
func TestPackHourKeepsBuckets(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		buckets := drawHour(t)
		back, err := metering.UnpackHour(anHour, metering.PackHour(buckets))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(buckets, back, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("-packed +unpacked:\n%s", diff)
		}
	})
}

// settledHour is an hour as it mostly is: two machines, settled whole.
func settledHour() (buckets []metering.Bucket) {
	for _, machine := range []string{"vm-1", "vm-2"} {
		for _, meter := range []string{"cpu", "memory"} {
			buckets = append(buckets, metering.Bucket{
				Key:   metering.Key{Product: "compute", Resource: machine, Meter: meter, Hour: anHour},
				Total: 14_400_000, Touched: 1_767_225_600_000_000, Billed: 14_400_000, Charged: 360_000, Lines: 1,
			})
		}
	}
	buckets[3].Billed, buckets[3].Pending, buckets[3].Lines = 7, 5, 2
	return buckets
}

// A changed byte gives other buckets or none: there is one way to write them.
func TestPackHourIsCanonical(t *testing.T) {
	content := metering.PackHour(settledHour())
	for i := range content {
		for bit := range 8 {
			changed := slices.Clone(content)
			changed[i] ^= 1 << bit
			back, err := metering.UnpackHour(anHour, changed)
			if err == nil && cmp.Equal(back, settledHour()) {
				t.Errorf("byte %d with bit %d changed says the same", i, bit)
			}
		}
	}
	for n := range content {
		if _, err := metering.UnpackHour(anHour, content[:n]); err == nil {
			t.Errorf("the first %d bytes are taken for the whole", n)
		}
	}
	unsorted := settledHour()
	slices.Reverse(unsorted)
	if _, err := metering.UnpackHour(anHour, metering.PackHour(unsorted)); err == nil {
		t.Error("buckets out of order are taken")
	}
}

// The form is kept in databases: another form needs another first byte.
func TestPackedHourForm(t *testing.T) {
	const want = "\x01" + // the form
		"\x05" + "\x07compute" + "\x04vm-1" + "\x03cpu" + "\x06memory" + "\x04vm-2" +
		"\x04" +
		"\x00\x01\x02" + "\x80\xf4\xee\x06" + "\x80\x80\x82\xe2\x88\xd2\xa3\x06" + "\x80\xf9\x2b" + "\x01" +
		"\x00\x01\x03" + "\x80\xf4\xee\x06" + "\x00" + "\x80\xf9\x2b" + "\x01" +
		"\x00\x04\x02" + "\x80\xf4\xee\x06" + "\x00" + "\x80\xf9\x2b" + "\x01" +
		"\x00\x04\x03" + "\x80\xf4\xee\x06" + "\x00" + "\x80\xf9\x2b" + "\x00\x0a\x0e\x00\x04"
	if diff := cmp.Diff(want, string(metering.PackHour(settledHour()))); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// FuzzUnpackHour: what can be read is exactly what would be written.
func FuzzUnpackHour(f *testing.F) {
	f.Add(metering.PackHour(nil))
	f.Add(metering.PackHour(settledHour()))
	f.Add([]byte{})
	f.Add([]byte{1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1})
	f.Fuzz(func(t *testing.T, content []byte) {
		buckets, err := metering.UnpackHour(anHour, content)
		if err != nil {
			return
		}
		if diff := cmp.Diff(content, metering.PackHour(buckets)); diff != "" {
			t.Fatal(diff)
		}
	})
}
