package store

import (
	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/journal"
)

// The rows that decisions write: they are inserted and never changed.
var (
	entries = accountTable(
		"journal", "seq, kind, effective, recorded, actor, payload, row_seal, hash",
		func(e *journal.Entry) []any {
			return []any{
				&e.Seq, (*string)(&e.Kind), (*int64)(&e.Effective), (*int64)(&e.Recorded),
				&e.Actor, &e.Payload, (*[32]byte)(&e.Rows), (*[32]byte)(&e.Hash),
			}
		},
	)
	// The lines stand behind what is read without them; only the number of steps, which
	// an index knows, was added later.
	packed = accountTable(
		"journal", "seq, charges, first_hour, last_hour, steps, lines",
		func(l *account.Lines) []any {
			return []any{&l.Entry, &l.Charges, (*int64)(&l.First), (*int64)(&l.Last), &l.Steps, &l.Content}
		},
	)
	journalRows = accountTable(
		"journal", entries.columns+", charges, first_hour, last_hour, steps, lines",
		func(e *entered) []any { return append(entries.fields(&e.entry), packed.fields(&e.lines)[1:]...) },
	)
	refused = accountTable(
		"refused_usage", "entry, line, digest, product, resource, meter, hour, quantity, code, terms",
		func(r *account.Refused) []any {
			return stamped(
				&r.Stamp, &r.Product, &r.Resource, &r.Meter, (*int64)(&r.Hour),
				&r.Quantity, (*string)(&r.Code), &r.Terms,
			)
		},
	)
	lateFees = accountTable(
		"late_fees", "entry, line, digest, seller, product, day, base, amount, terms",
		func(f *account.LateFee) []any {
			return stamped(
				&f.Stamp, &f.Seller, &f.Product, (*int32)(&f.Day), (*int64)(&f.Base), (*int64)(&f.Amount), &f.Terms,
			)
		},
	)
	// Notices about documents; the others are packed.
	notices = accountTable(
		"notices", "entry, line, digest, kind, product, channels, recorded, since, told, owed, terms, "+
			"document, version, effective, served, inboxes",
		func(n *account.Noticed) []any {
			return stamped(
				&n.Stamp, (*string)(&n.Kind), &n.Product, &n.Channels, (*int64)(&n.Recorded),
				(*int64)(&n.Since), (*int64)(&n.Told), (*int64)(&n.Owed), &n.Terms,
				&n.Document, &n.Version, (*int64)(&n.Effective), (*int64)(&n.Served), (*string)(&n.Inboxes),
			)
		},
	)
	acceptances = accountTable(
		"acceptances", "entry, line, digest, document, version, form, at, recorded, actor, text_hash, order_ref",
		func(a *account.Accepted) []any {
			return stamped(
				&a.Stamp, &a.Document, &a.Version, (*string)(&a.Form), (*int64)(&a.At), (*int64)(&a.Recorded),
				&a.Actor, (*[32]byte)(&a.TextHash), &a.Order,
			)
		},
	)
	lapses = accountTable(
		"lapses", "entry, line, digest, order_ref, document, version, effect, at, recorded, "+ruling,
		func(l *account.Lapsed) []any {
			return append(stamped(
				&l.Stamp, &l.Order, &l.Document, &l.Version, (*string)(&l.Effect), (*int64)(&l.At), (*int64)(&l.Recorded),
			), ruled(&l.Ruling)...)
		},
	)
	addOns = accountTable(
		"add_ons", "entry, line, digest, product, add_on, state, at, order_ref, "+ruling,
		func(s *account.Switched) []any {
			return append(stamped(
				&s.Stamp, &s.Product, &s.AddOn, (*string)(&s.State), (*int64)(&s.At), &s.Order,
			), ruled(&s.Ruling)...)
		},
	)
)

// ruling are the columns of the clause that a row rests on.
const ruling = "clause_document, clause_code, clause_version, clause, terms"

func ruled(r *account.Ruling) []any {
	return []any{&r.Clause.Document, &r.Clause.Code, &r.Clause.Version, &r.Clause.Clause, &r.Terms}
}

func stamped(s *account.Stamp, fields ...any) []any {
	return append([]any{&s.Entry, &s.Line, &s.Digest}, fields...)
}

// The state that the rows above sum to.
var (
	books = accountTable(
		"accounts", "name, currency, opened, seq, head, at, parcels, folded, usage_to, indexed, runs, runs_digest, unsettled, state",
		func(b *account.Books) []any {
			return []any{
				&b.Name, (*string)(&b.Currency), (*int64)(&b.Opened),
				&b.Seq, (*[32]byte)(&b.Head), (*int64)(&b.At),
				&b.Intake.Parcels, &b.Intake.Folded, (*int64)(&b.Intake.To), &b.Intake.Indexed,
				&b.Intake.Reach.Runs, &b.Intake.Reach.Digest,
				(*int64)(&b.OpenAfter), (*stateColumn)(b),
			}
		},
	)
)

// Usage, and the buckets that it is collected in.
var (
	parcels = accountTable(
		"usage_parcels", "parcel, recorded, first, last, events, content, digest",
		func(p *account.Parcel) []any {
			return []any{
				&p.Number, (*int64)(&p.Recorded), (*int64)(&p.First), (*int64)(&p.Last), &p.Events, &p.Content, &p.Digest,
			}
		},
	)
	resources = accountTable(
		"resources", "product, resource, opened",
		func(o *opened) []any { return []any{&o.Product, &o.Resource.Resource, (*int64)(&o.at)} },
	)
	hours = accountTable(
		"buckets", "hour, open, content",
		func(h *account.StoredHour) []any { return []any{(*int64)(&h.Hour), &h.Open, &h.Content} },
	)
)

// opened is when a resource was first used.
type opened struct {
	account.Resource
	at calendar.Instant
}
