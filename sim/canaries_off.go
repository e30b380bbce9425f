//go:build !canary

package main

import (
	"context"
	"errors"

	"termwise.dev/sim/world"
)

func findCanaries(context.Context, options, world.Place) error {
	return errors.New("there are no seeded bugs in this build; use go run -tags canary ./sim -canaries")
}
