//go:build canary

package world

import (
	"context"

	"termwise.dev/app"
	"termwise.dev/core/canary"
)

// judge has a program in which no bug is awake check the books: as who verifies
// with another version of the program than wrote them.
func judge(ctx context.Context, a *app.App) (app.Verification, error) {
	awake := canary.Awake()
	canary.Wake("")
	defer canary.Wake(awake)
	return a.Verify(ctx, nil)
}
