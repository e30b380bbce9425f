package app_test

import (
	"slices"
	"strings"
	"testing"

	"termwise.dev/app"
	"termwise.dev/core/refusal"
)

func TestAPIKeys(t *testing.T) {
	engines(t, func(t *testing.T, url string) {
		a := openSample(t, url)
		ctx := t.Context()
		must(t, a.CreateAccount(ctx, app.NewAccount{ID: "customer-001", Name: "Loom"}, "test"))
		want := app.Key{Name: "desk", Role: app.Customer, Scope: "customer-001"}
		key, token, err := a.CreateKey(ctx, app.NewKey{Name: want.Name, Role: want.Role, Scope: want.Scope})
		must(t, err)
		want.ID = key.ID
		if key.Created != "2026-01-01T00:00:00+08:00" || !strings.HasPrefix(token, "tw_"+key.ID+"_") || len(token) != len("tw__")+16+64 {
			t.Errorf("key %+v with the token %q", key, token)
		}
		got, err := a.Authenticate(ctx, token)
		must(t, err)
		if got != want {
			t.Errorf("the token is of %+v, want %+v", got, want)
		}
		for _, wrong := range []string{
			"", token + "0", token[:len(token)-1] + "x", strings.Replace(token, "tw", "tx", 1), "tw_" + key.ID + "_", "tw_0000000000000000_" + token[20:], "tw_\x00", key.ID,
		} {
			if _, err := a.Authenticate(ctx, wrong); refusal.CodeOf(err) != refusal.Unauthenticated {
				t.Errorf("the token %q gives %v", wrong, err)
			}
		}
		revoked, err := a.RevokeKey(ctx, key.ID)
		must(t, err)
		if revoked.Revoked != "2026-01-01T00:00:00+08:00" {
			t.Errorf("revoked %+v", revoked)
		}
		if _, err := a.Authenticate(ctx, token); refusal.CodeOf(err) != refusal.Unauthenticated {
			t.Errorf("the revoked token gives %v", err)
		}
		must(t, ignored(a.RevokeKey(ctx, key.ID)))
		keys, err := a.Keys(ctx)
		must(t, err)
		if !slices.Equal(keys, []app.Key{revoked}) {
			t.Errorf("the list is %+v", keys)
		}
	})
}

func ignored(_ app.Key, err error) error { return err }

// Two keys never share an id or a secret, and neither is in the other's form.
func TestKeysDiffer(t *testing.T) {
	a := openSample(t, t.TempDir()+"/test.db")
	seen := map[string]bool{}
	for range 20 {
		_, token, err := a.CreateKey(t.Context(), app.NewKey{Name: "desk", Role: app.Operator})
		must(t, err)
		for _, part := range strings.Split(token, "_")[1:] {
			if seen[part] {
				t.Fatalf("%s appears twice", part)
			}
			seen[part] = true
		}
	}
}

func TestKeysThatAreRefused(t *testing.T) {
	a := openSample(t, t.TempDir()+"/test.db")
	for _, tt := range []struct {
		key  app.NewKey
		want refusal.Code
		says string
	}{
		{app.NewKey{Name: " ", Role: app.Operator}, refusal.BadInput, "no name"},
		{app.NewKey{Name: " clock", Role: app.Operator}, refusal.BadInput, "what time brings"},
		{app.NewKey{Name: "desk", Role: "owner"}, refusal.BadInput, `"owner"`},
		{app.NewKey{Name: "desk", Role: app.Operator, Scope: "customer-001"}, refusal.BadInput, "customer-001"},
		{app.NewKey{Name: "desk", Role: app.Customer, Scope: "customer-001"}, refusal.UnknownAccount, "customer-001"},
		{app.NewKey{Name: "desk", Role: app.Customer}, refusal.BadInput, "give the account's id as the scope"},
		{app.NewKey{Name: "desk", Role: app.ProductTeam}, refusal.BadInput, "give the product's id as the scope"},
		{app.NewKey{Name: "desk", Role: app.ProductTeam, Scope: "abacus"}, refusal.UnknownProduct, "abacus"},
	} {
		_, token, err := a.CreateKey(t.Context(), tt.key)
		if refusal.CodeOf(err) != tt.want || !strings.Contains(err.Error(), tt.says) || token != "" {
			t.Errorf("%+v gives %v, want %s that says %s", tt.key, err, tt.want, tt.says)
		}
	}
	if _, err := a.RevokeKey(t.Context(), "none"); refusal.CodeOf(err) != refusal.NotFound {
		t.Errorf("revoking no key gives %v", err)
	}
	keys, err := a.Keys(t.Context())
	must(t, err)
	if len(keys) != 0 {
		t.Errorf("there are keys: %+v", keys)
	}
}

// The first key may be made before anything is published.
func TestKeyBeforePublishing(t *testing.T) {
	a := open(t, t.TempDir()+"/test.db")
	must(t, a.Init(t.Context(), true, instant(traceStart)))
	key, token, err := a.CreateKey(t.Context(), app.NewKey{Name: "desk", Role: app.Operator})
	must(t, err)
	if key.Created != "2025-12-31T16:00:00Z" {
		t.Errorf("created %s", key.Created)
	}
	must(t, ignored(a.Authenticate(t.Context(), token)))
}
