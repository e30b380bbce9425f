package store

import (
	"errors"
	"testing"

	"termwise.dev/core/account"
)

// What is sealed when the accounts do not say in which runs yet is known by them
// afterwards; a run that was gone by then is missed.
func TestAccountsSayInWhichRunsTheyAre(t *testing.T) {
	onPlaces(t, func(t *testing.T, location string) {
		one := process(t, location)
		one.open("a", "b")
		events := one.sealed("a", 3)
		want := one.evidence("a").Account.Intake.Reach
		if want.Runs != 3 {
			t.Fatalf("the account says %+v", want)
		}
		again := func(between string) {
			t.Helper()
			if err := downTo(t, one.db, reachVersion-1); err != nil {
				t.Fatal(err)
			}
			one.byHand(between)
			if err := up(t, one.db); err != nil {
				t.Fatal(err)
			}
		}
		again("DELETE FROM usage_runs WHERE run > 3")
		if is, none := one.evidence("a").Account.Intake.Reach, one.evidence("b").Account.Intake.Reach; is != want || none != (account.Reach{}) {
			t.Errorf("a says %+v, want %+v, and b %+v", is, want, none)
		}
		got, err := put(t, process(t, location).db, events)
		for _, outcome := range got {
			if outcome != UsageDuplicate {
				err = errors.Join(err, errors.New(string(outcome)))
			}
		}
		if err != nil {
			t.Error(err)
		}
		again("DELETE FROM usage_runs WHERE run = 2")
		_, err = put(t, process(t, location).db, events)
		runFault(t, err, 2)
	})
}
