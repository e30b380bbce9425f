package app_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"termwise.dev/app"
	"termwise.dev/core/refusal"
	"termwise.dev/provider"
)

// A demonstration that is interrupted leaves a database that the next one may
// replace; nothing else may be.
func TestHoldsDemo(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	dir := t.TempDir()
	begun := filepath.Join(dir, "begun.db")
	a, err := app.Open(ctx, begun, time.Now)
	must(t, err)
	_, err = a.Demo(ctx, provider.Sample, func(stage app.DemoStage, done, _ int) {
		if stage == app.DemoImport && done > 0 {
			cancel()
		}
	})
	must(t, a.Close())
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v, want the interruption", err)
	}

	empty := filepath.Join(dir, "empty.db")
	b, err := app.Open(context.Background(), empty, realClock)
	must(t, err)
	must(t, b.Close())
	used := filepath.Join(dir, "used.db")
	b, err = app.Open(context.Background(), used, realClock)
	must(t, err)
	must(t, b.Init(context.Background(), true, instant(traceStart)))
	_, err = b.Publish(context.Background(), provider.Sample)
	must(t, err)
	must(t, b.Close())
	other := filepath.Join(dir, "other")
	must(t, os.WriteFile(other, []byte("something else"), 0o600))

	for path, want := range map[string]bool{begun: true, empty: true, used: false, other: false, filepath.Join(dir, "absent"): false} {
		if got := app.HoldsDemo(context.Background(), path); got != want {
			t.Errorf("%s: replaceable %v, want %v", filepath.Base(path), got, want)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "absent")); !os.IsNotExist(err) {
		t.Error("looking for a demonstration made a file")
	}
}

func TestDemoRefusesADatabaseInUse(t *testing.T) {
	a := openSample(t, filepath.Join(t.TempDir(), "used.db"))
	if _, err := a.Demo(context.Background(), provider.Sample, nil); refusal.CodeOf(err) != refusal.AlreadyExists {
		t.Errorf("got %v, want a refusal with %s", err, refusal.AlreadyExists)
	}
}
