package crash

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"termwise.dev/core/account"
	"termwise.dev/sim/world"
)

// Loop kills a server again and again.
type Loop struct {
	// Program is the file of the program.
	Program string
	// Place makes databases, Dir holds the clients' journals.
	Place world.Place
	Dir   string
	// Kills is rounded up to whole databases.
	Kills int
	Seed  uint64
	// Tell is told how far the loop is.
	Tell func(format string, args ...any)
}

// killsPerDatabase is after how many kills a loop goes on with a new database:
// verify reads all of it after each.
const killsPerDatabase = 15

// clients is how many send at once.
const clients = 4

// patience is how many times as often the server is killed until everything has
// happened that must before a run counts as evidence.
const patience = 3

// Run kills the server so many times. It returns what happened, and the first
// untruth that it found.
func (l Loop) Run(ctx context.Context) (Did, error) {
	did := newDid()
	r := rand.New(rand.NewPCG(l.Seed, 0))
	for killed := 0; killed < l.Kills || len(did.Missing()) > 0 && killed < patience*l.Kills; killed += killsPerDatabase {
		if err := l.live(ctx, r, did, killed, killsPerDatabase); err != nil {
			return did, fmt.Errorf("seed %d, after %d kills: %w", l.Seed, killed, err)
		}
	}
	return did, nil
}

// life is the life of one database.
type life struct {
	Loop
	r        *rand.Rand
	did      Did
	location string
	intents  *intents
	before   facts
	clients  []*client
}

func (l Loop) live(ctx context.Context, r *rand.Rand, did Did, number, kills int) (err error) {
	life := &life{Loop: l, r: r, did: did}
	if err := life.prepare(ctx, number); err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, life.intents.close(), l.Place.Drop(context.WithoutCancel(ctx), life.location))
	}()
	startup := time.Second
	for i := range kills {
		took, err := life.kill(ctx, startup)
		if err == nil {
			err = life.judge(ctx, func(*account.Evidence) {})
		}
		if err != nil {
			return fmt.Errorf("kill %d of database %s: %w", i+1, life.location, err)
		}
		if took > 0 {
			startup = took
		}
	}
	if err := life.calm(ctx); err != nil {
		return err
	}
	if err := life.judge(ctx, did.books); err != nil {
		return err
	}
	runs, err := sealed(ctx, life.location)
	did.add("index: runs sealed", runs)
	l.Tell("%d kills, %d requests to the last database", number+kills, life.clients[0].numbers.Load())
	return err
}

// prepare makes a database with customers, and clients.
func (l *life) prepare(ctx context.Context, number int) (err error) {
	if l.location, err = l.Place.New(ctx); err != nil {
		return err
	}
	ids, token, err := furnish(ctx, l.location)
	if err != nil {
		return err
	}
	if l.before, err = readFacts(ctx, l.location, func(*account.Evidence) {}); err != nil {
		return err
	}
	l.intents, err = newIntents(filepath.Join(l.Dir, fmt.Sprintf("requests-%d.jsonl", number)))
	numbers := &atomic.Int64{}
	for i := range clients {
		l.clients = append(l.clients, &client{
			name: fmt.Sprint("client", i), r: rand.New(rand.NewPCG(l.r.Uint64(), 0)), token: token,
			intents: l.intents, numbers: numbers, did: l.did, accounts: ids,
		})
	}
	return err
}

// kill starts a server and kills it: one time of five while it starts, else
// while clients are sending. It returns how long the server took to start.
func (l *life) kill(ctx context.Context, startup time.Duration) (time.Duration, error) {
	began := time.Now()
	if l.r.IntN(5) == 0 {
		s, _, err := begin(ctx, l.Program, l.location)
		if err != nil {
			return 0, err
		}
		time.Sleep(time.Duration(l.r.Int64N(int64(startup))))
		l.did.count("killed: starting")
		return 0, s.kill()
	}
	s, err := start(ctx, l.Program, l.location)
	if err != nil {
		return 0, err
	}
	took := time.Since(began)
	var killing atomic.Bool
	var work sync.WaitGroup
	errs := make([]error, len(l.clients))
	for i, c := range l.clients {
		work.Go(func() {
			if err := c.run(ctx, s.address); !errors.Is(err, errNoAnswer) || !killing.Load() {
				errs[i] = err
			}
		})
	}
	time.Sleep(time.Duration(50+l.r.IntN(1000)) * time.Millisecond)
	killing.Store(true)
	err = s.kill()
	work.Wait()
	l.did.count("killed: serving")
	if err = errors.Join(append(errs, err)...); err != nil && s.said.String() != "" {
		err = fmt.Errorf("%w\nthe server said:\n%s", err, lastLines(s.said.String()))
	}
	return took, err
}

// lastLines is the end of a text.
func lastLines(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-10):], "\n")
}

// calm starts a server, has everything answered, and lets it end well.
func (l *life) calm(ctx context.Context) error {
	s, err := start(ctx, l.Program, l.location)
	if err != nil {
		return err
	}
	for _, c := range l.clients {
		err = errors.Join(err, c.settle(ctx, s.address))
	}
	return errors.Join(err, s.stop())
}

// judge holds the database against the clients' journal, and verifies it.
func (l *life) judge(ctx context.Context, look func(*account.Evidence)) error {
	all, err := l.intents.read()
	if err != nil {
		return err
	}
	now, err := readFacts(ctx, l.location, look)
	if err != nil {
		return err
	}
	for _, c := range l.clients {
		c.look(now)
	}
	return errors.Join(judge(all, l.before, now), verify(ctx, l.Program, l.location))
}
