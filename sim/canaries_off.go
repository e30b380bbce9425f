//go:build !canary

package main

import (
	"context"
	"errors"

	"termwise.dev/sim/world"
)

var errNoCanaries = errors.New("there are no seeded bugs in this build; use go run -tags canary ./sim")

func findCanaries(context.Context, options, world.Place) error { return errNoCanaries }

func wake(string) error { return errNoCanaries }
