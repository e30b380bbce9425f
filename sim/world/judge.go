//go:build !canary

package world

import (
	"context"

	"termwise.dev/app"
)

// judge has the program check its own books.
func judge(ctx context.Context, a *app.App) (app.Verification, error) { return a.Verify(ctx, nil) }
