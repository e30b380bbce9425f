package world

import (
	"context"
	"fmt"
	"time"

	"termwise.dev/core/calendar"
	"termwise.dev/sim/model"
)

// Asking asks for an account's statement of a month, as it was known at an
// instant; zero stands for now.
type Asking struct {
	Account      string
	Month, Known time.Time
}

func (s Asking) tell(m *model.Model) string {
	if m.Books(s.Account) == nil {
		return answer("unknown_account")
	}
	known := s.Known
	if known.IsZero() {
		known = endOfTime
	}
	return fmt.Sprintf("%+v", m.Statement(s.Account, s.Month, known))
}

var endOfTime = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

func (s Asking) do(ctx context.Context, p *play) (string, error) {
	y, month, _ := s.Month.In(p.config.zone()).Date()
	st, err := p.app.Statement(ctx, s.Account, calendar.Month(y*12+int(month)-1), calendarInstant(s.Known))
	if err != nil {
		return p.answerOf(err)
	}
	var refused int64
	for _, r := range st.Refused {
		refused += r.Quantity
	}
	return fmt.Sprintf("{Charged:%s Adjusted:%s LateFees:%s TopUps:%s PaidPrincipal:%s PaidLateFees:%s Returned:%s Refused:%d Wallet:%s Principal:%s Fees:%s}",
		st.Charged, st.Adjusted, st.LateFees, st.TopUps, st.PaidPrincipal, st.PaidLateFees, st.Returned, refused,
		st.Wallet, st.OutstandingPrincipal, st.OutstandingLateFees), nil
}

func (s Asking) say(c *Config) string {
	known := ""
	if !s.Known.IsZero() {
		known = ", as known at " + c.instant(s.Known)
	}
	return fmt.Sprintf("ask for the statement of %s of %s%s", s.Account, s.Month.In(c.zone()).Format("2006-01"), known)
}

// calendarInstant is an instant as the program counts it.
func calendarInstant(t time.Time) calendar.Instant {
	if t.IsZero() {
		return 0
	}
	return calendar.FromTime(t)
}

func (d *drawer) asking() Step {
	zone := d.config.zone()
	y, month, _ := d.model.Now.In(zone).Date()
	s := Asking{Account: d.account(), Month: time.Date(y, month-time.Month(d.IntN(3)), 1, 0, 0, 0, 0, zone).UTC()}
	if d.chance(50) {
		s.Known = d.model.Now.Add(-time.Duration(d.IntN(20*24)) * time.Hour)
	}
	return s
}
