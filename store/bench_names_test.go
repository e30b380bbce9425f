package store

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// BenchmarkNames looks new names up in the filters of runs of a million names each,
// as many as hold BENCH_NAMES names, and says what a process keeps in memory: for
// these filters (MB), for the names that are in no run yet when there are nearly
// enough for one (tail-MB), and for each account that it has met (B/account). The
// processor's time for a name (cpu-ns) is the same when others want it too.
func BenchmarkNames(b *testing.B) {
	held, err := strconv.Atoi(cmp.Or(os.Getenv("BENCH_NAMES"), strconv.Itoa(sealAfter)))
	if err != nil {
		b.Fatal("BENCH_NAMES: ", err)
	}
	random := rand.New(rand.NewPCG(7, 8))
	var f filters
	filled := heapOf(func() { f.fill(random, held) })
	x := newNames()
	accounts := heapOf(func() {
		for i := range sealAfter {
			x.account(fmt.Sprintf("customer-%08d", i))
		}
	})
	tail := heapOf(func() { x.fillTail(random, 1) })
	suspected, worked := 0, processorTime(b)
	for b.Loop() {
		n := randomName(random)
		f.candidates(&n, func(pageKey) { suspected++ })
	}
	b.ReportMetric(float64(processorTime(b)-worked)/float64(b.N), "cpu-ns")
	b.ReportMetric(filled/1e6, "MB")
	b.ReportMetric(tail/1e6, "tail-MB")
	b.ReportMetric(accounts/sealAfter, "B/account")
	b.ReportMetric(1e6*float64(suspected)/float64(b.N), "suspected/million")
	runtime.KeepAlive(x)
}

// processorTime is how long the processors have worked for this process.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// heapOf is by how much the heap is larger after f.
func heapOf(f func()) float64 {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	f()
	runtime.GC()
	runtime.ReadMemStats(&after)
	return float64(after.HeapAlloc) - float64(before.HeapAlloc)
}

// fill adds the filters of as many runs of random names as hold so many.
func (f *filters) fill(random *rand.Rand, held int) {
	run := make([]placed, sealAfter)
	for n := range (held + sealAfter - 1) / sealAfter {
		for i := range run {
			run[i].name = randomName(random)
		}
		f.add(int64(n)+1, newBloom(run))
	}
}

// fillTail adds enough names to be sealed, all of one parcel of an account.
func (x *names) fillTail(random *rand.Rand, parcel int64) {
	of := x.account("a")
	of.parcel = parcel
	for len(x.tail) < sealAfter {
		x.tail[randomName(random)] = tailed{parcel, of}
	}
}

// BenchmarkSeal writes runs of a million names, and reports how much of the database
// one of the names takes.
func BenchmarkSeal(b *testing.B) {
	onBothEngines(b, func(b *testing.B, w *world) {
		random := rand.New(rand.NewPCG(9, 10))
		before, runs := indexSize(b, w.db), 0
		for b.Loop() {
			b.StopTimer()
			runs++
			w.db.names.fillTail(random, int64(runs))
			b.StartTimer()
			update(b, w.db, func(ctx context.Context, tx *Tx) error { return tx.SealUsage(ctx) })
		}
		b.ReportMetric((indexSize(b, w.db)-before)/float64(runs*sealAfter), "B/name")
	})
}

// indexSize is how large the index of usage is; on SQLite, the file.
func indexSize(b *testing.B, db *DB) (size float64) {
	b.Helper()
	text := "SELECT pg_total_relation_size('usage_runs') + pg_total_relation_size('usage_run_pages')"
	if db.engine == sqlite {
		text = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"
	}
	if err := db.reader.QueryRowContext(b.Context(), text).Scan(&size); err != nil {
		b.Fatal(err)
	}
	return size
}
