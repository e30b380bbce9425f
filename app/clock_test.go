package app_test

import (
	"context"
	"path/filepath"
	"testing"

	"termwise.dev/core/calendar"
	"termwise.dev/core/refusal"
	"termwise.dev/provider"
)

func TestOnlyAVirtualClockIsMovedAndOnlyForward(t *testing.T) {
	ctx := context.Background()
	later := instant(traceStart).Add(calendar.DayLength)

	real := open(t, filepath.Join(t.TempDir(), "real.db"))
	must(t, real.Init(ctx, false, 0))
	_, err := real.Publish(ctx, provider.Sample)
	must(t, err)
	if _, err := real.Advance(ctx, later, nil); refusal.CodeOf(err) != refusal.ClockIsReal {
		t.Errorf("advancing a real clock: %v", err)
	}

	virtual := openSample(t, filepath.Join(t.TempDir(), "virtual.db"))
	advance(t, virtual, later.String())
	if _, err := virtual.Advance(ctx, later-1, nil); refusal.CodeOf(err) != refusal.ClockBackward {
		t.Errorf("advancing backward: %v", err)
	}
	advance(t, virtual, later.String()) // again to the same instant: nothing to do
	if err := virtual.Init(ctx, false, 0); refusal.CodeOf(err) != refusal.AlreadyExists {
		t.Errorf("making a virtual clock real: %v", err)
	}
}
