package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"termwise.dev/app"
	"termwise.dev/core/refusal"
)

// problemType is the media type of RFC 9457.
const problemType = "application/problem+json"

// internal is the code of a problem that is not a refusal: Termwise failed.
const internal refusal.Code = "internal"

// notReady is the code of a problem that passes by itself: the process has just begun.
const notReady refusal.Code = "not_ready"

// Problem is why a request was not done (RFC 9457).
type Problem struct {
	Type   string       `json:"type" doc:"A URN that ends in the code." example:"urn:termwise:problem:not_found"`
	Title  string       `json:"title" doc:"The status in words."`
	Status int          `json:"status" doc:"The HTTP status."`
	Detail string       `json:"detail" doc:"What is wrong, with the value."`
	Code   refusal.Code `json:"code" doc:"The reason, from a closed set; clients switch on it."`
	Hint   string       `json:"hint,omitempty" doc:"What to do."`
	Place  string       `json:"place,omitempty" doc:"Where the fault is: a field, a parameter or a header."`
}

// Error makes a problem an error.
func (p *Problem) Error() string { return p.Detail }

// GetStatus gives the HTTP status.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType gives the media type of problems.
func (p *Problem) ContentType(string) string { return problemType }

// statuses is the one place where a reason becomes an HTTP status.
var statuses = map[refusal.Code]int{
	refusal.BadInput:          http.StatusUnprocessableEntity,
	refusal.Unauthenticated:   http.StatusUnauthorized,
	refusal.Forbidden:         http.StatusForbidden,
	refusal.NotFound:          http.StatusNotFound,
	refusal.AlreadyExists:     http.StatusConflict,
	refusal.KeyReused:         http.StatusUnprocessableEntity,
	refusal.UnknownAccount:    http.StatusNotFound,
	refusal.UnknownProduct:    http.StatusUnprocessableEntity,
	refusal.UnknownMeter:      http.StatusUnprocessableEntity,
	refusal.BadInterval:       http.StatusUnprocessableEntity,
	refusal.BadQuantity:       http.StatusUnprocessableEntity,
	refusal.BeforeAccount:     http.StatusUnprocessableEntity,
	refusal.EventReused:       http.StatusConflict,
	refusal.Suspended:         http.StatusConflict,
	refusal.Released:          http.StatusConflict,
	refusal.Ended:             http.StatusConflict,
	refusal.PayablesUnsettled: http.StatusConflict,
	refusal.MethodNotOffered:  http.StatusUnprocessableEntity,
	refusal.TermMissing:       http.StatusConflict,
	refusal.TermConflict:      http.StatusConflict,
	refusal.DocumentInvalid:   http.StatusUnprocessableEntity,
	refusal.NoticeTooShort:    http.StatusConflict,
	refusal.ChangeHidden:      http.StatusUnprocessableEntity,
	refusal.ChangeInEffect:    http.StatusConflict,
	refusal.NoWayOut:          http.StatusConflict,
	refusal.NotAccepted:       http.StatusConflict,
	refusal.ClockIsReal:       http.StatusConflict,
	refusal.ClockBackward:     http.StatusConflict,
	refusal.Overflow:          http.StatusUnprocessableEntity,
}

// problemOf makes the problem of a refusal. It reports false for any other
// error, whose text is not for the outside.
func problemOf(err error) (*Problem, bool) {
	if errors.Is(err, app.ErrLearning) {
		return newProblem(http.StatusServiceUnavailable, refusal.New(notReady, "the process still reads the index of usage").
			Do("ask again later, or another process")), true
	}
	var r *refusal.Error
	if !errors.As(err, &r) {
		return failure(), false
	}
	status, known := statuses[r.Code]
	if !known {
		status = http.StatusInternalServerError
	}
	return newProblem(status, r), true
}

func newProblem(status int, r *refusal.Error) *Problem {
	return &Problem{
		Type: "urn:termwise:problem:" + string(r.Code), Title: http.StatusText(status), Status: status,
		Detail: r.Message, Code: r.Code, Hint: r.Hint, Place: r.Place,
	}
}

func failure() *Problem {
	return newProblem(http.StatusInternalServerError, refusal.New(internal, "Termwise failed").
		Do("try again; if it fails again, tell the operator the time of the request"))
}

// problem gives a use case's error its answer, and logs what is not a refusal.
func (s *Server) problem(ctx context.Context, err error) *Problem {
	p, refused := problemOf(err)
	if !refused && !errors.Is(err, context.Canceled) {
		s.log.ErrorContext(ctx, "a request failed", slog.Any("error", err))
	}
	return p
}

// ourProblem turns the faults that huma finds in a request (parameters, bodies
// against their schemas) into problems like all others.
func ourProblem(_ huma.Context, _ string, v any) (any, error) {
	found, is := v.(*huma.ErrorModel)
	if !is {
		return v, nil
	}
	if found.Status >= http.StatusInternalServerError {
		return failure(), nil
	}
	r := refusal.New(refusal.BadInput, "%s", found.Detail).Do("see /openapi.json for what the operation takes")
	if len(found.Errors) > 0 {
		r = refusal.New(refusal.BadInput, "%s", messages(found.Errors)).At(found.Errors[0].Location).Do("%s", r.Hint)
	}
	return newProblem(found.Status, r), nil
}

// messages joins what is wrong with a request. The values are left out: a body
// may hold what must not come back in an answer or a log.
func messages(found []*huma.ErrorDetail) string {
	var all []string
	for _, f := range found {
		if f.Location == "" {
			all = append(all, f.Message)
			continue
		}
		all = append(all, f.Location+": "+f.Message)
	}
	return strings.Join(all, "; ")
}
