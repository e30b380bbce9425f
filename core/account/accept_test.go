package account_test

import (
	"testing"

	"termwise.dev/core/account"
	"termwise.dev/core/subscription"
	"termwise.dev/core/terms"
)

// paper is a signed contract that says nothing of arrears.
const paper = `document: paper
code: K
version: "1"
kind: stamped
title: Paper
issuer: aurora
by: acceptance
announced: 2025-12-01
effective: 2025-12-02
precedence: [stamped, page, special, general]
precedence_clause: "1"
clauses:
  - id: "1"
    title: Order of documents
    text: This contract goes first.
    executed_by: precedence
`

// TestWhatAnAcceptanceMakesDue: an account stands under a contract that gives no
// right to withhold, and owes. The general agreement gives it; accepted days
// later, it has the service suspended in that very instant, and not when
// somebody looks again.
func TestWhatAnAcceptanceMakesDue(t *testing.T) {
	w := newWorld(t, sampleCorpus(t, paper), "paper")
	w.use("r", 4000, "2026-01-01T00:00:00+08:00", "2026-01-01T01:00:00+08:00", "2026-01-01T00:00:00+08:00")
	w.advance("2026-01-05T00:00:00+08:00")
	if s := w.books.Services["compute-payg"]; s.State != subscription.Active || s.ArrearsSince == 0 {
		t.Fatalf("under the contract the service is %+v", s)
	}
	at := instant("2026-01-05T12:00:00+08:00")
	general := []terms.Acceptance{{Document: "general-agreement", Version: "2025-06", Form: terms.Click, At: at, Recorded: at, Actor: "test"}}
	d := w.run(at, func(b *account.Books) (*account.Decision, error) { return b.Accept(w.env(), general, at) })
	if s := w.books.Services["compute-payg"]; s.State != subscription.Suspended || s.Since != at {
		t.Errorf("the agreement accepted, the service is %s since %s", s.State, s.Since)
	}
	if d.NextDue <= at {
		t.Errorf("something is due at %s still", d.NextDue)
	}
}
