package store

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"sort"

	"termwise.dev/core/journal"
)

// A run is the names of about a million events, sorted and cut into pages, and
// is never changed. The page of a name is told by its first bits; a page holds
// about namesPerPage names, each with the parcel that holds its event.
const (
	namesPerPage = 64
	parcelBytes  = 6
	entryBytes   = len(name{}) + parcelBytes
	maxParcel    = 1<<(8*parcelBytes) - 1
)

func (n *name) page(bits int) int64 {
	return int64(binary.BigEndian.Uint64(n[:8]) >> 1 >> (63 - bits))
}

// runPage is a page of a run as it is stored.
type runPage struct {
	run, page int64
	content   []byte
	digest    int64
}

func (p *runPage) seal() int64 {
	var e journal.Encoder
	e.Text("usage_run_page").Int(p.run).Int(p.page).Bytes(p.content)
	return e.Digest()
}

func sealOfRun(run, names int64, filter []byte) int64 {
	var e journal.Encoder
	e.Text("usage_run").Int(run).Int(names).Bytes(filter)
	return e.Digest()
}

// pagesOf cuts a run into its pages. All of them are there, even one that no name
// begins like, so that one that is gone is missed.
func pagesOf(run int64, names []placed) []runPage {
	bits := pageBits(bloomBits(len(names)))
	pages := make([]runPage, 1<<bits)
	for i := range names {
		p := &pages[names[i].name.page(bits)]
		p.content = append(p.content, names[i].name[:]...)
		var number [8]byte
		binary.BigEndian.PutUint64(number[:], uint64(names[i].parcel))
		p.content = append(p.content, number[8-parcelBytes:]...)
	}
	for i := range pages {
		p := &pages[i]
		p.run, p.page = run, int64(i)
		p.content = append([]byte{}, p.content...) // never NULL, and no longer than it is
		p.digest = p.seal()
	}
	return pages
}

// find returns the parcel of a name that the page holds, or 0.
func (p *runPage) find(n *name) int64 {
	if i, held := p.place(n); held {
		return p.parcel(i)
	}
	return 0
}

// place returns which entry of the page is a name's, and whether one is.
func (p *runPage) place(n *name) (i int, held bool) {
	entries := len(p.content) / entryBytes
	i = sort.Search(entries, func(i int) bool { return bytes.Compare(p.content[i*entryBytes:][:len(n)], n[:]) >= 0 })
	return i, i < entries && bytes.Equal(p.content[i*entryBytes:][:len(n)], n[:])
}

func (p *runPage) parcel(i int) int64 {
	var number [8]byte
	copy(number[8-parcelBytes:], p.content[i*entryBytes+len(name{}):][:parcelBytes])
	return int64(binary.BigEndian.Uint64(number[:]))
}

// SealUsage writes the names of the events that this process has in memory as a
// run of the index, when they are many. Call it first in a transaction that puts
// usage: it may wait for another process that does the same, and must not hold
// an account meanwhile. Runs are numbered without gaps: of two processes that
// write the same one, the second finds it there when it has waited, and leaves
// its own for the next time. It returns an error when a run before it is gone: the
// number of one that is lost must stay free, for it may be found again.
func (tx *Tx) SealUsage(ctx context.Context) error {
	if tx.learnt.sealed != nil {
		return nil
	}
	s := tx.names.take()
	if s == nil {
		return nil
	}
	if err := tx.learnAll(ctx); err != nil {
		return err
	}
	s.run = tx.names.lastRun() + 1
	s.digest = sealOfRun(s.run, int64(len(s.names)), s.bloom)
	if len(s.names) > 0 {
		n, err := tx.exec(ctx, "INSERT INTO usage_runs (run, names, filter, digest) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
			s.run, len(s.names), s.bloom, s.digest)
		if err != nil || n == 0 {
			return err
		}
		if err := tx.addPages(ctx, pagesOf(s.run, s.names)); err != nil {
			return err
		}
	}
	tx.learnt.sealed = s
	return nil
}

// IndexFault is why usage cannot be told from usage that came before: a run of the
// index is not as it was written.
type IndexFault struct {
	Run  int64
	What string // for example "is gone"
}

// Error says what to do.
func (f *IndexFault) Error() string {
	return fmt.Sprintf("store: run %d of the index of usage %s: run termwise verify", f.Run, f.What)
}

func goneRun(run int64) error { return &IndexFault{run, "is gone"} }

// LearnRuns reads the filters of all runs, some megabytes each, so that nobody who
// puts usage has to while accounts are locked. Each is read by itself: nothing is
// held meanwhile. It returns an IndexFault for a run that was changed or is gone.
func (db *DB) LearnRuns(ctx context.Context) error {
	epoch := db.names.begin().epoch
	var last int64
	err := db.View(ctx, func(tx *Tx) (err error) {
		last, err = tx.lastRun(ctx)
		return err
	})
	for run := db.names.lastRun() + 1; err == nil && run <= last; run++ {
		err = db.View(ctx, func(tx *Tx) error {
			found, err := tx.learnRun(ctx, epoch, run)
			if err == nil && !found {
				err = goneRun(run)
			}
			return err
		})
	}
	return err
}

// lastRun returns the number of the last run that there is, or 0: on several nodes
// it asks all of them.
func (tx *Tx) lastRun(ctx context.Context) (run int64, err error) {
	_, err = tx.one(ctx, []any{&run}, theLastRun)
	return run, err
}

const theLastRun = "SELECT coalesce(max(run), 0) FROM usage_runs"

