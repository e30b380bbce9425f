package store

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"termwise.dev/core/calendar"
	"termwise.dev/core/metering"
	"termwise.dev/core/refusal"
	"termwise.dev/core/terms"
)

func TestClock(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		view(t, db, func(ctx context.Context, tx *Tx) error {
			_, found, err := tx.Clock(ctx)
			if found {
				t.Error("a new database has a clock")
			}
			return err
		})
		for _, want := range []Clock{{Virtual: true, Now: start}, {Virtual: true, Now: start + 1}, {}} {
			update(t, db, func(ctx context.Context, tx *Tx) error { return tx.SetClock(ctx, want) })
			view(t, db, func(ctx context.Context, tx *Tx) error {
				if got, found, err := tx.Clock(ctx); !found || got != want || err != nil {
					t.Errorf("got %+v, %v, %v; want %+v", got, found, err, want)
				}
				return nil
			})
		}
	})
}

func TestDocuments(t *testing.T) {
	doc := func(id, version, text string) DocumentFile {
		d := DocumentFile{
			Document: id, Version: version, File: id + ".yaml", Source: []byte(text),
			Hash: terms.HashText([]byte(text)), Recorded: start,
		}
		d.Digest = d.Seal()
		return d
	}
	b1, b2, a1 := doc("b", "1", "b one"), doc("b", "2", "b two"), doc("a", "1", "a one")
	onBoth(t, func(t *testing.T, db *DB) {
		digests := map[string]bool{}
		digest := func(ctx context.Context, tx *Tx) error {
			d, err := tx.DocumentsDigest(ctx)
			digests[d] = true
			return err
		}
		view(t, db, digest)
		for _, d := range []DocumentFile{b2, b1, a1} {
			update(t, db, func(ctx context.Context, tx *Tx) error { return tx.PutDocument(ctx, d) })
			view(t, db, digest)
		}
		update(t, db, func(ctx context.Context, tx *Tx) error { return tx.PutDocument(ctx, b1) })
		view(t, db, digest)
		if len(digests) != 4 {
			t.Errorf("%d digests of 4 states: %v", len(digests), digests)
		}
		refuses(t, db, refusal.AlreadyExists, func(ctx context.Context, tx *Tx) error {
			return tx.PutDocument(ctx, doc("b", "1", "another"))
		})
		view(t, db, func(ctx context.Context, tx *Tx) error {
			docs, err := tx.Documents(ctx)
			if diff := cmp.Diff([]DocumentFile{a1, b1, b2}, docs); diff != "" {
				t.Error(diff)
			}
			return err
		})
	})
}

func TestProviderFiles(t *testing.T) {
	file := func(name, text string) File {
		return File{Name: name, Source: []byte(text), Hash: terms.HashText([]byte(text)), Recorded: start}
	}
	onBoth(t, func(t *testing.T, db *DB) {
		for _, f := range []File{file("p", "1"), file("c", "1"), file("p", "2"), file("p", "2"), file("p", "1")} {
			update(t, db, func(ctx context.Context, tx *Tx) error { return tx.PutProviderFile(ctx, f) })
		}
		view(t, db, func(ctx context.Context, tx *Tx) error {
			files, err := tx.ProviderFiles(ctx)
			if diff := cmp.Diff([]File{file("c", "1"), file("p", "1")}, files); diff != "" {
				t.Error(diff)
			}
			var revisions int
			if _, err := tx.one(ctx, []any{&revisions}, "SELECT max(revision) FROM provider_files"); err != nil {
				return err
			}
			if revisions != 3 {
				t.Errorf("%d revisions, want 3: one that repeats the newest is not kept", revisions)
			}
			return err
		})
	})
}

func TestAPIKeys(t *testing.T) {
	first := APIKey{ID: "k2", Name: "billing", Role: "operator", Hash: [32]byte{1}, Created: start}
	second := APIKey{ID: "k1", Name: "a shop", Role: "customer", Scope: "a", Hash: [32]byte{2}, Created: start + 1}
	onBoth(t, func(t *testing.T, db *DB) {
		for _, k := range []APIKey{second, first} {
			update(t, db, func(ctx context.Context, tx *Tx) error { return tx.PutAPIKey(ctx, k) })
		}
		refuses(t, db, refusal.AlreadyExists, func(ctx context.Context, tx *Tx) error { return tx.PutAPIKey(ctx, first) })
		refuses(t, db, refusal.NotFound, func(ctx context.Context, tx *Tx) error { return tx.RevokeAPIKey(ctx, "k3", 9) })
		for _, at := range []calendar.Instant{9, 10} { // the second changes nothing
			update(t, db, func(ctx context.Context, tx *Tx) error { return tx.RevokeAPIKey(ctx, "k1", at) })
		}
		if err := db.Update(t.Context(), func(tx *Tx) error {
			return tx.PutAPIKey(t.Context(), APIKey{ID: "k4", Role: "king"})
		}); err == nil {
			t.Error("a role that does not exist is kept")
		}
		revoked := second
		revoked.Revoked = 9
		view(t, db, func(ctx context.Context, tx *Tx) error {
			keys, err := tx.APIKeys(ctx)
			if diff := cmp.Diff([]APIKey{first, revoked}, keys); diff != "" {
				t.Error(diff)
			}
			if k, found, err := tx.APIKeyByID(ctx, "k1"); !found || k != revoked || err != nil {
				t.Errorf("got %+v, %v, %v", k, found, err)
			}
			if _, found, _ := tx.APIKeyByID(ctx, "k4"); found {
				t.Error("found a key that does not exist")
			}
			return err
		})
	})
}

