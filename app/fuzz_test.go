package app

import (
	"testing"

	"termwise.dev/core/refusal"
	"termwise.dev/store"
)

// FuzzNames looks for the name of a row, a cursor or a document to compare that
// panics, is refused without a code, or is another one when it is written anew
// and read again.
func FuzzNames(f *testing.F) {
	for _, text := range []string{
		"chg_customer-017_42_3", "evt_acme_0c87e97c22de81af08cd", "trf__1_1", "chg_a_0_1", "ntc_a_9223372036854775808_1", "_", "",
		"42-3", "1-", "-1-1", "01-01", "1767196800000000-0c87e97c22de81af08cd", "-5-a-b", "billing-rules@2025-06", "@",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		name, err := ParseRowName(text)
		checkRead(t, text, err, func() bool { again, err := ParseRowName(name.String()); return err == nil && again == name })
		row, err := parseLineCursor(text)
		checkRead(t, text, err, func() bool {
			again, err := parseLineCursor(lineCursor(row))
			return text == "" || err == nil && again == row
		})
		recorded, id, err := parseEventCursor(text)
		checkRead(t, text, err, func() bool {
			again, sameID, err := parseEventCursor(eventCursor(&store.RefusedEvent{Recorded: recorded, ID: id}))
			return text == "" || recorded < 0 || err == nil && again == recorded && sameID == id
		})
		if c := ParseToCompare(text); len(c.Document)+len(c.Version) > len(text) {
			t.Fatalf("%q is %+v", text, c)
		}
	})
}

// checkRead checks what reading a text gave: a refusal with a code, or a value
// that is the same when it is written and read again.
func checkRead(t *testing.T, text string, err error, same func() bool) {
	t.Helper()
	if err != nil {
		if refusal.CodeOf(err) != refusal.BadInput {
			t.Fatalf("%q is refused with %v", text, err)
		}
		return
	}
	if !same() {
		t.Fatalf("%q is another one when it is written anew", text)
	}
}
