package app

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"termwise.dev/app/usagefile"
	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/money"
	"termwise.dev/core/refusal"
	"termwise.dev/core/terms"
	"termwise.dev/store"
)

// The demonstration's files in the sample provider's folder.
const (
	demoAccounts = "demo/accounts.yaml"
	demoMapping  = "usage/openb.map.yaml"
	demoUsage    = "usage/openb_pod_list_default.csv"
)

// demoActor is who acts in the demonstration's journal.
const demoActor = "demonstration"

// DemoStage is a part of the demonstration.
type DemoStage string

// The parts, in order.
const (
	DemoPublish DemoStage = "publishing agreements, prices and calendar"
	DemoOpen    DemoStage = "opening accounts"
	DemoImport  DemoStage = "importing usage"
	DemoRun     DemoStage = "running five months"
	DemoSum     DemoStage = "summing up"
	DemoExplain DemoStage = "explaining"
	DemoVerify  DemoStage = "verifying"
)

// Demo is what the demonstration did and what came of it.
type Demo struct {
	From     string   `json:"from"`
	To       string   `json:"to"`
	Provider string   `json:"provider"`
	Imported Imported `json:"imported"` // without the single refusals
	Summary  Summary  `json:"summary"`
	// Stories compares what happened to the customers with what was meant to.
	Stories      []StoryCount    `json:"stories"`
	Differing    []string        `json:"differing"` // accounts that fared otherwise
	Examples     []Explanation   `json:"examples"`
	Verification Verification    `json:"verification"`
	Timings      []DemoStageTime `json:"timings"`
}

// StoryCount counts the customers of one story, and those that lived it.
type StoryCount struct {
	Story    string `json:"story"`
	Meant    int    `json:"meant"`
	Happened int    `json:"happened"`
}

// DemoStageTime is how long a part of the demonstration took.
type DemoStageTime struct {
	Stage   DemoStage     `json:"stage"`
	Seconds float64       `json:"seconds"`
	Took    time.Duration `json:"-"`
}

type demoFile struct {
	Accounts []demoAccount `yaml:"accounts"`
}

type demoAccount struct {
	ID      string      `yaml:"id"`
	Name    string      `yaml:"name"`
	Story   string      `yaml:"story"`
	Accepts []string    `yaml:"accepts"`
	TopUps  []demoTopUp `yaml:"topups"`
}

type demoTopUp struct {
	At        string `yaml:"at"`
	Amount    string `yaml:"amount"`
	Method    string `yaml:"method"`
	Reference string `yaml:"reference"`
}

// HoldsDemo says whether a SQLite file holds a demonstration, begun or done, or
// a database of Termwise with nothing in it: what a demonstration may replace.
func HoldsDemo(ctx context.Context, path string) bool {
	return store.HoldsOnly(ctx, path, demoAccounts)
}

// Demo fills a new database with the sample provider in dir, its customers, the
// usage of a real cluster, and five months of virtual time, and reports what
// came of it. It refuses a database whose clock has been set. progress, when
// given, is told how much of a stage is done; all is 0 where that is not known.
func (a *App) Demo(ctx context.Context, dir fs.FS, progress func(stage DemoStage, done, all int)) (Demo, error) {
	run, err := newDemoRun(a, dir, progress)
	if err != nil {
		return Demo{}, err
	}
	for _, part := range []struct {
		stage DemoStage
		do    func(context.Context) error
	}{
		{DemoPublish, run.publish},
		{DemoOpen, run.open},
		{DemoImport, run.importUsage},
		{DemoRun, run.live},
		{DemoSum, run.sumUp},
		{DemoExplain, run.explain},
		{DemoVerify, run.verify},
	} {
		began := a.now()
		run.tell(part.stage, 0, 0)
		if err := part.do(ctx); err != nil {
			return run.out, fmt.Errorf("%s: %w", part.stage, err)
		}
		took := a.now().Sub(began)
		run.out.Timings = append(run.out.Timings, DemoStageTime{Stage: part.stage, Seconds: took.Seconds(), Took: took})
	}
	return run.out, nil
}