func TestIdempotency(t *testing.T) {
	a := Answer{Account: "a", Key: "k", Request: [32]byte{7}, Status: 201, Answer: []byte(`{"ok":true}`), Recorded: start}
	a.Digest = a.Seal()
	onBoth(t, func(t *testing.T, db *DB) {
		update(t, db, func(ctx context.Context, tx *Tx) error { return tx.Remember(ctx, a) })
		update(t, db, func(ctx context.Context, tx *Tx) error { return tx.Remember(ctx, Answer{Account: "b", Key: "k"}) })
		err := db.Update(t.Context(), func(tx *Tx) error { return tx.Remember(t.Context(), a) })
		if !errors.Is(err, ErrAnswered) {
			t.Errorf("got %v, want ErrAnswered", err)
		}
		view(t, db, func(ctx context.Context, tx *Tx) error {
			got, found, err := tx.Recall(ctx, "a", "k")
			if diff := cmp.Diff(a, got); !found || diff != "" {
				t.Error(found, diff)
			}
			if _, found, _ := tx.Recall(ctx, "a", "l"); found {
				t.Error("recalled an answer that was never given")
			}
			return err
		})
	})
}

func TestRefusedEvents(t *testing.T) {
	event := func(account, id string) RefusedEvent {
		e := RefusedEvent{
			Account: account, ID: id, Source: "s", Event: `{"a":1}`, Code: refusal.BadQuantity, Message: "m",
			Place: "row 7", Customer: account, Product: product, Resource: "vm", Point: true, From: start - 5, To: start - 7,
			Measures: []metering.Measure{{Meter: "cpu", Value: -1}, {Meter: "cpu", Value: 1 << 62}, {}}, Unread: true, Terms: -5, Recorded: start,
		}
		e.Digest = e.Seal()
		return e
	}
	onBoth(t, func(t *testing.T, db *DB) {
		changed := event("a", "2")
		changed.Message = "another"
		for _, list := range [][]RefusedEvent{nil, {event("a", "3"), event("a", "2"), event("a", "1"), event("b", "1")}, {changed}} {
			update(t, db, func(ctx context.Context, tx *Tx) error { return tx.PutRefusedEvents(ctx, list) })
		}
		view(t, db, func(ctx context.Context, tx *Tx) error {
			list, err := tx.RefusedEvents(ctx, "a", "1", 5)
			if diff := cmp.Diff([]KeptRefusal{{RefusedEvent: event("a", "2")}, {RefusedEvent: event("a", "3")}}, list); diff != "" {
				t.Error(diff)
			}
			if e, found, err := tx.RefusedEvent(ctx, "b", "1"); !found || err != nil || !cmp.Equal(e, event("b", "1")) {
				t.Errorf("got %+v, %v, %v", e, found, err)
			}
			if _, found, _ := tx.RefusedEvent(ctx, "b", "2"); found {
				t.Error("found a refused event that does not exist")
			}
			return err
		})
	})
}

func TestRefusedEventsByTime(t *testing.T) {
	onBoth(t, func(t *testing.T, db *DB) {
		var list []RefusedEvent
		for i, e := range []struct{ account, id string }{{"a", "z"}, {"a", "b"}, {"a", "a"}, {"b", "c"}} {
			list = append(list, RefusedEvent{Account: e.account, ID: e.id, Code: refusal.BadQuantity, Recorded: start.Add(calendar.Duration(i/2) * calendar.Second)})
		}
		list[1].Recorded = start + 1
		update(t, db, func(ctx context.Context, tx *Tx) error { return tx.PutRefusedEvents(ctx, list) })
		second := start.Add(calendar.Second)
		for _, test := range []struct {
			name string
			f    RefusedEventFilter
			want string
		}{
			{"all", RefusedEventFilter{}, "z b a"},
			{"from", RefusedEventFilter{From: start + 1}, "b a"},
			{"to is excluded", RefusedEventFilter{To: second}, "z b"},
			{"a page", RefusedEventFilter{After: start, AfterID: "z", Limit: 1}, "b"},
			{"of the same instant", RefusedEventFilter{After: start, AfterID: "a"}, "z b a"},
			{"the end", RefusedEventFilter{After: second, AfterID: "a"}, ""},
		} {
			view(t, db, func(ctx context.Context, tx *Tx) error {
				found, err := tx.RefusedEventsByTime(ctx, "a", test.f)
				var ids []string
				for _, e := range found {
					ids = append(ids, e.ID)
				}
				if got := strings.Join(ids, " "); got != test.want {
					t.Errorf("%s: got %q, want %q", test.name, got, test.want)
				}
				return err
			})
		}
	})
}
