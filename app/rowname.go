package app

import (
	"fmt"
	"strconv"
	"strings"

	"termwise.dev/core/account"
	"termwise.dev/core/refusal"
)

// RowKind says which table a row's name leads to.
type RowKind string

// The kinds of row that explain answers for.
const (
	ChargeRow     RowKind = "chg"
	RefusedRow    RowKind = "ref"
	TransferRow   RowKind = "trf"
	LateFeeRow    RowKind = "fee"
	NoticeRow     RowKind = "ntc"
	TransitionRow RowKind = "trn"
	AcceptanceRow RowKind = "acc"
	LapseRow      RowKind = "lps" // of an order, for one document
	AddOnRow      RowKind = "add" // an add-on that was switched
	EventRow      RowKind = "evt" // a usage event that was not accepted
)

// RowName is the name of a row as people see it: its kind, its account, and its
// journal entry and line ("chg_customer-017_42_3"), or for an event that was
// not accepted its digest ("evt_customer-017_9f3c…").
type RowName struct {
	Kind    RowKind
	Account string
	account.RowID
	Event string
}

// String gives the name.
func (n RowName) String() string {
	if n.Kind == EventRow {
		return fmt.Sprintf("%s_%s_%s", n.Kind, n.Account, n.Event)
	}
	return fmt.Sprintf("%s_%s_%d_%d", n.Kind, n.Account, n.Entry, n.Line)
}

// ParseRowName reads a name, or refuses one that no row can have.
func ParseRowName(s string) (RowName, error) {
	bad := refusal.New(refusal.BadInput, "%.80q is not the name of a row", s).At("id").
		Do("use an id from a statement's lines or an account's history, such as chg_customer-017_42_3")
	if checkText("id", s) != nil {
		return RowName{}, bad
	}
	parts := strings.Split(s, "_")
	n := RowName{Kind: RowKind(parts[0])}
	switch n.Kind {
	case EventRow:
		if len(parts) != 3 {
			return RowName{}, bad
		}
		n.Account, n.Event = parts[1], parts[2]
		return n, nil
	case ChargeRow, RefusedRow, TransferRow, LateFeeRow, NoticeRow, TransitionRow, AcceptanceRow, LapseRow, AddOnRow:
		if len(parts) != 4 {
			return RowName{}, bad
		}
	default:
		return RowName{}, bad
	}
	entry, err1 := strconv.ParseInt(parts[2], 10, 64)
	line, err2 := strconv.ParseInt(parts[3], 10, 64)
	if err1 != nil || err2 != nil || entry < 1 || line < 1 {
		return RowName{}, bad
	}
	n.Account, n.RowID = parts[1], account.RowID{Entry: entry, Line: line}
	return n, nil
}
