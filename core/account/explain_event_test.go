package account_test

import (
	"strings"
	"testing"

	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/metering"
	"termwise.dev/core/refusal"
)

// ahead limits how far ahead usage may be dated, on which the sample is silent.
const ahead = `
document: ahead
code: A
version: 2025-06
kind: rules
title: Usage ahead of time
issuer: aurora
binds: { products: [compute-payg] }
by: publication
announced: 2025-05-01
effective: 2025-06-01
clauses:
  - { id: "1", title: Ahead, text: Usage is dated at most an hour ahead., terms: { usage.future_limit: 1 hours } }
`

// turned is an event with nothing against it, half an hour of one CPU, that came
// an hour after the account was opened.
func turned() account.Turned {
	return account.Turned{
		Event: metering.Event{
			Source: "s", ID: "1", Account: "customer-001", Product: "compute-payg", Resource: "vm",
			From: start.Add(calendar.Minute), To: start.Add(31 * calendar.Minute),
			Measures: []metering.Measure{{Meter: "cpu", Value: 1000}},
		},
		Recorded: start.Add(calendar.HourLength),
		Known:    account.Against{Opened: start},
	}
}

func unread(t *account.Turned) { t.Unread = true }

// refusedCases spoil an event in each way that an event is refused for.
var refusedCases = []struct {
	name  string
	code  refusal.Code
	spoil func(*account.Turned)
	step  string
}{
	{"no account", refusal.UnknownAccount, func(t *account.Turned) { t.Known.Opened = 0 }, `no account "customer-001"`},
	{"an account that was opened later", refusal.UnknownAccount, func(t *account.Turned) { t.Known.Opened = t.Recorded + 1 }, "was opened at 2026-01-01 01:00:00.000001"},
	{"before the account", refusal.BeforeAccount, func(t *account.Turned) { t.From = start - 1 }, "begins at 2025-12-31 23:59:59.999999, and account customer-001 was opened at 2026-01-01 00:00"},
	{"a meter", refusal.UnknownMeter, func(t *account.Turned) { t.Measures[0].Meter = "coal" }, `no meter "coal"`},
	{"a meter twice", refusal.BadInput, func(t *account.Turned) { t.Measures = append(t.Measures, t.Measures[0]) }, `"cpu" is named twice`},
	{"a negative rate", refusal.BadQuantity, func(t *account.Turned) { t.Measures[0].Value = -7 }, "has the value -7"},
	{"no resource", refusal.BadInput, func(t *account.Turned) { t.Resource = "" }, "no resource"},
	{"a long name", refusal.BadInput, func(t *account.Turned) { t.Resource = strings.Repeat("r", 201) }, "a name cannot be kept"},
	{"backward", refusal.BadInterval, func(t *account.Turned) { t.To = t.From - 1 }, "it starts at 2026-01-01 00:01 and ends at 2026-01-01 00:00:59.999999"},
	{"the future", refusal.BadInterval, func(t *account.Turned) { t.To = t.From.Add(360 * calendar.DayLength) }, "may end by 2026-01-01 02:00 (A 1"},
	{"another body", refusal.EventReused, func(t *account.Turned) {
		first := turned().Event
		first.Resource = "other"
		t.Known.First = &account.StoredEvent{Event: first, Recorded: start}
	}, "sent again at 2026-01-01 01:00: compute-payg vm from"},
	{"no start", refusal.BadInterval, func(t *account.Turned) { unread(t); t.From = 0 }, "no start was given"},
	{"no end", refusal.BadInterval, func(t *account.Turned) { unread(t); t.To = 0 }, "no end was given"},
	{"read backward", refusal.BadInterval, func(t *account.Turned) { unread(t); t.To = t.From }, "not after its start"},
	{"no id", refusal.BadInput, func(t *account.Turned) { unread(t); t.ID = ""; t.From = 0 }, "no id was given"},
	{"a meter without a name", refusal.UnknownMeter, func(t *account.Turned) { unread(t); t.Measures[0].Meter = "" }, "no name that can be kept"},
	{"a high value", refusal.BadQuantity, func(t *account.Turned) { unread(t); t.Measures[0].Value = metering.MaxPerHour + 1 }, "100,000,000,000,001"},
}

