package store

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"slices"
	"strings"
	"sync"

	"termwise.dev/core/account"
	"termwise.dev/core/journal"
)

// name is what the index knows an event by: the beginning of the hash of its
// account, source and id.
type name [16]byte

func nameOf(enc *journal.Encoder, k eventKey) (n name) {
	enc.Reset()
	sum := enc.Text(k.account).Text(k.source).Text(k.id).Sum()
	copy(n[:], sum[:])
	return n
}

// sealAfter is how many names are held in memory before they are sealed.
const sealAfter = 1 << 20

// names is what one process knows of the names of all events that were
// accepted: it finds out without asking the database that a name is new. It
// holds the names of the parcels that are in no sealed run yet, the tail, and a
// filter for each run.
//
// What it knows of an account reaches to some parcel. An account says, in the
// row that is locked while usage is accepted, how many parcels it has; whatever
// came beyond what is known is read first. So any number of processes may accept
// usage, each with names of its own. It learns only what was committed.
type names struct {
	mu sync.Mutex
	// epoch counts how often everything was forgotten.
	epoch    int
	accounts map[string]*known
	tail     map[name]tailed
	filters  filters
	// reaches says of each run whose filter is there how far the index goes with it.
	reaches []account.Reach
	sealAt  int
}

// known is how far an account is known: the names of its parcels up to indexed
// are in the runs that reach says, those after it and up to parcel in the tail.
type known struct {
	parcel, indexed int64
	reach           account.Reach
}

// with is what is known when two things are, of one index.
func (k known) with(other known) known {
	k.parcel, k.indexed = max(k.parcel, other.parcel), max(k.indexed, other.indexed)
	if other.reach.Runs > k.reach.Runs {
		k.reach = other.reach
	}
	return k
}

// tailed is where an event of the tail is.
type tailed struct {
	parcel int64
	of     *known
}

func newNames() *names {
	return &names{accounts: map[string]*known{}, tail: map[name]tailed{}, sealAt: sealAfter}
}

// forgetNow makes the index as new. The caller holds the lock. Transactions that
// began before find out and are run again.
func (x *names) forgetNow() {
	x.epoch++
	x.accounts, x.tail, x.filters, x.reaches = map[string]*known{}, map[name]tailed{}, filters{}, nil
}

// learnt is what a transaction adds to names when it is committed.
type learnt struct {
	epoch    int
	accounts map[string]known
	names    map[name]learntName
	sealed   *sealed
}

func (x *names) begin() *learnt {
	x.mu.Lock()
	defer x.mu.Unlock()
	return &learnt{epoch: x.epoch, accounts: map[string]known{}, names: map[name]learntName{}}
}

type learntName struct {
	account string
	parcel  int64
}

// sealed is a run that a transaction wrote: its names, and how far each account
// was known when they were taken.
type sealed struct {
	run    int64
	digest int64
	names  []placed
	bloom  []byte
	upTo   map[*known]int64
}

// placed is a name and the parcel that holds its event.
type placed struct {
	name   name
	parcel int64
}

// learn adds what a committed transaction did.
func (x *names) learn(l *learnt) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if l.epoch != x.epoch {
		return
	}
	if l.sealed != nil {
		x.moveTail(l.sealed)
	}
	for id, k := range l.accounts {
		of := x.account(id)
		*of = of.with(k)
	}
	for n, at := range l.names {
		x.tail[n] = tailed{at.parcel, x.account(at.account)}
	}
}

func (x *names) lastRun() int64 {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.reach().Runs
}

// reach says how far the index is known. The caller holds the lock.
func (x *names) reach() account.Reach {
	if len(x.reaches) == 0 {
		return account.Reach{}
	}
	return x.reaches[len(x.reaches)-1]
}

func (x *names) account(id string) *known {
	of := x.accounts[id]
	if of == nil {
		of = &known{}
		x.accounts[strings.Clone(id)] = of // the id may be a part of a whole request
	}
	return of
}

// moveTail takes what is in a run out of the tail.
func (x *names) moveTail(s *sealed) {
	x.add(s.run, s.digest, s.bloom)
	for of, upTo := range s.upTo {
		*of = of.with(known{indexed: upTo, reach: x.reaches[s.run-1]})
	}
	left := map[name]tailed{}
	for n, at := range x.tail {
		if at.parcel > at.of.indexed {
			left[n] = at
		}
	}
	x.tail = left
}

