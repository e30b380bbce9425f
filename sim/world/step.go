package world

import (
	"context"
	"fmt"
	"strings"
	"time"

	"termwise.dev/app"
	"termwise.dev/core/account"
	"termwise.dev/core/calendar"
	"termwise.dev/core/metering"
	"termwise.dev/core/money"
	"termwise.dev/core/refusal"
	"termwise.dev/core/terms"
	"termwise.dev/sim/model"
)

// Step is one thing that happens in a story. It says of itself everything that
// it needs, so that a story can lose other steps and still be told.
type Step interface {
	// tell puts the step to the model, and returns the answer that must be given.
	tell(m *model.Model) string
	// do puts the step to the program, and returns its answer. An error is not a
	// refusal: something failed.
	do(ctx context.Context, p *play) (string, error)
	// say is the step in words.
	say(c *Config) string
}

// Opening opens an account.
type Opening struct {
	Account, Name string
	Accepts       []string
}

func (s Opening) tell(m *model.Model) string { return answer(m.Open(s.Account, s.Name, s.Accepts)) }

func (s Opening) do(ctx context.Context, p *play) (string, error) {
	return p.answerOf(p.app.CreateAccount(ctx, app.NewAccount{ID: s.Account, Name: s.Name, Accepts: s.Accepts}, actor))
}

func (s Opening) say(*Config) string {
	if len(s.Accepts) == 0 {
		return fmt.Sprintf("open account %s (%q), which accepts nothing", s.Account, s.Name)
	}
	return fmt.Sprintf("open account %s (%q), which accepts %s", s.Account, s.Name, strings.Join(s.Accepts, ", "))
}

// Accepting is a click on documents.
type Accepting struct {
	Account   string
	Documents []string
}

func (s Accepting) tell(m *model.Model) string { return answer(m.Accept(s.Account, s.Documents)) }

func (s Accepting) do(ctx context.Context, p *play) (string, error) {
	_, err := p.app.Accept(ctx, s.Account, app.NewAcceptance{Documents: s.Documents, Form: terms.Click}, "", actor)
	return p.answerOf(err)
}

func (s Accepting) say(*Config) string {
	return fmt.Sprintf("account %s accepts %s", s.Account, strings.Join(s.Documents, ", "))
}

// Reporting sends usage events, all in one request.
type Reporting struct{ Events []model.Event }

func (s Reporting) tell(m *model.Model) string {
	return strings.Join(m.Report(s.Events), "\n")
}

func (s Reporting) do(ctx context.Context, p *play) (string, error) {
	reported := make([]app.Reported, len(s.Events))
	for i := range s.Events {
		reported[i] = app.Reported{Event: event(&s.Events[i])}
	}
	receipts, err := p.app.ReportUsage(ctx, reported, actor)
	if err != nil {
		return p.answerOf(err)
	}
	outcomes := make([]string, len(receipts))
	for i, r := range receipts {
		outcomes[i] = string(r.Outcome)
		if r.Outcome == app.Refused {
			outcomes[i] = string(r.Code)
		}
	}
	return strings.Join(outcomes, "\n"), nil
}

func event(e *model.Event) metering.Event {
	out := metering.Event{
		Source: e.Source, ID: e.ID, Account: e.Account, Product: e.Product, Resource: e.Resource, Point: e.Point,
		From: calendar.FromTime(e.From), To: calendar.FromTime(e.To),
	}
	for _, m := range e.Measures {
		out.Measures = append(out.Measures, metering.Measure{Meter: m.Meter, Value: m.Value})
	}
	return out
}

func (s Reporting) say(c *Config) string {
	lines := []string{"report usage:"}
	for i := range s.Events {
		e := &s.Events[i]
		span := "at " + c.instant(e.From)
		if !e.Point {
			span = fmt.Sprintf("from %s to %s", c.instant(e.From), c.instant(e.To))
		}
		var measures []string
		for _, m := range e.Measures {
			measures = append(measures, fmt.Sprintf("%s %d", m.Meter, m.Value))
		}
		lines = append(lines, fmt.Sprintf("      event %s %s: %s of %s used %s, %s, %s",
			e.Source, e.ID, e.Account, e.Product, e.Resource, span, strings.Join(measures, ", ")))
	}
	return strings.Join(lines, "\n")
}

// Paying tops up a wallet.
type Paying struct {
	Account string
	TopUp   model.TopUp
	Key     string
	DryRun  bool
}

func (s Paying) tell(m *model.Model) string {
	a, code := m.TopUp(s.Account, s.TopUp, s.Key, s.DryRun)
	if code != "" {
		return answer(code)
	}
	return toppedUp(a.Wallet, a.Owed, a.Paid, a.Repeated)
}

