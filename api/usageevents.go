package api

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"termwise.dev/app"
	"termwise.dev/core/refusal"
)

// maxEvents bounds a batch: its answer waits for one transaction.
const maxEvents = 10_000

// The media types of events.
const (
	jsonType  = "application/json"
	eventType = "application/cloudevents+json"
	batchType = "application/cloudevents-batch+json"
)

// eventsAnswer says what became of each event, in the order in which they came.
type eventsAnswer struct {
	Accepted  int             `json:"accepted"`
	Duplicate int             `json:"duplicate" doc:"Accepted before; nothing has changed now."`
	Refused   int             `json:"refused"`
	Receipts  []receiptAnswer `json:"receipts"`
}

type receiptAnswer struct {
	app.Receipt
	Explanation string `json:"explanation,omitempty" doc:"Where a refusal is explained."`
}

// usageEvents registers the reporting of usage. The body does not go through
// huma, which would read it three times: this is the busiest path there is.
func (s *Server) usageEvents() {
	op := &huma.Operation{
		OperationID: "reportUsage", Method: http.MethodPost, Path: "/v1/usage-events", Tags: []string{"Usage"},
		Summary: "Report usage",
		Description: "Takes one event or a batch of at most 10,000, as CloudEvents 1.0, plain or with Content-Encoding gzip. " +
			"Each event is accepted, found to be a duplicate, or refused by itself; what is answered as accepted is durable. " +
			"An event is idempotent by its account, source and id, so a repetition needs no Idempotency-Key: with the same body it is a duplicate, " +
			"with another one it is refused with event_id_reused.",
		Security:    allow(app.Operator, app.ProductTeam),
		RequestBody: s.eventsBody(),
		Responses: map[string]*huma.Response{
			"200": {Description: "What became of each event", Content: map[string]*huma.MediaType{
				jsonType: {Schema: s.schemaOf(reflect.TypeFor[eventsAnswer]())},
			}},
			"4XX": s.problemResponse(), "5XX": s.problemResponse(),
		},
	}
	s.huma.OpenAPI().AddOperation(op)
	s.huma.Adapter().Handle(op, s.huma.Middlewares().Handler(s.reportUsage))
}

func (s *Server) eventsBody() *huma.RequestBody {
	one := s.schemaOf(reflect.TypeFor[cloudEvent]())
	most := maxEvents
	batch := &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeArray, Items: one, MaxItems: &most}}
	return &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
		eventType: {Schema: one}, batchType: batch, jsonType: batch,
	}}
}

func (s *Server) reportUsage(ctx huma.Context) {
	events, p := s.eventsOf(ctx)
	if p != nil {
		writeJSON(ctx, p.Status, problemType, p)
		return
	}
	caller := callerOf(ctx.Context())
	if caller.Role == app.ProductTeam {
		refuseForeign(events, caller.Scope)
	}
	receipts, err := s.app.ReportUsage(ctx.Context(), events, caller.Actor())
	if err != nil {
		s.refuse(ctx, err)
		return
	}
	s.metrics.observeReceipts(receipts)
	writeJSON(ctx, http.StatusOK, jsonType, receiptsAnswer(receipts))
}

// refuseForeign refuses events of products other than the key's own.
func refuseForeign(events []app.Reported, product string) {
	for i := range events {
		if e := &events[i]; e.Fault == nil && e.Product != product {
			e.Fault = refusal.New(refusal.Forbidden, "the key may report usage of %s, not of %q", product, e.Product).
				At("data.product").Do("use the key of that product")
		}
	}
}

func receiptsAnswer(receipts []app.Receipt) eventsAnswer {
	out := eventsAnswer{Receipts: make([]receiptAnswer, len(receipts))}
	for i, r := range receipts {
		out.Receipts[i] = receiptAnswer{Receipt: r, Explanation: explanationOf(r.Refusal)}
		switch r.Outcome {
		case app.Accepted:
			out.Accepted++
		case app.Duplicate:
			out.Duplicate++
		default:
			out.Refused++
		}
	}
	return out
}

// eventsOf reads the request's events, or gives the problem of one that cannot
// be read.
func (s *Server) eventsOf(ctx huma.Context) ([]app.Reported, *Problem) {
	media, _, err := mime.ParseMediaType(ctx.Header("Content-Type"))
	if err != nil || (media != eventType && media != batchType && media != jsonType) {
		return nil, newProblem(http.StatusUnsupportedMediaType, refusal.New(refusal.BadInput, "the body's type is %q", ctx.Header("Content-Type")).
			At("Content-Type").Do("send %s, %s or %s", eventType, batchType, jsonType))
	}
	body, p := s.body(ctx)
	if p != nil {
		return nil, p
	}
	list := media == batchType || (media == jsonType && bytes.HasPrefix(bytes.TrimSpace(body), []byte("[")))
	events, err := readEvents(body, list)
	if err != nil {
		p, _ = problemOf(err)
		p.Status, p.Title = http.StatusBadRequest, http.StatusText(http.StatusBadRequest)
		return nil, p
	}
	if len(events) > maxEvents {
		return nil, tooLarge("the batch holds %d events", len(events))
	}
	return events, nil
}

func tooLarge(format string, args ...any) *Problem {
	return newProblem(http.StatusRequestEntityTooLarge, refusal.New(refusal.BadInput, format, args...).At("body").
		Do("send it in smaller parts, of at most %d events", maxEvents))
}

// body reads the whole body, decompressed. The bound holds after decompression,
// so that a small body cannot fill the memory.
func (s *Server) body(ctx huma.Context) ([]byte, *Problem) {
	body := ctx.BodyReader()
	switch encoding := strings.ToLower(ctx.Header("Content-Encoding")); encoding {
	case "", "identity":
	case "gzip":
		unzipped, err := gzip.NewReader(body)
		if err != nil {
			return nil, unreadable(err)
		}
		body = unzipped
	default:
		return nil, newProblem(http.StatusUnsupportedMediaType, refusal.New(refusal.BadInput, "the body's encoding is %q", encoding).
			At("Content-Encoding").Do("send it with gzip, or plain"))
	}
	read, err := io.ReadAll(io.LimitReader(body, s.maxBody+1))
	var over *http.MaxBytesError
	if errors.As(err, &over) || int64(len(read)) > s.maxBody {
		return nil, tooLarge("the body is larger than %d bytes", s.maxBody)
	}
	if err != nil {
		return nil, unreadable(err)
	}
	return read, nil
}

func unreadable(err error) *Problem {
	if errors.Is(err, context.Canceled) {
		return failure()
	}
	return newProblem(http.StatusBadRequest, refusal.New(refusal.BadInput, "the body cannot be read: %v", err).At("body").
		Do("send it whole, and gzipped only with Content-Encoding: gzip"))
}
