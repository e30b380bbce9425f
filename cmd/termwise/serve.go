package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"termwise.dev/api"
	"termwise.dev/app"
	"termwise.dev/store"
)

// How long a client may take, and how long a stop waits for requests under way.
const (
	headerTimeout   = 10 * time.Second
	requestTimeout  = 2 * time.Minute
	idleTimeout     = 2 * time.Minute
	shutdownTimeout = 30 * time.Second
)

type serveCmd struct {
	Role           role          `default:"all" enum:"all,api,worker" placeholder:"ROLE" help:"What this process does: all, api or worker (${default})."`
	Listen         string        `default:"127.0.0.1:8080" placeholder:"ADDRESS" help:"Where to listen (${default})."`
	WorkerInterval time.Duration `default:"10s" help:"How often to do what has fallen due (${default})."`
	// SealAfter is for tests that kill the program while it seals: a run of the index of
	// usage has a million names, to which no test gets.
	SealAfter int `hidden:"" help:"How many names of usage events a run of the index has."`
}

// role says what one of several processes on a database does.
type role string

// The roles: answer HTTP and do what falls due; only answer; only do what falls
// due, and answer whether it lives.
const (
	roleAll    role = "all"
	roleAPI    role = "api"
	roleWorker role = "worker"
)

// Run serves until it is interrupted, and then finishes what is under way.
func (c *serveCmd) Run(s *session) error {
	if c.WorkerInterval <= 0 {
		return wrongUse("--worker-interval must be above zero, for example 10s")
	}
	var options []store.Option
	if c.SealAfter > 0 {
		options = append(options, store.SealedAfter(c.SealAfter))
	}
	return s.with(func(a *app.App) error {
		listener, err := net.Listen("tcp", c.Listen)
		if err != nil {
			return err
		}
		log := slog.New(slog.NewTextHandler(s.stderr, nil))
		handler := api.New(a, api.Options{Log: log, Version: version()})
		var work []func(context.Context) error
		if c.Role != roleAPI {
			work = append(work, (&app.Worker{App: a, Interval: c.WorkerInterval, Log: log, Observe: handler.ObserveWork}).Run)
		}
		if c.Role != roleWorker {
			work = append(work, a.Learner(log).Run)
		}
		server := &http.Server{
			Handler: c.Role.handler(handler), ReadHeaderTimeout: headerTimeout, ReadTimeout: requestTimeout,
			WriteTimeout: requestTimeout, IdleTimeout: idleTimeout, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
		}
		log.Info("serving", "address", "http://"+listener.Addr().String(), "role", c.Role,
			"database", shownLocation(s.location()), "engine", a.Engine())
		return serve(s, server, listener, work...)
	}, options...)
}

// handler is the part of a server that the role answers for.
func (r role) handler(s *api.Server) http.Handler {
	if r == roleWorker {
		return s.Probes()
	}
	return s
}

// serve runs the server and its work until ctx ends or one of them fails, then
// waits for requests and work under way.
func serve(ctx context.Context, server *http.Server, listener net.Listener, work ...func(context.Context) error) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var working sync.WaitGroup
	failures := make(chan error, len(work)+1)
	for _, do := range work {
		working.Go(func() {
			if err := do(ctx); err != nil {
				failures <- err
			}
		})
	}
	go func() { failures <- server.Serve(listener) }()
	var failure error
	select {
	case <-ctx.Done():
	case failure = <-failures:
	}
	stop()
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer cancel()
	err := server.Shutdown(late)
	working.Wait()
	return errors.Join(failure, err)
}