// take copies what is to be sealed, in order; nothing when the tail is short.
func (x *names) take() *sealed {
	x.mu.Lock()
	defer x.mu.Unlock()
	if len(x.tail) < x.sealAt {
		return nil
	}
	s := &sealed{upTo: map[*known]int64{}, names: make([]placed, 0, len(x.tail))}
	for n, at := range x.tail {
		if at.parcel > at.of.indexed { // else another process has sealed it
			s.names = append(s.names, placed{n, at.parcel})
		}
	}
	for _, of := range x.accounts {
		if of.parcel > of.indexed {
			s.upTo[of] = of.parcel
		}
	}
	if len(s.names) == 0 {
		s.upTo = nil // nothing is written that they could be in
	}
	slices.SortFunc(s.names, func(a, b placed) int { return bytes.Compare(a.name[:], b.name[:]) })
	s.bloom = newBloom(s.names)
	return s
}

// addRun adds a run that was read.
func (x *names) addRun(epoch int, run, digest int64, bloom []byte) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if epoch == x.epoch {
		x.add(run, digest, bloom)
	}
}

// add adds the run after the last one known; others are known, or come later. The
// caller holds the lock.
func (x *names) add(run, digest int64, bloom []byte) {
	if run == int64(len(x.reaches))+1 {
		x.filters.add(run, bloom)
		x.reaches = append(x.reaches, x.reach().Next(digest))
	}
}

// A filter has bitsPerName bits for each name, of which probes are set: about
// one name in a hundred thousand seems to be in a run that does not hold it.
const (
	bitsPerName = 32
	probes      = 8
)

// bloomBits is how many bits the filter of a run has: a power of two.
func bloomBits(names int) int { return bitsPerName << (bits.Len(uint(names)) - 1) }

// pageBits is how many bits of a name tell its page in a run whose filter has so
// many bits.
func pageBits(bloomBits int) int { return max(0, bits.Len(uint(bloomBits/bitsPerName/namesPerPage))-1) }

// isFilter says whether a filter is as long as one of so many names, without
// which no place in it can be told. One of any other length is nobody's.
func isFilter(filter []byte, names int64) bool {
	return names > 0 && len(filter) > 0 && len(filter)*8 == bloomBits(int(names))
}

// newBloom makes the filter of a run.
func newBloom(names []placed) []byte {
	if len(names) == 0 {
		return nil
	}
	bloom := make([]byte, bloomBits(len(names))/8)
	mask := uint64(len(bloom)*8 - 1)
	for i := range names {
		at, step := names[i].name.probe()
		for range probes {
			bit := at & mask
			bloom[bit/8] |= 1 << (bit % 8)
			at += step
		}
	}
	return bloom
}

// probe gives the first of a name's places in a filter, and how far the next is.
func (n *name) probe() (at, step uint64) {
	return binary.LittleEndian.Uint64(n[:8]), binary.LittleEndian.Uint64(n[8:]) | 1
}

// filters are the filters of many runs, of each size together: a row holds one
// bit of each run, so that all of them are looked at at once.
type filters struct{ sizes []*sliced }

// sliced are the filters of runs of one size, bit by bit side by side.
type sliced struct {
	rows   int // how many bits the filter of one run has
	stride int // bytes of a row
	runs   []int64
	bits   []byte
}

func (f *filters) add(run int64, bloom []byte) {
	rows := len(bloom) * 8
	at := slices.IndexFunc(f.sizes, func(s *sliced) bool { return s.rows == rows })
	if at < 0 {
		at = len(f.sizes)
		f.sizes = append(f.sizes, &sliced{rows: rows, stride: 1, bits: make([]byte, rows)})
	}
	f.sizes[at].add(run, bloom)
}

func (s *sliced) add(run int64, bloom []byte) {
	if len(s.runs) == 8*s.stride {
		wider := make([]byte, 2*len(s.bits))
		for row := range s.rows {
			copy(wider[2*row*s.stride:], s.bits[row*s.stride:(row+1)*s.stride])
		}
		s.bits, s.stride = wider, 2*s.stride
	}
	column, bit := len(s.runs)/8, byte(1)<<(len(s.runs)%8)
	for i, b := range bloom {
		for ; b != 0; b &= b - 1 {
			s.bits[(8*i+bits.TrailingZeros8(b))*s.stride+column] |= bit
		}
	}
	s.runs = append(s.runs, run)
}

// candidates calls yield for each run that may hold a name, and the page where.
func (f *filters) candidates(n *name, yield func(pageKey)) {
	for _, s := range f.sizes {
		s.candidates(n, yield)
	}
}

func (s *sliced) candidates(n *name, yield func(pageKey)) {
	mask := uint64(s.rows - 1)
	for column := range s.stride {
		all := byte(0xff)
		at, step := n.probe()
		for i := 0; i < probes && all != 0; i++ {
			all &= s.bits[int(at&mask)*s.stride+column]
			at += step
		}
		for ; all != 0; all &= all - 1 {
			yield(pageKey{s.runs[8*column+bits.TrailingZeros8(all)], n.page(pageBits(s.rows))})
		}
	}
}
