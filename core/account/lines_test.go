package account_test

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/journal"
	"termwise.dev/core/ledger"
	"termwise.dev/core/metering"
	"termwise.dev/core/money"
	"termwise.dev/core/notice"
	"termwise.dev/core/rating"
	"termwise.dev/core/subscription"
)

// drawNumber draws numbers at the ends of 64 bits among such as repeat.
func drawNumber(t *rapid.T, what string) int64 {
	return rapid.OneOf(rapid.Int64(), rapid.Int64Range(-2, 3),
		rapid.SampledFrom([]int64{math.MinInt64, math.MinInt64 + 1, math.MaxInt64, 14_400_000})).Draw(t, what)
}

func drawText(t *rapid.T, what string) string {
	long := string(bytes.Repeat([]byte("long "), 60))
	return rapid.OneOf(rapid.SampledFrom([]string{"", "vm-1", "vm-2", "vm-22", "cpu", "memory", "wallet", "中", long, long + "1", long + "2"}), rapid.String()).Draw(t, what)
}

// drawCharge draws charges that no settlement makes, among such as it does.
func drawCharge(t *rapid.T) account.Charge {
	c := account.Charge{
		Stamp: account.Stamp{RowID: account.RowID{Entry: 7, Line: drawNumber(t, "line")}},
		Key: metering.Key{
			Product: drawText(t, "product"), Resource: drawText(t, "resource"), Meter: drawText(t, "meter"),
			Hour: calendar.Hour(drawNumber(t, "hour")),
		},
		Line:  rating.Line{Quantity: drawNumber(t, "quantity"), Amount: money.Amount(drawNumber(t, "amount")), Sequence: 1},
		Terms: drawNumber(t, "terms"),
	}
	if rapid.Bool().Draw(t, "later") {
		c.QuantityBefore, c.AmountBefore = drawNumber(t, "quantity before"), money.Amount(drawNumber(t, "amount before"))
		c.Sequence = drawNumber(t, "sequence")
	}
	return c
}

func drawTransfer(t *rapid.T) account.Posted {
	return account.Posted{
		Stamp: account.Stamp{RowID: account.RowID{Entry: 7, Line: drawNumber(t, "line")}},
		Transfer: ledger.Transfer{
			Purpose: ledger.Purpose(drawText(t, "purpose")), Debit: ledger.Account(drawText(t, "debit")),
			Credit: ledger.Account(drawText(t, "credit")), Amount: money.Amount(drawNumber(t, "amount")),
		},
	}
}

func drawInstant(t *rapid.T, what string) calendar.Instant {
	return calendar.Instant(drawNumber(t, what))
}

func drawBasis(t *rapid.T) account.Basis {
	return account.Basis{
		Since: drawInstant(t, "since"), Told: drawInstant(t, "told"),
		Owed: money.Amount(drawNumber(t, "owed")), Terms: drawNumber(t, "terms"),
	}
}

// drawNotice draws a notice about no document.
func drawNotice(t *rapid.T) account.Noticed {
	n := account.Noticed{Stamp: account.Stamp{RowID: account.RowID{Entry: 7, Line: drawNumber(t, "line")}}, Basis: drawBasis(t)}
	n.Kind, n.Inboxes = notice.Kind(drawText(t, "kind")), notice.Inboxes(drawText(t, "inboxes"))
	n.Product, n.Channels = drawText(t, "product"), drawText(t, "channels")
	n.Recorded, n.Effective, n.Served = drawInstant(t, "recorded"), drawInstant(t, "effective"), drawInstant(t, "served")
	return n
}

func drawMove(t *rapid.T) account.Moved {
	return account.Moved{
		Stamp: account.Stamp{RowID: account.RowID{Entry: 7, Line: drawNumber(t, "line")}}, Basis: drawBasis(t),
		Transition: subscription.Transition{
			Product: drawText(t, "product"), At: drawInstant(t, "at"),
			From: subscription.State(drawText(t, "from")), To: subscription.State(drawText(t, "to")),
		},
	}
}

