package app_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"termwise.dev/app"
	"termwise.dev/app/usagefile"
	"termwise.dev/core/calendar"
	"termwise.dev/provider"
	"termwise.dev/store"
)

// crashURL, when set, makes the test program a process that imports and
// settles on the database it names, until it is done or killed.
const crashURL = "TERMWISE_CRASH_URL"

// crashChild repeats the same commands from the beginning, as a person would
// after a crash: import all, then advance step by step. Steps that the clock has
// passed are refused and skipped.
func crashChild(url string) int {
	ctx := context.Background()
	a, err := app.Open(ctx, url, realClock, store.SealedAfter(100)) // so that it is killed while it seals, too
	if err == nil {
		err = importAndSettle(ctx, a)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func importAndSettle(ctx context.Context, a *app.App) error {
	source, err := provider.Sample.ReadFile("usage/openb.map.yaml")
	if err != nil {
		return err
	}
	m, err := usagefile.Parse("openb.map.yaml", source)
	if err != nil {
		return err
	}
	usage, err := crashUsage()
	if err != nil {
		return err
	}
	if _, err := a.ImportUsage(ctx, m, bytes.NewReader(usage), "trace.csv", "test", nil); err != nil {
		return err
	}
	now, _, err := a.Now(ctx)
	if err != nil {
		return err
	}
	for at := instant(traceStart); at <= instant("2026-01-25T00:00:00+08:00"); at = at.Add(36 * calendar.HourLength) {
		if at < now {
			continue
		}
		if _, err := a.Advance(ctx, at, nil); err != nil {
			return err
		}
	}
	return nil
}

// crashUsage is usage of which some is paid, some is owed and some is refused.
func crashUsage() ([]byte, error) {
	source, err := provider.Sample.ReadFile("usage/openb_pod_list_default.csv")
	if err != nil {
		return nil, err
	}
	lines := bytes.SplitAfter(source, []byte("\n"))
	return bytes.Join(lines[:2001], nil), nil
}

func TestKilledAtAnyMomentTheBooksAreTheSame(t *testing.T) {
	engines(t, func(t *testing.T, url string) {
		calm := freshURL(t, url)
		for _, u := range []string{calm, url} {
			fund(t, openSample(t, u), 30_000_000)
		}
		began := time.Now()
		must(t, child(calm, 0))
		whole := time.Since(began)

		seed := uint64(began.UnixNano())
		random := rand.New(rand.NewPCG(seed, 0))
		kills := 0
		// The calm run was the first and the slowest: a quarter of its time is
		// surely not enough, and each run after a kill has less left to do.
		delay := whole / 4
		for kills < 12 && child(url, delay) != nil {
			kills++
			delay = time.Duration(1 + random.Int64N(int64(whole/2)))
		}
		must(t, child(url, 0))
		t.Logf("killed %d times, seed %d", kills, seed)
		if kills == 0 {
			t.Error("no process was killed: the test shows nothing")
		}
		if diff := cmp.Diff(heads(t, calm), heads(t, url)); diff != "" {
			t.Errorf("after crashes the journals differ (-calm +killed):\n%s", diff)
		}
	})
}

// child runs the process and kills it after a while; zero lets it finish. A
// process that was killed is an error.
func child(url string, killAfter time.Duration) error {
	command := exec.Command(os.Args[0])
	command.Env = append(os.Environ(), crashURL+"="+url)
	command.Stderr = os.Stderr
	if err := command.Start(); err != nil {
		return err
	}
	if killAfter > 0 {
		timer := time.AfterFunc(killAfter, func() { _ = command.Process.Kill() })
		defer timer.Stop()
	}
	return command.Wait()
}
