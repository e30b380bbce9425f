package app

import "errors"

// errDryRun rolls a transaction back whose answer is kept.
var errDryRun = errors.New("app: dry run")

// notDryRun turns the end of a dry run into success.
func notDryRun(err error) error {
	if errors.Is(err, errDryRun) {
		return nil
	}
	return err
}
