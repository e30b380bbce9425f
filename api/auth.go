package api

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"termwise.dev/app"
	"termwise.dev/core/refusal"
)

// scheme is the name of the API keys in the OpenAPI document.
const scheme = "apiKey"

type callerKey struct{}

// callerOf returns the key that a request was made with. Operations that name
// roles always have one.
func callerOf(ctx context.Context) app.Key {
	key, _ := ctx.Value(callerKey{}).(app.Key)
	return key
}

// allow says in the OpenAPI document which roles may call an operation. What
// authorise enforces is read from the same place.
func allow(roles ...app.Role) []map[string][]string {
	var security []map[string][]string
	for _, r := range roles {
		security = append(security, map[string][]string{scheme: {string(r)}})
	}
	return security
}

// allowed reads what allow wrote.
func allowed(op *huma.Operation) []app.Role {
	var roles []app.Role
	for _, requirement := range op.Security {
		for _, role := range requirement[scheme] {
			roles = append(roles, app.Role(role))
		}
	}
	return roles
}

// authorise lets a request through when its key's role may call the operation
// and, for a customer's key, when the account that it names is the key's own.
// A foreign account is answered like one that does not exist.
func (s *Server) authorise(ctx huma.Context, next func(huma.Context)) {
	roles := allowed(ctx.Operation())
	if len(roles) == 0 {
		next(ctx)
		return
	}
	key, err := s.app.Authenticate(ctx.Context(), bearer(ctx.Header("Authorization")))
	if err == nil {
		err = checkCaller(key, roles, ctx)
	}
	if err != nil {
		s.refuse(ctx, err)
		return
	}
	next(huma.WithValue(ctx, callerKey{}, key))
}

// bearer takes the token out of an Authorization header; the scheme's case does
// not matter (RFC 9110).
func bearer(header string) string {
	kind, token, _ := strings.Cut(header, " ")
	if !strings.EqualFold(kind, "Bearer") {
		return ""
	}
	return token
}

func checkCaller(key app.Key, roles []app.Role, ctx huma.Context) error {
	if !slices.Contains(roles, key.Role) {
		return refusal.New(refusal.Forbidden, "a key with the role %s may not call %s", key.Role, ctx.Operation().OperationID).
			At("Authorization").Do("use a key with the role %s", joined(roles))
	}
	if key.Role != app.Customer {
		return nil
	}
	for _, account := range []string{ctx.Param("account"), ctx.Query("account")} {
		if account != "" && account != key.Scope {
			return notYours("account", account)
		}
	}
	return nil
}

func joined(roles []app.Role) string {
	words := make([]string, len(roles))
	for i, r := range roles {
		words[i] = string(r)
	}
	return strings.Join(words, " or ")
}

// notYours refuses what is another account's in the words for what does not exist.
func notYours(kind, id string) error {
	return refusal.New(refusal.NotFound, "there is no %s %q", kind, id).At(kind).Do("correct the id")
}

// refuse answers a request with its problem, outside a huma handler.
func (s *Server) refuse(ctx huma.Context, err error) {
	p := s.problem(ctx.Context(), err)
	writeJSON(ctx, p.Status, problemType, p)
}

// writeJSON writes a whole answer.
func writeJSON(ctx huma.Context, status int, mediaType string, answer any) {
	if status == http.StatusUnauthorized {
		ctx.SetHeader("WWW-Authenticate", `Bearer realm="termwise"`)
	}
	ctx.SetHeader("Content-Type", mediaType)
	ctx.SetStatus(status)
	// An error here is a client that went away; there is nobody to tell.
	_ = json.NewEncoder(ctx.BodyWriter()).Encode(answer)
}
