package app

import (
	"fmt"
	"strconv"
	"strings"

	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/refusal"
	"termwise.dev/store"
)

// lineCursor is the cursor that continues after a row.
func lineCursor(id account.RowID) string { return fmt.Sprintf("%d-%d", id.Entry, id.Line) }

// parseLineCursor reads a cursor that lineCursor gave; the empty one begins.
func parseLineCursor(cursor string) (account.RowID, error) {
	if cursor == "" {
		return account.RowID{}, nil
	}
	left, right, cut := strings.Cut(cursor, "-")
	entry, err1 := strconv.ParseInt(left, 10, 64)
	line, err2 := strconv.ParseInt(right, 10, 64)
	if !cut || err1 != nil || err2 != nil || entry < 1 || line < 1 {
		return account.RowID{}, notACursor(cursor)
	}
	return account.RowID{Entry: entry, Line: line}, nil
}

// eventCursor is the cursor that continues after a refused event.
func eventCursor(e *store.RefusedEvent) string { return fmt.Sprintf("%d-%s", e.Recorded, e.ID) }

// parseEventCursor reads a cursor that eventCursor gave; the empty one begins.
func parseEventCursor(cursor string) (calendar.Instant, string, error) {
	if cursor == "" {
		return 0, "", nil
	}
	left, id, cut := strings.Cut(cursor, "-")
	recorded, err := strconv.ParseInt(left, 10, 64)
	if !cut || err != nil || id == "" || checkText("cursor", id) != nil {
		return 0, "", notACursor(cursor)
	}
	return calendar.Instant(recorded), id, nil
}

func notACursor(cursor string) error {
	return refusal.New(refusal.BadInput, "%q is not a cursor", cursor).At("cursor").
		Do("pass back the cursor of the page before")
}