// demoRun is a demonstration under way.
type demoRun struct {
	app      *App
	dir      fs.FS
	file     demoFile
	source   []byte // of file
	payments []demoPayment
	from, to calendar.Instant
	progress func(stage DemoStage, done, all int)
	out      Demo
}

// demoPayment is a top-up of an account at an instant.
type demoPayment struct {
	at      calendar.Instant
	account string
	topUp   account.TopUp
}

func newDemoRun(a *App, dir fs.FS, progress func(DemoStage, int, int)) (*demoRun, error) {
	r := &demoRun{app: a, dir: dir, progress: progress}
	var err error
	if r.from, err = calendar.ParseInstant("2026-01-01T00:00:00+08:00"); err != nil {
		return nil, err
	}
	if r.to, err = calendar.ParseInstant("2026-06-01T00:00:00+08:00"); err != nil {
		return nil, err
	}
	if r.source, err = fs.ReadFile(dir, demoAccounts); err != nil {
		return nil, fmt.Errorf("app: reading the demonstration's accounts: %w", err)
	}
	if err := (settingsText{demoAccounts, r.source}).unmarshal(&r.file); err != nil {
		return nil, err
	}
	r.payments, err = r.file.payments()
	return r, err
}

// payments lists the top-ups of all accounts in order of time.
func (f *demoFile) payments() ([]demoPayment, error) {
	var list []demoPayment
	for _, owner := range f.Accounts {
		for _, t := range owner.TopUps {
			at, err := calendar.ParseInstant(t.At)
			if err != nil {
				return nil, fmt.Errorf("%s: %s: %w", demoAccounts, owner.ID, err)
			}
			amount, err := money.ParseAmount(t.Amount)
			if err != nil {
				return nil, fmt.Errorf("%s: %s: %w", demoAccounts, owner.ID, err)
			}
			list = append(list, demoPayment{at: at, account: owner.ID, topUp: account.TopUp{
				Amount: amount, Method: t.Method, Reference: t.Reference,
			}})
		}
	}
	slices.SortFunc(list, func(a, b demoPayment) int {
		return cmp.Or(cmp.Compare(a.at, b.at), strings.Compare(a.account, b.account), strings.Compare(a.topUp.Reference, b.topUp.Reference))
	})
	return list, nil
}

func (r *demoRun) tell(stage DemoStage, done, all int) {
	if r.progress != nil {
		r.progress(stage, done, all)
	}
}

// publish sets the clock, publishes the provider, and keeps the accounts' file:
// by it a database is known as a demonstration, even an unfinished one.
func (r *demoRun) publish(ctx context.Context) error {
	if err := r.claim(ctx); err != nil {
		return err
	}
	if _, err := r.app.Publish(ctx, r.dir); err != nil {
		return err
	}
	if err := r.app.db.Update(ctx, func(tx *store.Tx) error {
		return tx.PutProviderFile(ctx, store.File{
			Name: demoAccounts, Source: r.source, Hash: terms.HashText(r.source), Recorded: r.from,
		})
	}); err != nil {
		return err
	}
	p, err := r.app.Provider(ctx)
	if err != nil {
		return err
	}
	r.out.Provider, r.out.From, r.out.To = p.Settings.Name, p.instant(r.from), p.instant(r.to)
	return nil
}

// claim sets the clock of a database that nobody has used yet.
func (r *demoRun) claim(ctx context.Context) error {
	return r.app.db.Update(ctx, func(tx *store.Tx) error {
		_, set, err := tx.Clock(ctx)
		if err != nil {
			return err
		}
		if set {
			return refusal.New(refusal.AlreadyExists, "the database is in use").At("--db").Do("name a new database for the demonstration")
		}
		return tx.SetClock(ctx, store.Clock{Virtual: true, Now: r.from})
	})
}

func (r *demoRun) open(ctx context.Context) error {
	accounts := make([]NewAccount, len(r.file.Accounts))
	for i, d := range r.file.Accounts {
		accounts[i] = NewAccount{ID: d.ID, Name: d.Name, Accepts: d.Accepts}
	}
	_, err := r.app.CreateAccounts(ctx, accounts, demoActor)
	return err
}

