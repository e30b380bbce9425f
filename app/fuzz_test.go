package app

import (
	"bytes"
	"encoding/json"
	"testing"

	"termwise.dev/core/journal"
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

// FuzzKept looks for a payment or an answer, as they are kept as JSON, that panics,
// or is another one when it is written anew and read again.
func FuzzKept(f *testing.F) {
	for _, text := range []string{
		`{"amount":"1.5","method":"alipay","reference":"r"}`, `{"id":"a","balances":null,"products":[{}]}`, `{"on":true}`, `[]`, `null`, `{`, ``,
		`{"id":"trf_a_1_1","account":"a","amount":"1","wallet":"-1","owed":"0","paid":"1"}`,
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := paymentOf(&journal.Entry{Payload: text}); err == nil && !json.Valid([]byte(text)) {
			t.Errorf("%q is taken for a payment", text)
		}
		checkAnswer[AccountView](t, text)
		checkAnswer[AddOnView](t, text)
		checkAnswer[Leaving](t, text)
		checkAnswer[LapsedOrder](t, text)
		checkAnswer[ToppedUp](t, text)
	})
}

// checkAnswer reads an answer of one kind of command.
func checkAnswer[T any](t *testing.T, text string) {
	t.Helper()
	var first, again T
	if readAnswer([]byte(text), &first) != nil {
		return
	}
	written, err := json.Marshal(first)
	if err != nil {
		t.Fatalf("%q cannot be written anew: %v", text, err)
	}
	if err := readAnswer(written, &again); err != nil {
		t.Fatalf("%q is written anew as %s, which is not read: %v", text, written, err)
	}
	if twice, _ := json.Marshal(again); !bytes.Equal(written, twice) {
		t.Fatalf("%q is written anew as %s, and that as %s", text, written, twice)
	}
}
