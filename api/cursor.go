package api

import (
	"encoding/base64"

	"termwise.dev/core/metering"
	"termwise.dev/core/refusal"
)

// PageInput is how every list is walked.
type PageInput struct {
	Cursor string `query:"cursor" doc:"next_cursor of the page before; leave it out for the first page." maxLength:"400"`
	Limit  int    `query:"limit" doc:"How many to return at most." minimum:"1" maximum:"1000" default:"100"`
}

// after gives the position that the cursor stands for.
func (p PageInput) after() (string, error) {
	b, err := base64.RawURLEncoding.DecodeString(p.Cursor)
	if err != nil || !metering.IsName(string(b)) {
		return "", refusal.New(refusal.BadInput, "%q is not a cursor", p.Cursor).At("cursor").
			Do("use next_cursor of the page before as it is")
	}
	return string(b), nil
}

// cursorOf hides a position, so that clients do not build on what it looks like.
func cursorOf(position string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(position))
}
