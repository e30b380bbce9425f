package app

import (
	"errors"
	"testing"
)

func TestWhatWasDoneCountsThoughMoreFailed(t *testing.T) {
	first, second := errors.New("the node is gone"), errors.New("another one, too")
	w := working{stuck: map[string]bool{}}
	if !w.keep(Advanced{Accounts: 2, Charges: 5}, nil) {
		t.Error("after a batch there may be more to do")
	}
	if w.keep(Advanced{Accounts: 1, Charges: 3}, first) || w.keep(Advanced{}, second) {
		t.Error("after an error there is nothing more to do")
	}
	if w.report.Accounts != 3 || w.report.Charges != 8 || !errors.Is(w.err, first) {
		t.Errorf("%d accounts and %d charges were done, and the first error was %v", w.report.Accounts, w.report.Charges, w.err)
	}
}