// A refusal is computed from what is kept of the event, and not from its code.
func TestRefusedEventsAreExplained(t *testing.T) {
	w := newWorld(t, sampleCorpus(t, ahead))
	c := w.bound(w.log.Acceptances[0].Entry, "compute-payg")
	for _, test := range refusedCases {
		t.Run(test.name, func(t *testing.T) {
			row := turned()
			test.spoil(&row)
			row.Code = test.code
			x := must(t)(c.Event(row))
			if !x.Agrees || x.Recomputed != string(test.code) || !strings.Contains(strings.Join(x.Arithmetic, "\n"), test.step) {
				t.Errorf("stored %s, recomputed %s: %q", x.Stored, x.Recomputed, x.Arithmetic)
			}
			row.Code = refusal.PayablesUnsettled // which nothing of an event shows
			if x := must(t)(c.Event(row)); x.Agrees {
				t.Errorf("another code agrees: recomputed %s", x.Recomputed)
			}
			row.Code, row.Forged = test.code, true
			if x := must(t)(c.Event(row)); x.Agrees || len(x.Disagreements) == 0 {
				t.Error("a changed row agrees")
			}
		})
	}
}

// Where nothing is against the event, no code agrees.
func TestAnEventThatHadToBeAcceptedDisagrees(t *testing.T) {
	w := newWorld(t, sampleCorpus(t, ahead))
	c := w.bound(w.log.Acceptances[0].Entry, "compute-payg")
	for name, known := range map[string]func(*account.Turned){
		"nothing": func(*account.Turned) {},
		"a later event": func(t *account.Turned) {
			t.Known.First = &account.StoredEvent{Event: t.Event, Recorded: t.Recorded + 1}
		},
		"an event with its body": func(t *account.Turned) { t.Known.First = &account.StoredEvent{Event: t.Event} },
	} {
		for _, code := range refusal.Codes() {
			row := turned()
			row.Code = code
			known(&row)
			if x := must(t)(c.Event(row)); x.Agrees || (x.Recomputed != "accepted" && code != refusal.UnknownAccount) {
				t.Errorf("%s: %s agrees %v, recomputed %s", name, code, x.Agrees, x.Recomputed)
			}
		}
	}
}

// What is not kept is not claimed: there is neither agreement nor disagreement.
func TestWhatCannotBeRecomputedSaysSo(t *testing.T) {
	w := newWorld(t, sampleCorpus(t, ahead))
	c := w.bound(w.log.Acceptances[0].Entry, "compute-payg")
	for name, test := range map[string]struct {
		code  refusal.Code
		spoil func(*account.Turned)
	}{
		"the key":                     {refusal.Forbidden, unread},
		"the value":                   {refusal.BadInput, unread},
		"the documents' order":        {refusal.UnknownProduct, func(t *account.Turned) { t.Known.Moved = true }},
		"the account's order":         {refusal.UnknownAccount, func(t *account.Turned) { t.Known.Opened = t.Recorded }},
		"measures that were not kept": {refusal.BadQuantity, func(t *account.Turned) { t.Measures = manyMeasures() }},
	} {
		row := turned()
		test.spoil(&row)
		row.Code = test.code
		if name == "measures that were not kept" {
			row.Unread = true
		}
		x := must(t)(c.Event(row))
		if x.Agrees || len(x.Disagreements) > 0 || x.Stored != string(test.code) || !strings.HasPrefix(x.Recomputed, "not recomputed: ") {
			t.Errorf("%s: agrees %v, recomputed %q, %v", name, x.Agrees, x.Recomputed, x.Disagreements)
		}
	}
}

func manyMeasures() []metering.Measure {
	return make([]metering.Measure, account.MaxKeptMeasures)
}

// An event of a product that nobody sells, or of an account that accepted
// nothing, is refused with what binding it is refused with.
func TestUnboundEventsAreExplained(t *testing.T) {
	w := newWorld(t, sampleCorpus(t))
	for _, code := range []refusal.Code{refusal.UnknownProduct, refusal.NotAccepted} {
		c := w.explained(w.log.Acceptances[0].Entry, 0)
		row := turned()
		row.Code, row.Known.Unbound = code, refusal.New(code, "nothing binds it")
		if x := must(t)(c.Event(row)); !x.Agrees || len(x.Clauses) != 0 || !strings.Contains(x.Arithmetic[1], "nothing binds it") {
			t.Errorf("%s: recomputed %s, %q", code, x.Recomputed, x.Arithmetic)
		}
	}
	c := w.bound(w.log.Acceptances[0].Entry, "")
	row := turned()
	row.Code, row.Product = refusal.UnknownProduct, ""
	if x := must(t)(c.Event(row)); !x.Agrees {
		t.Errorf("no product: recomputed %s", x.Recomputed)
	}
	row.Unread, row.Code = true, refusal.UnknownMeter
	if x := must(t)(c.Event(row)); x.Agrees {
		t.Error("an unknown meter of no product agrees")
	}
}
