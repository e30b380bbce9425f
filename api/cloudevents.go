package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"termwise.dev/app"
	"termwise.dev/core/calendar"
	"termwise.dev/core/metering"
	"termwise.dev/core/refusal"
)

// What a usage event must say that it is.
const (
	specVersion = "1.0"
	usageType   = "termwise.usage.v1"
)

// Limits of one event. They keep what is stored within what both engines can
// index, and one event from writing more rows than a request may.
const (
	maxHours = calendar.Duration(9000) // clock hours of an interval: a year and some
	maxMeter = 100                     // meters of an event
)

// cloudEvent is a usage event as it is sent: CloudEvents 1.0 in JSON.
type cloudEvent struct {
	SpecVersion string    `json:"specversion" enum:"1.0" doc:"The version of CloudEvents."`
	ID          string    `json:"id" maxLength:"200" doc:"Names the event within its source, for ever: a repetition is a duplicate, another body under it is refused."`
	Source      string    `json:"source" maxLength:"200" doc:"Who reports."`
	Type        string    `json:"type" enum:"termwise.usage.v1" doc:"The kind of event."`
	Subject     string    `json:"subject,omitempty" maxLength:"200" doc:"The resource, unless data names it."`
	Time        string    `json:"time,omitempty" format:"date-time" doc:"When the usage happened, for an event at a point in time whose data does not say."`
	Data        usageData `json:"data" doc:"The usage."`
}

// usageData is what was used: rates over an interval, or quantities at a point in time.
type usageData struct {
	Account    string   `json:"account" maxLength:"200" doc:"The account whose usage it is."`
	Product    string   `json:"product" maxLength:"200" doc:"The product that was used."`
	Resource   string   `json:"resource,omitempty" maxLength:"200" doc:"The resource, unless subject names it."`
	From       string   `json:"from,omitempty" format:"date-time" doc:"The interval's beginning, in whole seconds."`
	To         string   `json:"to,omitempty" format:"date-time" doc:"The interval's end, not part of it."`
	Rates      measures `json:"rates,omitempty" doc:"For each meter the base units used in each second of the interval."`
	At         string   `json:"at,omitempty" format:"date-time" doc:"The point in time; the event's time by default."`
	Quantities measures `json:"quantities,omitempty" doc:"For each meter the base units used at that point in time."`
}

// measures are read by hand: a JSON object would silently drop the first of two
// readings of one meter.
type measures []metering.Measure

// Schema describes measures in the OpenAPI document.
func (measures) Schema(r huma.Registry) *huma.Schema {
	most := maxMeter
	return &huma.Schema{
		Type: huma.TypeObject, MaxProperties: &most,
		AdditionalProperties: r.Schema(reflect.TypeFor[int64](), true, ""),
	}
}

// UnmarshalJSON reads {"cpu":4000,"memory":512}.
func (m *measures) UnmarshalJSON(b []byte) error {
	b = bytes.TrimSpace(b)
	if string(b) == "null" {
		return nil
	}
	if len(b) < 2 || b[0] != '{' {
		return errMeasures
	}
	*m = measures{}
	rest := bytes.TrimSpace(b[1:])
	for len(rest) > 0 && rest[0] != '}' {
		measure, tail, err := nextMeasure(rest)
		if err != nil {
			return err
		}
		*m = append(*m, measure)
		rest = bytes.TrimSpace(bytes.TrimPrefix(tail, []byte(",")))
	}
	return nil
}

var errMeasures = errors.New("rates and quantities are objects of whole numbers by meter")

// nextMeasure reads one `"name": number` of JSON that is known to be well formed.
func nextMeasure(b []byte) (m metering.Measure, tail []byte, err error) {
	name, tail, found := bytes.Cut(b[1:], []byte{'"'})
	if b[0] != '"' || !found || bytes.IndexByte(name, '\\') >= 0 {
		return m, nil, errMeasures
	}
	tail = bytes.TrimSpace(bytes.TrimPrefix(bytes.TrimSpace(tail), []byte(":")))
	end := bytes.IndexAny(tail, ", \t\r\n}")
	if end < 0 {
		return m, nil, errMeasures
	}
	m.Meter = string(name)
	if m.Value, err = strconv.ParseInt(string(tail[:end]), 10, 64); err != nil {
		return m, nil, errMeasures
	}
	return m, bytes.TrimSpace(tail[end:]), nil
}

// readEvents reads the events of a body. What is not JSON, or not an event or
// a list of events at all, is refused whole; a single event of a list that is
// malformed is refused by itself.
func readEvents(body []byte, list bool) ([]app.Reported, error) {
	var all []cloudEvent
	if !list {
		var one json.RawMessage
		if err := json.Unmarshal(body, &one); err != nil {
			return nil, notJSON(err)
		}
		return []app.Reported{reportedRaw(one)}, nil
	}
	if all, plain := plainEvents(body); plain {
		return reportedAll(all), nil
	}
	if err := json.Unmarshal(body, &all); err == nil && all != nil {
		return reportedAll(all), nil
	}
	var raw []json.RawMessage
	if err := json.Unmarshal(body, &raw); err != nil || raw == nil {
		return nil, notJSON(err)
	}
	events := make([]app.Reported, len(raw))
	for i := range raw {
		events[i] = reportedRaw(raw[i])
	}
	return events, nil
}

func notJSON(err error) error {
	if err == nil {
		err = errors.New("it is null")
	}
	return refusal.New(refusal.BadInput, "the body cannot be read: %v", err).At("body").
		Do("send one event, or a JSON array of events")
}

