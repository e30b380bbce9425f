package provider

import _ "embed"

// Coverage is coverage.json: for each executable rule of the sample provider's
// documents the tests that prove it in each direction. It is written by
// `go test ./app -run TestCoverageIsCurrent -update`, never by hand.
//
//go:embed coverage.json
var Coverage []byte
