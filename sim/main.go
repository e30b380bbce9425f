package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"time"

	"termwise.dev/sim/world"
)

// options are what the command line says.
type options struct {
	seed       uint64
	length     time.Duration
	short      bool
	operations int
	only       int64
	steps      int
	workers    int
	engine     string
	dir        string
	canaries   bool
	awake      string
}

// looseness is how many percent the heap may grow between collections: worlds live
// in some megabytes and make far more, and the collector took a fifth of the time.
const looseness = 800

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	debug.SetGCPercent(looseness)
	o := readOptions()
	if err := start(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, err)
		stop()
		os.Exit(1)
	}
}

func readOptions() options {
	var o options
	flag.Uint64Var(&o.seed, "seed", 0, "where everything is drawn from; 0 takes a fresh one")
	flag.DurationVar(&o.length, "for", time.Minute, "how long to begin new worlds; longer if too little has happened by then")
	flag.BoolVar(&o.short, "short", false, "stop when the time is up, however little has happened by then")
	flag.IntVar(&o.operations, "operations", 0, "stop when so many operations were done, whatever the time")
	flag.Int64Var(&o.only, "world", -1, "live only the world of this number, and tell its story")
	flag.IntVar(&o.steps, "steps", 80, "how many steps a world has")
	flag.IntVar(&o.workers, "workers", runtime.NumCPU(), "how many worlds are lived at once")
	flag.StringVar(&o.engine, "engine", "sqlite", "sqlite, or postgresql on a server of its own")
	flag.StringVar(&o.dir, "dir", memory(), "where SQLite's files go")
	flag.BoolVar(&o.canaries, "canaries", false, "find every seeded bug; needs go run -tags canary")
	flag.StringVar(&o.awake, "awake", "", "wake one seeded bug; needs go run -tags canary")
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintln(os.Stderr, "sim takes no arguments besides its flags")
		flag.Usage()
		os.Exit(2)
	}
	if o.seed == 0 {
		o.seed = rand.Uint64() >> 1
	}
	if o.awake != "" {
		o.workers = 1 // a bug sleeps everywhere while a world is judged
	}
	return o
}

// memory is a folder in memory where there is one: worlds are thrown away, and
// waiting for a disk would only make them fewer.
func memory() string {
	const shm = "/dev/shm"
	if info, err := os.Stat(shm); err == nil && info.IsDir() {
		return shm
	}
	return os.TempDir()
}

func start(ctx context.Context, o options) (err error) {
	if o.awake != "" {
		if err := wake(o.awake); err != nil {
			return err
		}
	}
	place, closePlace, err := newPlace(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closePlace()) }()
	switch {
	case o.canaries:
		return findCanaries(ctx, o, place)
	case o.only >= 0:
		return liveOne(ctx, o, place)
	}
	return liveMany(ctx, o, place)
}

func newPlace(ctx context.Context, o options) (world.Place, func() error, error) {
	switch o.engine {
	case "sqlite":
		files, err := world.NewFiles(ctx, o.dir)
		if err != nil {
			return nil, nil, err
		}
		return files, files.Close, nil
	case "postgresql":
		server, err := world.NewServer(ctx)
		if err != nil {
			return nil, nil, err
		}
		return server, server.Close, nil
	}
	return nil, nil, fmt.Errorf("there is no engine %q; use sqlite or postgresql", o.engine)
}
