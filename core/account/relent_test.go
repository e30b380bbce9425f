package account_test

import (
	"fmt"
	"testing"

	"termwise.dev/core/subscription"
)

// TestTermsThatAskForLess: a service that is suspended for late fees alone resumes
// at the instant at which its terms no longer ask for them, and is not released.
func TestTermsThatAskForLess(t *testing.T) {
	w := newWorld(t, changing(t, nextOf(t, fileP, "2026-01-20", "resume.requires: principal_and_fees", "resume.requires: principal")))
	w.use("pod", 100_000, "2026-01-05T00:00:00+08:00", "2026-01-05T10:00:00+08:00", "2026-01-05T10:00:00+08:00")
	w.advance("2026-01-10T12:00:00+08:00")
	if s := w.books.Services["compute-payg"]; s.State != subscription.Suspended {
		t.Fatalf("%+v", s)
	}
	principal, _ := w.books.Debts.Outstanding("compute-payg", w.books.At)
	w.topUp("2026-01-10T12:00:00+08:00", principal.String())
	if s := w.books.Services["compute-payg"]; s.State != subscription.Suspended {
		t.Fatalf("with its fees unpaid: %+v", s)
	}
	w.advance("2026-02-20T00:00:00+08:00")
	if s := w.books.Services["compute-payg"]; s.State != subscription.Active || s.Since != instant("2026-01-20T00:00:00+08:00") || s.ArrearsSince != 0 {
		t.Errorf("%+v", s)
	}
	w.agreed()
}

// TestLookingAsTheTermsTurn: in the instant in which the terms no longer ask for late
// fees, what falls due for usage that has just come begins arrears of its own, whether
// or not somebody had looked before it came.
func TestLookingAsTheTermsTurn(t *testing.T) {
	const turn = "2026-01-20T00:00:00+08:00"
	patient := []string{"suspend.after: 24 hours", "suspend.after: 60 days"}
	var seen []string
	for _, looks := range []bool{false, true} {
		w := newWorld(t, changing(t,
			editionOf(t, fileP, "2026", "2026-01-01", "2026-01-02", patient...),
			editionOf(t, fileP, "2026-01", "2026-01-02", "2026-01-20", append(patient, "resume.requires: principal_and_fees", "resume.requires: principal")...),
		))
		w.use("pod", 100_000, "2026-01-05T00:00:00+08:00", "2026-01-05T10:00:00+08:00", "2026-01-05T10:00:00+08:00")
		w.advance("2026-01-10T12:00:00+08:00")
		principal, _ := w.books.Debts.Outstanding("compute-payg", w.books.At)
		w.topUp("2026-01-10T12:00:00+08:00", principal.String())
		if s := w.books.Services["compute-payg"]; s.State != subscription.Active || s.ArrearsSince == 0 {
			t.Fatalf("with its fees unpaid: %+v", s)
		}
		if looks {
			w.advance(turn)
		}
		w.use("pod", 100_000, "2026-01-19T23:00:00+08:00", turn, turn)
		w.advance("2026-01-21T00:00:00+08:00")
		s := w.books.Services["compute-payg"]
		if s.ArrearsSince != instant(turn) {
			t.Errorf("looks %v: in arrears since %s", looks, w.zone.Format(s.ArrearsSince))
		}
		seen = append(seen, fmt.Sprintf("%+v, %d entries", *s, len(w.log.Entries)))
		w.agreed()
	}
	if seen[0] != seen[1] {
		t.Errorf("it matters whether somebody looks:\n%s\n%s", seen[0], seen[1])
	}
}

// TestEndingAsTheTermsTurn: a suspended service that ends in the instant in which its
// terms no longer ask for late fees is not resumed before, and the journal says nothing
// of it but the end.
func TestEndingAsTheTermsTurn(t *testing.T) {
	const turn = "2026-01-20T00:00:00+08:00"
	w := newWorld(t, changing(t,
		nextOf(t, fileG, "2026-01-20", feeNow, feeNext),
		nextOf(t, fileP, "2026-01-20", "resume.requires: principal_and_fees", "resume.requires: principal")))
	w.use("pod", 100_000, "2026-01-05T00:00:00+08:00", "2026-01-05T10:00:00+08:00", "2026-01-05T10:00:00+08:00")
	w.advance("2026-01-10T12:00:00+08:00")
	principal, _ := w.books.Debts.Outstanding("compute-payg", w.books.At)
	w.topUp("2026-01-10T12:00:00+08:00", principal.String())
	w.dissent("general-agreement", "2026-01-11T00:00:00+08:00", false)
	w.advance("2026-01-21T00:00:00+08:00")
	var then []string
	for _, e := range w.log.Entries {
		if e.Effective == instant(turn) {
			then = append(then, string(e.Kind))
		}
	}
	if s := w.books.Services["compute-payg"]; w.state() != "ended since 2026-01-20T00:00" || s.ArrearsSince != 0 || len(then) != 1 {
		t.Errorf("%+v, and the entries %v", s, then)
	}
	w.agreed()
}