func (r *demoRun) importUsage(ctx context.Context) error {
	source, err := fs.ReadFile(r.dir, demoMapping)
	if err != nil {
		return fmt.Errorf("app: reading the demonstration's mapping: %w", err)
	}
	mapping, err := usagefile.Parse(demoMapping, source)
	if err != nil {
		return err
	}
	usage, err := fs.ReadFile(r.dir, demoUsage)
	if err != nil {
		return fmt.Errorf("app: reading the demonstration's usage: %w", err)
	}
	rows := bytes.Count(usage, []byte("\n")) - 1 // without the header
	r.out.Imported, err = r.app.ImportUsage(ctx, mapping, bytes.NewReader(usage), demoUsage, demoActor,
		func(done int) { r.tell(DemoImport, done, rows) })
	r.out.Imported.Refusals = nil
	return err
}

// live lets time pass, and stops at each instant at which somebody pays.
func (r *demoRun) live(ctx context.Context) error {
	hours := int(r.to.Sub(r.from) / calendar.HourLength)
	for _, p := range r.payments {
		if err := r.advance(ctx, p.at); err != nil {
			return err
		}
		if _, err := r.app.TopUp(ctx, p.account, p.topUp, p.topUp.Reference, demoActor, false); err != nil {
			return err
		}
		r.tell(DemoRun, int(p.at.Sub(r.from)/calendar.HourLength), hours)
	}
	return r.advance(ctx, r.to)
}

func (r *demoRun) advance(ctx context.Context, to calendar.Instant) error {
	advanced, err := r.app.Advance(ctx, to, nil)
	if err != nil {
		return err
	}
	return advanced.Err()
}

func (r *demoRun) sumUp(ctx context.Context) (err error) {
	if r.out.Summary, err = r.app.Summary(ctx); err != nil {
		return err
	}
	var histories []store.History
	err = r.app.db.View(ctx, func(tx *store.Tx) error {
		histories, err = tx.Histories(ctx)
		return err
	})
	r.compareStories(histories)
	return err
}

// compareStories holds what happened to each account against its story.
func (r *demoRun) compareStories(histories []store.History) {
	happened := map[string]string{}
	for _, h := range histories {
		happened[h.Account] = storyOf(h)
	}
	counts := []StoryCount{{Story: "sails"}, {Story: "recovers"}, {Story: "suspended"}, {Story: "released"}}
	r.out.Differing = []string{}
	for _, d := range r.file.Accounts {
		lived := cmp.Or(happened[d.ID], "sails")
		for i := range counts {
			if counts[i].Story == d.Story {
				counts[i].Meant++
			}
			if counts[i].Story == lived {
				counts[i].Happened++
			}
		}
		if lived != d.Story {
			r.out.Differing = append(r.out.Differing, fmt.Sprintf("%s was to be %q and is %q", d.ID, d.Story, lived))
		}
	}
	r.out.Stories = counts
}

// storyOf names what happened to an account that was in arrears.
func storyOf(h store.History) string {
	switch {
	case h.Releases > 0:
		return "released"
	case h.Suspensions > 0:
		return "suspended"
	case h.Arrears > 0:
		return "recovers"
	}
	return "sails"
}

// explain explains a charge, a late fee and a suspension.
func (r *demoRun) explain(ctx context.Context) error {
	for _, example := range []struct {
		kind RowKind
		find func(*store.Tx, context.Context) (store.Example, bool, error)
	}{
		{ChargeRow, (*store.Tx).DearestCharge},
		{LateFeeRow, (*store.Tx).DearestLateFee},
		{TransitionRow, (*store.Tx).FirstSuspension},
	} {
		var row store.Example
		var found bool
		err := r.app.db.View(ctx, func(tx *store.Tx) (err error) {
			row, found, err = example.find(tx, ctx)
			return err
		})
		if err != nil {
			return err
		}
		if !found {
			continue
		}
		e, err := r.app.Explain(ctx, RowName{Kind: example.kind, Account: row.Account, RowID: row.RowID}.String())
		if err != nil {
			return err
		}
		r.out.Examples = append(r.out.Examples, e)
	}
	return nil
}

func (r *demoRun) verify(ctx context.Context) (err error) {
	r.out.Verification, err = r.app.Verify(ctx, func(done, all int) { r.tell(DemoVerify, done, all) })
	return err
}