// learnAll reads the filters of the runs that are not known yet, and returns an error
// when one of them is gone. Which is the last is asked before they are read: whoever
// wrote it had seen all others committed.
func (tx *Tx) learnAll(ctx context.Context) error {
	known := tx.names.lastRun()
	last, err := tx.lastRun(ctx)
	if err != nil {
		return err
	}
	if err := tx.learnRuns(ctx); err != nil {
		return err
	}
	return tx.learnt.reached(tx.names, known, last)
}

// learnRuns reads the filters of the runs that are not known yet. A run that
// this transaction has written is learnt when it is committed; there can be none
// after it. Each is asked for by its number, which names its node where there are
// several: beside reading some megabytes of filter the exchange costs nothing. A
// run is written by who has seen the one before it committed, so none is passed over.
func (tx *Tx) learnRuns(ctx context.Context) error {
	if tx.learnt.sealed != nil {
		return nil
	}
	for run := tx.names.lastRun() + 1; ; run++ {
		if found, err := tx.learnRun(ctx, tx.learnt.epoch, run); err != nil || !found {
			return err
		}
	}
}

// learnRun reads the filter of a run, and says whether there is one.
func (tx *Tx) learnRun(ctx context.Context, epoch int, run int64) (bool, error) {
	var count, digest int64
	var filter []byte
	found, err := tx.one(ctx, []any{&count, &filter, &digest}, "SELECT names, filter, digest FROM usage_runs WHERE run = $1", run)
	if err != nil || !found {
		return false, err
	}
	if digest != sealOfRun(run, count, filter) || !isFilter(filter, count) {
		return false, &IndexFault{run, "was changed"}
	}
	tx.names.addRun(epoch, run, digest, filter)
	return true, nil
}

// maxPages bounds the pages that are sent to PostgreSQL in one statement.
const maxPages = 4096

func (tx *Tx) addPages(ctx context.Context, pages []runPage) error {
	const into = "INSERT INTO usage_run_pages (run, page, content, digest) "
	if tx.engine == sqlite {
		return tx.forEachOf(ctx, into+"VALUES ($1, $2, $3, $4)", len(pages), func(i int) []any {
			return []any{pages[i].run, pages[i].page, pages[i].content, pages[i].digest}
		}, nil)
	}
	for chunk := range slices.Chunk(pages, maxPages) {
		var runs, at, digests []int64
		var contents [][]byte
		for i := range chunk {
			runs, at, digests = append(runs, chunk[i].run), append(at, chunk[i].page), append(digests, chunk[i].digest)
			contents = append(contents, chunk[i].content)
		}
		if _, err := tx.exec(ctx, into+"SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bytea[], $4::bigint[])",
			runs, at, contents, digests); err != nil {
			return err
		}
	}
	return nil
}

// pageKey names a page.
type pageKey struct{ run, page int64 }

// pages reads pages of runs. It returns an error for one that was changed or is gone.
func (tx *Tx) pages(ctx context.Context, keys []pageKey) (map[pageKey]*runPage, error) {
	found, err := tx.readPages(ctx, keys)
	if err != nil {
		return nil, err
	}
	for _, k := range keys {
		switch p := found[k]; {
		case p == nil: // without it nobody can tell whether an event is new
			return nil, fmt.Errorf("store: page %d of run %d of the index of usage is gone: run termwise verify", k.page, k.run)
		case p.digest != p.seal():
			return nil, fmt.Errorf("store: page %d of run %d of the index of usage was changed: run termwise verify", k.page, k.run)
		}
	}
	return found, nil
}

// readPages reads those of the pages that there are, each by itself where it must be
// oneByOne.
func (tx *Tx) readPages(ctx context.Context, keys []pageKey) (map[pageKey]*runPage, error) {
	keys = slices.SortedFunc(slices.Values(keys), func(a, b pageKey) int { return cmp.Or(cmp.Compare(a.run, b.run), cmp.Compare(a.page, b.page)) })
	keys = slices.Compact(keys)
	found := make(map[pageKey]*runPage, len(keys))
	scan := func(rows scanner) error {
		var p runPage
		err := rows.Scan(&p.run, &p.page, &p.content, &p.digest)
		found[pageKey{p.run, p.page}] = &p
		return err
	}
	if tx.oneByOne() {
		err := tx.forEachOf(ctx, fromPages+" WHERE p.run = $1 AND p.page = $2", len(keys), func(i int) []any { return []any{keys[i].run, keys[i].page} }, scan)
		return found, err
	}
	for chunk := range slices.Chunk(keys, maxPages) {
		runs, at := make([]int64, len(chunk)), make([]int64, len(chunk))
		for i, k := range chunk {
			runs[i], at[i] = k.run, k.page
		}
		if err := tx.each(ctx, manyPages, []any{runs, at}, scan); err != nil {
			return nil, err
		}
	}
	return found, nil
}

const (
	fromPages = "SELECT p.run, p.page, p.content, p.digest FROM usage_run_pages p"
	manyPages = fromPages + ", unnest($1::bigint[], $2::bigint[]) AS r (run, page) WHERE p.run = r.run AND p.page = r.page"
)

// forEachOf prepares a text and runs it for each of several arguments.
// Where scan is given, it reads what is found.
func (tx *Tx) forEachOf(ctx context.Context, text string, n int, args func(i int) []any, scan func(scanner) error) error {
	if n == 0 {
		return nil
	}
	return tx.make(ctx, &call{kind: Statement, text: text, times: n, args: args, scan: scan})
}