func toppedUp(wallet, owed, paid model.Money, repeated bool) string {
	return fmt.Sprintf("wallet %s, owed %s, paid %s, repeated %t", wallet, owed, paid, repeated)
}

func (s Paying) do(ctx context.Context, p *play) (string, error) {
	t := account.TopUp{Amount: money.Amount(s.TopUp.Amount), Method: s.TopUp.Method, Reference: s.TopUp.Reference}
	a, err := p.app.TopUp(ctx, s.Account, t, s.Key, actor, s.DryRun)
	if err != nil {
		return p.answerOf(err)
	}
	return toppedUp(model.Money(a.Wallet), model.Money(a.Owed), model.Money(a.Paid), a.Repeated), nil
}

func (s Paying) say(*Config) string {
	dry := ""
	if s.DryRun {
		dry = ", as a dry run"
	}
	return fmt.Sprintf("account %s pays in %s by %s, reference %q, key %q%s",
		s.Account, s.TopUp.Amount, s.TopUp.Method, s.TopUp.Reference, s.Key, dry)
}

// Advancing moves a virtual clock.
type Advancing struct{ To time.Time }

func (s Advancing) tell(m *model.Model) string { return answer(m.Advance(s.To)) }

func (s Advancing) do(ctx context.Context, p *play) (string, error) {
	report, err := p.app.Advance(ctx, calendar.FromTime(s.To), nil)
	if err == nil {
		err = report.Err()
	}
	return p.answerOf(err)
}

func (s Advancing) say(c *Config) string { return "advance the clock to " + c.instant(s.To) }

// Waiting lets a real clock go on; nobody looks.
type Waiting struct{ To time.Time }

func (s Waiting) tell(m *model.Model) string {
	m.Now = s.To
	return answer("")
}

func (s Waiting) do(_ context.Context, p *play) (string, error) {
	p.now = s.To
	return answer(""), nil
}

func (s Waiting) say(c *Config) string { return "the clock comes to " + c.instant(s.To) }

// Working is a run of the worker on a real clock.
type Working struct{}

func (s Working) tell(m *model.Model) string {
	m.Work()
	return answer("")
}

func (s Working) do(ctx context.Context, p *play) (string, error) {
	report, err := p.app.Work(ctx)
	if err == nil {
		err = report.Err()
	}
	return p.answerOf(err)
}

func (s Working) say(*Config) string { return "the worker runs" }

// Publishing publishes versions of documents.
type Publishing struct{ Documents []model.Document }

func (s Publishing) tell(m *model.Model) string { return answer(m.Publish(s.Documents)) }

func (s Publishing) do(ctx context.Context, p *play) (string, error) {
	_, err := p.app.Publish(ctx, p.config.Folder(s.Documents))
	return p.answerOf(err)
}

func (s Publishing) say(c *Config) string {
	lines := []string{"publish:"}
	for i := range s.Documents {
		lines = append(lines, "      "+c.describe(&s.Documents[i]))
	}
	return strings.Join(lines, "\n")
}

// Leaving is that a customer does not agree to a change.
type Leaving struct {
	Account string
	model.Leaving
}

func (s Leaving) tell(m *model.Model) string { return answer(m.Leave(s.Account, s.Leaving)) }

func (s Leaving) do(ctx context.Context, p *play) (string, error) {
	_, err := p.app.Dissent(ctx, s.Account, account.Dissent{Document: s.Document, Now: s.Now}, "", actor)
	return p.answerOf(err)
}

func (s Leaving) say(*Config) string {
	when := "as it takes effect"
	if s.Now {
		when = "at once"
	}
	return fmt.Sprintf("account %s does not agree to the next version of %s, and leaves %s", s.Account, s.Document, when)
}

// Reopening closes the program and opens it again.
type Reopening struct{}

func (s Reopening) tell(*model.Model) string                        { return answer("") }
func (s Reopening) do(ctx context.Context, p *play) (string, error) { return answer(""), p.reopen(ctx) }

func (s Reopening) say(*Config) string { return "the program is stopped and started" }

// actor is who does everything here.
const actor = "sim"

// answer is what a step that says yes or no answers.
func answer(code string) string {
	if code == "" {
		return "done"
	}
	return "refused: " + code
}

// answerOf is the answer that the program's error stands for; what is no refusal
// is an error still.
func (p *play) answerOf(err error) (string, error) {
	p.said = err
	code := refusal.CodeOf(err)
	if err != nil && code == "" {
		return "", err
	}
	return answer(string(code)), nil
}