// sealedRows gives rows their digests.
func sealedRows(p account.Packed) account.Packed {
	for i := range p.Charges {
		p.Charges[i].Digest = p.Charges[i].Seal("acme")
	}
	for i := range p.Transfers {
		p.Transfers[i].Digest = p.Transfers[i].Seal("acme")
	}
	for i := range p.Notices {
		p.Notices[i].Digest = p.Notices[i].Seal("acme")
	}
	for i := range p.Moves {
		p.Moves[i].Digest = p.Moves[i].Seal("acme")
	}
	return p
}

// What was packed comes out as it went in, whatever it is, with its digests.
func TestLinesKeepRows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows := sealedRows(account.Packed{
			Charges:   rapid.SliceOfN(rapid.Custom(drawCharge), 0, 20).Draw(t, "charges"),
			Transfers: rapid.SliceOfN(rapid.Custom(drawTransfer), 0, 5).Draw(t, "transfers"),
			Notices:   rapid.SliceOfN(rapid.Custom(drawNotice), 0, 3).Draw(t, "notices"),
			Moves:     rapid.SliceOfN(rapid.Custom(drawMove), 0, 3).Draw(t, "moves"),
		})
		charges := rows.Charges
		l := account.NewLines("acme", 7, rows)
		back, err := l.Open("acme")
		if err != nil || !l.Whole("acme") {
			t.Fatalf("whole %v, %v", l.Whole("acme"), err)
		}
		if diff := cmp.Diff(rows, back, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("-packed +unpacked:\n%s", diff)
		}
		first, last := calendar.Hour(0), calendar.Hour(-1)
		for i := range charges {
			if i == 0 || charges[i].Hour < first {
				first = charges[i].Hour
			}
			if i == 0 || charges[i].Hour > last {
				last = charges[i].Hour
			}
		}
		if l.Charges != int64(len(charges)) || l.First != first || l.Last != last {
			t.Fatalf("%d charges of the hours from %d to %d, want %d from %d to %d", l.Charges, l.First, l.Last, len(charges), first, last)
		}
		if l.Steps != int64(len(rows.Notices)+len(rows.Moves)) {
			t.Fatalf("%d steps, want %d and %d", l.Steps, len(rows.Notices), len(rows.Moves))
		}
	})
}

// hourOfTwo is an hour of two machines as a settlement writes it: the second meter
// of the second differs, line 5 is a refusal, and usage came late for one hour.
func hourOfTwo() account.Packed {
	figures := map[string]rating.Line{"cpu": {Quantity: 14_400_000, Amount: 360_000, Sequence: 1}, "memory": {Quantity: 29_491_200, Amount: 192_000, Sequence: 1}}
	var charges []account.Charge
	for i, name := range []string{"vm-0001", "vm-0002"} {
		for j, meter := range []string{"cpu", "memory"} {
			charges = append(charges, account.Charge{
				Stamp: account.Stamp{RowID: account.RowID{Entry: 9, Line: int64(2*i + j + 1)}},
				Key:   metering.Key{Product: "compute", Resource: name, Meter: meter, Hour: 490_000}, Line: figures[meter], Terms: -2,
			})
		}
	}
	charges[3].Quantity, charges[3].Amount = 1, 0
	late := charges[0]
	late.RowID.Line, late.Hour = 6, 489_999
	late.Line = rating.Line{QuantityBefore: 5, Quantity: 6, AmountBefore: 7, Amount: -8, Sequence: 2}
	posted := func(line int64, purpose ledger.Purpose, debit, credit ledger.Account) account.Posted {
		return account.Posted{
			Stamp:    account.Stamp{RowID: account.RowID{Entry: 9, Line: line}},
			Transfer: ledger.Transfer{Purpose: purpose, Debit: debit, Credit: credit, Amount: 911_992},
		}
	}
	return account.Packed{Charges: append(charges, late), Transfers: []account.Posted{
		posted(7, ledger.Charge, "receivable:loom", "revenue:loom"), posted(8, ledger.Payment, "wallet", "receivable:loom"),
	}}
}

