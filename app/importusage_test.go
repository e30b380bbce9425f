package app_test

import (
	"bytes"
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"termwise.dev/app"
	"termwise.dev/core/refusal"
)

const traceFile = "openb_pod_list_default.csv"

// Every refused workload is listed with its line and reason; importing the file
// again counts nothing twice.
func TestImportUsage(t *testing.T) {
	engines(t, func(t *testing.T, url string) {
		a := openSample(t, url)
		fund(t, a, ample)
		var progress []int
		first, err := a.ImportUsage(context.Background(), mapping(t), bytes.NewReader(trace(t)), traceFile, "test",
			func(rows int) { progress = append(progress, rows) })
		must(t, err)
		if diff := cmp.Diff([]int{1000, 2000, 3000, 4000, 5000, 6000, 7000, 8000, 8152}, progress); diff != "" {
			t.Errorf("progress -want +got:\n%s", diff)
		}
		again := importTrace(t, a, trace(t))
		want := app.Imported{
			Rows: 8152, Accepted: 7255, Refused: 897,
			ByCode: map[refusal.Code]int{refusal.BadInterval: 897}, Refusals: first.Refusals,
		}
		if diff := cmp.Diff(want, first); diff != "" {
			t.Errorf("first -want +got:\n%s", diff)
		}
		want.Accepted, want.Duplicates = 0, 7255
		if diff := cmp.Diff(want, again); diff != "" {
			t.Errorf("again -want +got:\n%s", diff)
		}
		got := first.Refusals[0]
		if got.Refusal == "" {
			t.Error("the refusal cannot be explained: it has no name")
		}
		got.Refusal = ""
		refused := app.Receipt{
			Source: "openb-trace", ID: "openb-pod-0061", Outcome: app.Refused, Code: refusal.BadInterval,
			Message: "the usage has no start: scheduled_time is empty; give it a value",
			Place:   traceFile + ":63: column scheduled_time",
		}
		if diff := cmp.Diff(refused, got); diff != "" || len(first.Refusals) != 897 {
			t.Errorf("%d refusals, the first -want +got:\n%s", len(first.Refusals), diff)
		}
	})
}

// A file that breaks off stops the import at its line. What stands before it is
// accepted; importing the corrected file accepts the rest.
func TestImportGoesOnWhereItStopped(t *testing.T) {
	engines(t, func(t *testing.T, url string) {
		a := openSample(t, url)
		fund(t, a, ample)
		rows := bytes.SplitAfter(trace(t), []byte("\n"))[:2201]
		broken := bytes.Join(rows[:1502], nil)
		broken = append(broken, "one,field,too,few\n"...)
		got, err := a.ImportUsage(context.Background(), mapping(t), bytes.NewReader(broken), "broken.csv", "test", nil)
		const want = "broken.csv:1503:1: the row has 4 fields, the first line has 11; correct the file and import it again; events that were accepted are not accepted twice"
		if refusal.CodeOf(err) != refusal.BadInput || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
		if got.Rows != 1501 || got.Rows != got.Accepted+got.Refused {
			t.Errorf("imported %+v", got)
		}
		rest := importTrace(t, a, bytes.Join(rows, nil))
		if rest.Rows != 2200 || rest.Duplicates != got.Accepted || rest.Accepted+rest.Duplicates+rest.Refused != rest.Rows {
			t.Errorf("imported %d and then accepted %d, found %d again, refused %d of %d",
				got.Accepted, rest.Accepted, rest.Duplicates, rest.Refused, rest.Rows)
		}
	})
}

// A mapping that reads a column which the file does not have imports nothing.
func TestImportRefusesAForeignFile(t *testing.T) {
	a := openSample(t, t.TempDir()+"/test.db")
	got, err := a.ImportUsage(context.Background(), mapping(t), bytes.NewReader([]byte("name,start\n")), "foreign.csv", "test", nil)
	if refusal.CodeOf(err) != refusal.BadInput || got.Rows != 0 {
		t.Errorf("%+v, %v", got, err)
	}
}
