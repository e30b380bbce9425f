package app_test

import (
	"context"
	"path/filepath"
	"strings"
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
	if _, err := virtual.Advance(ctx, later-1, nil); refusal.CodeOf(err) != refusal.ClockBackward ||
		!strings.Contains(err.Error(), "stands at 2026-01-02T00:00:00+08:00, after 2026-01-01T23:59:59.999999+08:00") {
		t.Errorf("advancing backward: %v", err)
	}
	advance(t, virtual, later.String()) // again to the same instant: nothing to do
	if err := virtual.Init(ctx, false, 0); refusal.CodeOf(err) != refusal.AlreadyExists {
		t.Errorf("making a virtual clock real: %v", err)
	}
}

func TestZoneIsUTCUntilSomethingIsPublished(t *testing.T) {
	a := open(t, filepath.Join(t.TempDir(), "test.db"))
	must(t, a.Init(context.Background(), true, instant(traceStart)))
	for _, want := range []string{"UTC", "UTC+8"} {
		if zone, err := a.Zone(context.Background()); err != nil || zone.String() != want {
			t.Errorf("the zone is %s (%v), want %s", zone, err, want)
		}
		_, err := a.Publish(context.Background(), provider.Sample)
		must(t, err)
	}
}