// resumed is an entry by which a service is resumed.
func resumed() account.Packed {
	basis := account.Basis{Since: 1000, Told: 1001, Terms: -2}
	p := account.Packed{
		Transfers: hourOfTwo().Transfers[1:],
		Moves: []account.Moved{{
			Stamp: account.Stamp{RowID: account.RowID{Entry: 9, Line: 9}}, Basis: basis,
			Transition: subscription.Transition{Product: "compute", From: "suspended", To: "active", At: 2000},
		}},
		Notices: []account.Noticed{{Stamp: account.Stamp{RowID: account.RowID{Entry: 9, Line: 10}}, Basis: basis}},
	}
	n := &p.Notices[0]
	n.Kind, n.Product, n.Channels, n.Inboxes = "was_resumed", "compute", "email,message", "sub_users"
	n.Recorded, n.Served, n.Owed = 2003, 2004, 5
	return p
}

// The form is kept in databases: another form needs another first byte.
func TestFormOfLines(t *testing.T) {
	rows := hourOfTwo()
	const want = "\x01" + "\x9e\x94\x12\xae\x1c\x23\x71\x2b" + // the form, the digest
		"\x05" +
		"\x14" + "\x00\x00\x07compute" + "\x01\x00\x03cpu" + "\xff\xff\xff\xff\xff\xff\xff\xfe" + "\x02\x00\x07vm-0001" + "\xa0\xe8\x3b" + "\x80\xe8\xdd\x0d" + "\x80\xf9\x2b" +
		"\x37" + "\x00" + "\x03\x00\x06memory" + "\xff\xff\xff\xff\xff\xff\xff\xfe" + "\x80\x80\x90\x1c" + "\x80\xb8\x17" +
		"\x0e" + "\x04\x06\x012" +
		"\x37" + "\x02\x00" +
		"\x00" + "\x02" + "\x01" + "\x04" + "\x0c\x0f\x0a\x0e\x04" +
		"\x02" +
		"\x0e" + "\x05\x00\x06charge" + "\x06\x00\x0freceivable:loom" + "\x07\x00\x0crevenue:loom" + "\xf0\xa9\x6f" +
		"\x02" + "\x08\x00\x07payment" + "\x09\x00\x06wallet" + "\x06" + "\xf0\xa9\x6f"
	l := account.NewLines("acme", 9, rows)
	if diff := cmp.Diff(want, string(l.Content)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if l.Entry != 9 || l.Charges != 5 || l.First != 489_999 || l.Last != 490_000 || l.Steps != 0 {
		t.Errorf("%+v", l)
	}
	const withSteps = "\x02" + "\x00\x00\x00\x00\x00\x00\x00\x00" +
		"\x00" +
		"\x01" + "\x10" + "\x00\x00\x07payment" + "\x01\x00\x06wallet" + "\x02\x00\x0freceivable:loom" + "\xf0\xa9\x6f" +
		"\x01" + "\x14" + "\x03\x00\x0bwas_resumed" + "\x04\x00\x07compute" + "\x05\x00\x0demail,message" + "\x06\x00\x09sub_users" +
		"\xa6\x1f" + "\x00" + "\xa8\x1f" + "\xd0\x0f\xd2\x0f\x0a" + "\xff\xff\xff\xff\xff\xff\xff\xfe" +
		"\x01" + "\x12" + "\x04" + "\x07\x00\x09suspended" + "\x08\x00\x06active" + "\xa0\x1f" + "\xd0\x0f\xd2\x0f\x00" + "\xff\xff\xff\xff\xff\xff\xff\xfe"
	steps := account.NewLines("acme", 9, resumed())
	copy(steps.Content[1:9], make([]byte, 8))
	if diff := cmp.Diff(withSteps, string(steps.Content)); diff != "" || steps.Steps != 2 {
		t.Errorf("%d steps, -want +got:\n%s", steps.Steps, diff)
	}
	if empty := account.NewLines("acme", 9, account.Packed{}); empty.Content == nil || len(empty.Content) != 0 || empty.Charges != 0 || empty.First != 0 || empty.Last != -1 {
		t.Errorf("an entry with nothing: %+v", empty)
	}
}

// A changed bit, a byte too few or too many, another place or another number is found.
func TestChangedLinesAreFound(t *testing.T) {
	for _, rows := range []account.Packed{hourOfTwo(), resumed()} {
		changedLinesAreFound(t, account.NewLines("acme", 9, rows))
	}
}

func changedLinesAreFound(t *testing.T, whole account.Lines) {
	changed := func(what string, change func(l *account.Lines)) {
		t.Helper()
		l := whole
		l.Content = slices.Clone(l.Content)
		change(&l)
		if l.Whole("acme") {
			t.Errorf("%s is not found", what)
		}
		opened, err := l.Open("acme")
		if bytes.Equal(l.Content, whole.Content) && l.Entry == whole.Entry || err != nil {
			return
		}
		carries := func(row any, digest, right int64) {
			if digest == right {
				t.Errorf("%s: a row carries the digest of %+v", what, row)
			}
		}
		for _, c := range opened.Charges {
			carries(c, c.Digest, c.Seal("acme"))
		}
		for _, p := range opened.Transfers {
			carries(p, p.Digest, p.Seal("acme"))
		}
		for _, n := range opened.Notices {
			carries(n, n.Digest, n.Seal("acme"))
		}
		for _, m := range opened.Moves {
			carries(m, m.Digest, m.Seal("acme"))
		}
	}
	for i := range whole.Content {
		for bit := range 8 {
			changed(fmt.Sprintf("bit %d of byte %d", bit, i), func(l *account.Lines) { l.Content[i] ^= 1 << bit })
		}
		changed(fmt.Sprintf("the end from byte %d on", i), func(l *account.Lines) { l.Content = l.Content[:i] })
	}
	changed("a byte more", func(l *account.Lines) { l.Content = append(l.Content, 0) })
	changed("the number of charges", func(l *account.Lines) { l.Charges++ })
	changed("the number of steps", func(l *account.Lines) { l.Steps++ })
	changed("the first hour", func(l *account.Lines) { l.First-- })
	changed("the last hour", func(l *account.Lines) { l.Last++ })
	changed("the entry", func(l *account.Lines) { l.Entry++ })
	if whole.Whole("loom") {
		t.Error("lines of another account are taken for its own")
	}
}

// Every entry of a decision carries its own rows, and no row is left behind.
func TestLinesOfADecision(t *testing.T) {
	rows, later := hourOfTwo(), resumed()
	for i := range later.Transfers {
		later.Transfers[i].Entry = 11
	}
	later.Notices[0].Entry, later.Moves[0].Entry = 11, 11
	about := later.Notices[0]
	about.Document, about.RowID.Line = "page", 11
	d := account.Decision{
		Account: "acme", Entries: []journal.Entry{{Seq: 9}, {Seq: 10}, {Seq: 11}},
		Charges: rows.Charges, Transfers: slices.Concat(rows.Transfers, later.Transfers),
		Notices: []account.Noticed{later.Notices[0], about}, Transitions: later.Moves,
	}
	got, err := d.Lines()
	want := []account.Lines{
		account.NewLines("acme", 9, rows), account.NewLines("acme", 10, account.Packed{}), account.NewLines("acme", 11, later),
	}
	if own := d.NoticeRows(); len(own) != 1 || own[0] != about {
		t.Errorf("notices with rows of their own: %+v", own)
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v, -want +got:\n%s", err, diff)
	}
	for what, entries := range map[string][]journal.Entry{"no entry": {{Seq: 9}, {Seq: 10}}, "an earlier entry": {{Seq: 11}, {Seq: 9}}} {
		d.Entries = entries
		if _, err := d.Lines(); err == nil {
			t.Errorf("a row of %s is left behind", what)
		}
	}
	d.Entries = []journal.Entry{{Seq: 9}, {Seq: 10}, {Seq: 11}}
	for what, change := range map[string]func(d *account.Decision){
		"a notice of no entry": func(d *account.Decision) { d.Notices[0].Entry++ },
		"a move of no entry":   func(d *account.Decision) { d.Transitions[0].Entry++ },
		"a move twice":         func(d *account.Decision) { d.Transitions = append(d.Transitions, d.Transitions[0]) },
		"a notice twice":       func(d *account.Decision) { d.Notices = append(d.Notices, d.Notices[0]) },
		"half of a document":   func(d *account.Decision) { d.Notices[0].Version = "2" },
		"a transfer of zero":   func(d *account.Decision) { d.Transfers[0].Transfer.Amount = 0 },
		"a charge of nothing":  func(d *account.Decision) { d.Charges[0].Quantity = 0 },
	} {
		c := d
		c.Charges, c.Transfers, c.Notices, c.Transitions = slices.Clone(d.Charges), slices.Clone(d.Transfers), slices.Clone(d.Notices), slices.Clone(d.Transitions)
		change(&c)
		if _, err := c.Lines(); err == nil {
			t.Errorf("%s may be written", what)
		}
	}
}

// Lines that were changed, also where nothing tells by itself, are named by Check.
func TestCheckNamesEntriesWhoseLinesWereChanged(t *testing.T) {
	w := wholeStory(t, 0)
	at := slices.IndexFunc(w.evidence().Lines, func(l account.Lines) bool { return l.Charges > 0 })
	for name, change := range map[string]func(ev *account.Evidence, l *account.Lines){
		"a byte":                func(_ *account.Evidence, l *account.Lines) { l.Content[len(l.Content)/2] ^= 1 },
		"the form":              func(_ *account.Evidence, l *account.Lines) { l.Content[0]++ },
		"the digest":            func(_ *account.Evidence, l *account.Lines) { l.Content[5] ^= 1 },
		"the number of charges": func(_ *account.Evidence, l *account.Lines) { l.Charges++ },
		"the number of steps":   func(_ *account.Evidence, l *account.Lines) { l.Steps++ },
		"the first hour":        func(_ *account.Evidence, l *account.Lines) { l.First++ },
		"the last hour":         func(_ *account.Evidence, l *account.Lines) { l.Last++ },
		"all of it":             func(_ *account.Evidence, l *account.Lines) { l.Content = nil },
		"all, as if it had none": func(_ *account.Evidence, l *account.Lines) {
			*l = account.NewLines("customer-001", l.Entry, account.Packed{})
		},
		"those of the next": func(ev *account.Evidence, l *account.Lines) {
			l.Content, ev.Lines[at+1].Content = ev.Lines[at+1].Content, l.Content
		},
		"an amount, packed anew": func(_ *account.Evidence, l *account.Lines) {
			p, _ := l.Unpack()
			p.Charges[0].Amount++
			*l = account.NewLines("customer-001", l.Entry, p)
		},
		"without a transfer": func(_ *account.Evidence, l *account.Lines) {
			p, _ := l.Unpack()
			p.Transfers = p.Transfers[1:]
			*l = account.NewLines("customer-001", l.Entry, p)
		},
	} {
		t.Run(name, func(t *testing.T) {
			ev := w.evidence()
			l := &ev.Lines[at]
			l.Content = slices.Clone(l.Content)
			change(ev, l)
			ev.OpenLines()
			named := func(f *account.Fault) bool {
				return f.Entry == l.Entry && (f.Table == account.InJournal || f.Table == account.InCharges || f.Table == account.InTransfers)
			}
			for _, replay := range []account.Replay{{}, w.replay()} {
				if faults := ev.Check(replay).Faults; len(faults) == 0 || !named(faults[0]) {
					t.Errorf("entry %d is not named first (documents %v): %v", l.Entry, replay.Terms != nil, faults)
				}
			}
		})
	}
}

// Of lines that were changed, without the digest of all of them, the row is named too.
func TestTheChangedRowOfAnEntryIsNamed(t *testing.T) {
	w := wholeStory(t, 0)
	for table, change := range map[account.Table]func(p *account.Packed) (account.RowID, bool){
		account.InCharges: func(p *account.Packed) (id account.RowID, any bool) {
			for i := range p.Charges {
				p.Charges[i].Amount++
				return p.Charges[i].RowID, true
			}
			return id, false
		},
		account.InNotices: func(p *account.Packed) (id account.RowID, any bool) {
			for i := range p.Notices {
				p.Notices[i].Served++
				return p.Notices[i].RowID, true
			}
			return id, false
		},
		account.InTransitions: func(p *account.Packed) (id account.RowID, any bool) {
			for i := range p.Moves {
				p.Moves[i].At--
				return p.Moves[i].RowID, true
			}
			return id, false
		},
	} {
		ev := w.evidence()
		var row account.RowID
		for i := range ev.Lines {
			l := &ev.Lines[i]
			p, err := l.Unpack()
			if err != nil {
				t.Fatal(err)
			}
			id, changed := change(&p)
			if !changed {
				continue
			}
			row = id
			forged := account.NewLines("customer-001", l.Entry, p)
			copy(forged.Content[1:9], l.Content[1:9])
			*l = forged
			break
		}
		ev.OpenLines()
		named := func(table account.Table, id account.RowID) bool {
			return slices.ContainsFunc(ev.Check(w.replay()).Faults, func(f *account.Fault) bool { return f.Table == table && f.RowID == id })
		}
		if entry := (account.RowID{Entry: row.Entry}); !named(account.InJournal, entry) || !named(table, row) {
			t.Errorf("%s %v: %v", table, row, ev.Check(w.replay()).Faults)
		}
	}
}

// A notice that its entry carried, in a row of its own: the entry's seal still holds, and
// who looks for it in its entry does not find it.
func TestANoticeOutOfItsEntryIsNamed(t *testing.T) {
	ev := wholeStory(t, 0).evidence()
	at := slices.IndexFunc(ev.Lines, func(l account.Lines) bool { p, err := l.Unpack(); return err == nil && len(p.Notices) > 0 })
	l := &ev.Lines[at]
	p, err := l.Open("customer-001")
	if err != nil {
		t.Fatal(err)
	}
	ev.NoticeRows = append(ev.NoticeRows, p.Notices[0])
	moved := p.Notices[0].RowID
	p.Notices = p.Notices[1:]
	*l = account.NewLines("customer-001", l.Entry, p)
	ev.OpenLines()
	faults := ev.Check(account.Replay{}).Faults
	if len(faults) == 0 || faults[0].Table != account.InNotices || faults[0].RowID != moved {
		t.Errorf("%v is not named: %v", moved, faults)
	}
}

// FuzzUnpackLines: what can be read is exactly what would be written.
func FuzzUnpackLines(f *testing.F) {
	rows := hourOfTwo()
	f.Add(account.NewLines("acme", 9, rows).Content)
	f.Add(account.NewLines("acme", 9, account.Packed{Charges: rows.Charges}).Content)
	f.Add(account.NewLines("acme", 9, account.Packed{Transfers: rows.Transfers}).Content)
	f.Add(account.NewLines("acme", 9, resumed()).Content)
	f.Add([]byte{})
	f.Add([]byte{1, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1})
	f.Add([]byte("\x01\x00\x00\x00\x00\x00\x00\x00\x00\x02\x0f\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x1f\x00"))
	f.Fuzz(func(t *testing.T, content []byte) {
		l := account.Lines{Entry: 9, Content: content}
		p, err := l.Unpack()
		if err != nil {
			if l.Whole("acme") {
				t.Fatal("what cannot be read is whole")
			}
			return
		}
		again := account.NewLines("acme", 9, p)
		l.Charges, l.Steps, l.First, l.Last = again.Charges, again.Steps, again.First, again.Last
		if l.Whole("acme") != bytes.Equal(content, again.Content) {
			t.Fatalf("whole %v: %s", l.Whole("acme"), cmp.Diff(content, again.Content))
		}
		if len(content) > 0 && (content[0] != again.Content[0] || !bytes.Equal(content[9:], again.Content[9:])) {
			t.Fatal(cmp.Diff(content, again.Content))
		}
	})
}

func BenchmarkLines(b *testing.B) {
	rows := hourOfTwo()
	b.Run("pack", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			account.NewLines("acme", 9, rows)
		}
	})
	l := account.NewLines("acme", 9, rows)
	b.Run("unpack", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := l.Unpack(); err != nil {
				b.Fatal(err)
			}
		}
	})
}