func reportedAll(all []cloudEvent) []app.Reported {
	events := make([]app.Reported, len(all))
	for i := range all {
		events[i] = all[i].reported()
	}
	return events
}

// reportedRaw reads an event that may be malformed: what can be read of it is
// kept, so that its refusal says whose it is.
func reportedRaw(b []byte) app.Reported {
	var c cloudEvent
	err := json.Unmarshal(b, &c)
	event := c.reported()
	if err != nil {
		event.Fault = malformed(err)
	}
	return event
}

func malformed(err error) error {
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) && wrong.Field != "" {
		return refusal.New(refusal.BadInput, "%s is a %s", wrong.Field, wrong.Value).At(wrong.Field).Do("send a %s", jsonName(wrong.Type.Kind().String()))
	}
	if errors.Is(err, errMeasures) {
		return refusal.New(refusal.BadQuantity, "%v", errMeasures).At("data").
			Do("send integers of the meter's base unit from %d to %d", 0, int64(metering.MaxPerHour))
	}
	return refusal.New(refusal.BadInput, "the event is not an object of CloudEvents").Do("send a JSON object as CloudEvents 1.0 describes it")
}

func jsonName(kind string) string {
	if kind == "struct" {
		return "JSON object"
	}
	return kind
}

// reported makes the event that the use case takes, with the first fault that
// is found on the way. Names that cannot be stored are left out of it.
func (c *cloudEvent) reported() app.Reported {
	e := app.Reported{Event: metering.Event{
		Source: c.Source, ID: c.ID, Account: c.Data.Account, Product: c.Data.Product, Resource: c.Data.Resource,
	}}
	if e.Resource == "" {
		e.Resource = c.Subject
	}
	e.Fault = firstFault(
		func() error { return e.CheckNames() },
		c.checkEnvelope,
		func() error { return c.when(&e.Event) },
		func() error { return checkMeters(e.Measures) },
	)
	return e
}

func firstFault(checks ...func() error) error {
	for _, check := range checks {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

// shown quotes a text that may be long.
func shown(s string) string {
	if len(s) > metering.MaxName {
		return fmt.Sprintf("%.40q… of %d bytes", s, len(s))
	}
	return strconv.Quote(s)
}

func (c *cloudEvent) checkEnvelope() error {
	if c.SpecVersion != specVersion {
		return refusal.New(refusal.BadInput, "specversion is %s", shown(c.SpecVersion)).At("specversion").Do("send %q", specVersion)
	}
	if c.Type != usageType {
		return refusal.New(refusal.BadInput, "type is %s", shown(c.Type)).At("type").Do("send %q", usageType)
	}
	if c.Subject != "" && c.Data.Resource != "" && c.Subject != c.Data.Resource {
		return refusal.New(refusal.BadInput, "subject is %s and data.resource is %s", shown(c.Subject), shown(c.Data.Resource)).At("subject").
			Do("name the resource once, or the same in both")
	}
	return nil
}

// when fills in the time and the measures: an interval with rates, or a point
// in time with quantities.
func (c *cloudEvent) when(e *metering.Event) (err error) {
	d := &c.Data
	if (d.Rates == nil) == (d.Quantities == nil) {
		return refusal.New(refusal.BadQuantity, "the event has rates and quantities, or neither").At("data").
			Do("send rates with from and to, or quantities with at")
	}
	if d.Rates != nil {
		return c.interval(e)
	}
	e.Point, e.Measures = true, d.Quantities
	at, place := d.At, "data.at"
	if at == "" {
		at, place = c.Time, "time"
	}
	if d.From != "" || d.To != "" {
		return refusal.New(refusal.BadInterval, "quantities stand beside from or to").At("data").Do("send quantities with at, or rates with from and to")
	}
	e.From, err = instant(place, at)
	e.To = e.From
	return err
}

func (c *cloudEvent) interval(e *metering.Event) (err error) {
	e.Measures = c.Data.Rates
	if c.Data.At != "" {
		return refusal.New(refusal.BadInterval, "rates stand beside at").At("data.at").Do("send rates with from and to, or quantities with at")
	}
	if e.From, err = instant("data.from", c.Data.From); err != nil {
		return err
	}
	if e.To, err = instant("data.to", c.Data.To); err != nil {
		return err
	}
	if e.To.Sub(e.From) > maxHours*calendar.HourLength {
		return refusal.New(refusal.BadInterval, "the interval from %s to %s is longer than %d hours", e.From, e.To, int64(maxHours)).
			At("data.to").Do("report it in parts, each under its own id")
	}
	return nil
}

func instant(place, s string) (calendar.Instant, error) {
	if len(s) > metering.MaxName {
		s = s[:metering.MaxName]
	}
	t, err := calendar.ParseInstant(s)
	if err != nil {
		return 0, refusal.New(refusal.BadInterval, "%s is %s, not an instant", place, shown(s)).At(place).
			Do("write it as 2026-01-01T00:00:00+08:00")
	}
	return t, nil
}

// checkMeters refuses what would make a refusal's own text too long; whether
// the product has the meters is for the use case.
func checkMeters(m measures) error {
	if len(m) > maxMeter {
		return refusal.New(refusal.BadQuantity, "the event has %d meters", len(m)).At("data").Do("send at most %d", maxMeter)
	}
	for _, measure := range m {
		if !metering.IsName(measure.Meter) {
			return refusal.New(refusal.UnknownMeter, "a meter is called %s", shown(measure.Meter)).At("data").Do("use a meter that the product's page declares")
		}
	}
	return nil
}
